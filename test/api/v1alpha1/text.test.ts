import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyText, digestText, HTTP_URL_PATTERN, objectName, PLAIN_URL_PATTERN } from '../../../src/api/v1alpha1/text.ts';

it('counts code points, as the API server does', () => {
  expect(anyText(3).safeParse('😀😀😀').success).toBe(true);
  expect(anyText(3).safeParse('😀😀😀😀').success).toBe(false);
  expect(anyText(3).safeParse('').success).toBe(false);
  expect(anyText(3, 0).safeParse('').success).toBe(true);
});

it('what the URL pattern takes, the URL reader takes too, with the same host and without user info and fragment', () => {
  const pattern = new RegExp(HTTP_URL_PATTERN);
  const part = fc.constantFrom(
    'a',
    'b-c',
    '1',
    '127',
    '0x7f',
    '256',
    '[::1]',
    '[1::2]',
    '.',
    ':',
    '8080',
    '/',
    '?',
    '@',
    '%20',
    'mcp',
    '_',
    '\\',
  );
  fc.assert(
    fc.property(fc.constantFrom('http://', 'https://'), fc.array(part, { maxLength: 8 }), (scheme, parts) => {
      const text = scheme + parts.join('');
      if (!pattern.test(text)) return;
      const url = new URL(text);
      expect(url.username + url.password + url.hash).toBe('');
      expect(text.slice(scheme.length).toLowerCase().startsWith(url.hostname) || url.hostname.startsWith('[')).toBe(true);
    }),
    { numRuns: 5000, seed: 1 },
  );
});

it('an issuer has no query', () => {
  expect(new RegExp(PLAIN_URL_PATTERN).test('https://a.example.com/realms/a')).toBe(true);
  expect(new RegExp(PLAIN_URL_PATTERN).test('https://a.example.com/?a')).toBe(false);
});

it('a hostile text of full length is judged within 200 ms', () => {
  const hostile = [
    `http://${'a.'.repeat(1020)}`,
    `http://${'0'.repeat(2040)}`,
    `http://a/${'%2'.repeat(1019)}`,
    `http://[${'1:'.repeat(1010)}`,
  ];
  const start = performance.now();
  for (const text of hostile) new RegExp(HTTP_URL_PATTERN).test(text);
  objectName().safeParse(`${'a-'.repeat(126)}-`);
  expect(performance.now() - start).toBeLessThan(200);
});

it('a digest is sha256: and 64 lower-case hex digits', () => {
  expect(digestText().safeParse(`sha256:${'0a'.repeat(32)}`).success).toBe(true);
  for (const text of ['', 'sha256:', `sha256:${'0A'.repeat(32)}`, `sha512:${'0a'.repeat(32)}`, `sha256:${'0a'.repeat(31)}`]) {
    expect(digestText().safeParse(text).success).toBe(false);
  }
});
