import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSanitizer, REDACTED, sanitizeText } from '../../src/probe/sanitize.ts';

const TOKEN = 'eyJhbGciOiJub25lIn0.c2VjcmV0LWNhbmFyeQ.sig-Nature_~+/=';
const plain = (text: string, maxChars = 512) => sanitizeText(text, maxChars, []);

describe('sanitizeText', () => {
  it('leaves ordinary text of any script as it is', () => {
    for (const text of ['get_weather', 'Ünïcode ž', '日本語ツール', 'العربية', 'naïve 🎉', '']) expect(plain(text)).toBe(text);
  });

  it('normalizes to NFC, also where an invisible character kept two halves apart', () => {
    expect(plain('e\u0301')).toBe('é');
    expect(plain('e\u200b\u0301')).toBe('é');
  });

  it('removes controls, bidi, zero-width, tags, fillers and separators', () => {
    const codes = [
      0x00, 0x07, 0x1b, 0x7f, 0x9f, 0xad, 0x34f, 0x61c, 0x115f, 0x200b, 0x200d, 0x200e, 0x202e, 0x2060, 0x2066, 0x3164,
    ];
    for (const code of [...codes, 0xfe0f, 0xfeff, 0xfff9, 0xe0041, 0xe0100]) {
      expect(plain(`a${String.fromCodePoint(code)}b`), code.toString(16)).toBe('ab');
    }
  });

  it('makes one line, whose words stay apart', () => {
    for (const gap of ['\n', '\r\n', '\t', '\v', '\f', '\x85', '\u2028', '\u2029']) expect(plain(`a${gap}b`)).toBe('a b');
  });

  it('a flood of combining marks costs linear time: 30 of them stay, as in the stream-safe text format', () => {
    const started = performance.now();
    for (const marks of ['\u0301\u0323'.repeat(500_000), `${'\u0301'.repeat(500_000)}${'\u0323'.repeat(500_000)}`]) {
      expect(plain(`a${marks}b`).length).toBeLessThanOrEqual(32);
    }
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('replaces lone surrogates', () => {
    expect(plain('a\ud800b\udc00')).toBe('a\ufffdb\ufffd');
  });

  it('cuts at the bound, never through a pair', () => {
    expect(plain('abcdef', 3)).toBe('abc');
    expect(plain('abc', 3)).toBe('abc');
    expect(plain('ab🎉', 3)).toBe('ab');
    expect(plain('ab🎉', 4)).toBe('ab🎉');
    expect(plain('abc', 0)).toBe('');
  });

  it('E5: redacts a credential wherever it stands, as often as it stands', () => {
    expect(sanitizeText(`x${TOKEN}y${TOKEN}`, 512, [TOKEN])).toBe(`x${REDACTED}y${REDACTED}`);
    expect(sanitizeText(TOKEN, 512, [`Bearer ${TOKEN}`])).toBe(REDACTED);
    expect(sanitizeText('nothing here', 512, [TOKEN, ''])).toBe('nothing here');
  });

  it('E5: redacts base64 of a longer text that holds it, at any of the three offsets', () => {
    const secret = 'canary-secret-0123456789';
    for (const prefix of ['', 'B', 'Be', 'Bearer ']) {
      for (const suffix of ['', '!', '!!', ' and more']) {
        for (const alphabet of ['base64', 'base64url'] as const) {
          const reflected = Buffer.from(prefix + secret + suffix).toString(alphabet);
          const shown = sanitizeText(reflected, 512, [secret]);
          // At each seam at most one group of base64 mixes bits of the secret with others: 6 characters of 32 tell nothing.
          expect(shown, reflected).toContain(REDACTED);
          expect(shown.replace(REDACTED, '').length, reflected).toBeLessThanOrEqual(reflected.length - 28);
        }
      }
    }
  });

  it('E5: redacts its base64, base64url, hex and percent-encoded forms', () => {
    const bytes = Buffer.from(TOKEN);
    for (const form of [
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      encodeURIComponent(TOKEN),
    ]) {
      expect(sanitizeText(`tool ${form}`, 512, [TOKEN])).toMatch(/^tool \[redacted\]=*$/);
    }
  });

  it('E5: an invisible character inside a reflected token hides nothing', () => {
    expect(sanitizeText(`${TOKEN.slice(0, 9)}\u200b${TOKEN.slice(9)}`, 512, [TOKEN])).toBe(REDACTED);
  });

  it('E5: a cut shows no part of a token', () => {
    for (const maxChars of [4, 20, 30]) {
      expect(sanitizeText(`abc${TOKEN}`, maxChars, [TOKEN])).toBe(`abc${REDACTED}`.slice(0, maxChars));
    }
  });

  it('takes the longer of two secrets whole when one contains the other', () => {
    for (const secrets of [
      ['secret-1', 'secret-12345'],
      ['secret-12345', 'secret-1'],
    ]) {
      expect(sanitizeText('secret-12345', 512, secrets)).toBe(REDACTED);
    }
  });

  it('a secret of one letter blows nothing up and does not eat the mark itself', () => {
    expect(sanitizeText('be', 512, ['e', 'd'])).toBe(`b${REDACTED}`);
    expect(sanitizeText('e'.repeat(1 << 20), 512, ['e', 'ee'])).toHaveLength(512);
  });

  it('holds for any text: well-formed, NFC, bounded, one visible line, no secret', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constant(TOKEN));
    const texts = fc.array(text, { maxLength: 6 }).map((parts) => parts.join(''));
    const sanitize = createSanitizer([TOKEN]);
    fc.assert(
      fc.property(texts, fc.nat(80), (given, maxChars) => {
        const shown = sanitize(given, maxChars);
        expect(shown.length).toBeLessThanOrEqual(maxChars);
        expect(shown.isWellFormed()).toBe(true);
        expect(shown.normalize('NFC')).toBe(shown);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u);
        expect(shown).not.toContain(TOKEN);
        expect(sanitize(shown, maxChars)).toBe(shown);
      }),
      { numRuns: 500 },
    );
  });
});
