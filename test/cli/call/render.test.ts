import { expect, test } from 'vitest';
import { isToolError, renderJSON, renderText } from '../../../src/cli/call/render.ts';
import { createSanitizer } from '../../../src/probe/sanitize.ts';

const sanitize = createSanitizer(['CANARY-token-1234']);
const text = (result: Record<string, unknown>) => renderText({ result, sanitize });

test('texts come as they are, each part on lines of its own', () => {
  expect(
    text({
      content: [
        { type: 'text', text: 'a\n\tb' },
        { type: 'text', text: 'c\r\n' },
      ],
    }),
  ).toBe('a\n    b\nc\n');
  expect(text({ contents: [{ uri: 'docs://a', text: 'read' }] })).toBe('read\n');
});

test('no text of a server can steer the terminal', () => {
  const shown = text({ content: [{ type: 'text', text: 'a\u001b[2J\u009b2J\u202eb\rc\u0007' }] });
  expect(shown).toBe('a[2J2Jb c\n');
  const json = renderJSON({ a: 'x\u001b\u009b\u202e\u{e0041}\u2028', '\u007f': 1 }, sanitize);
  expect(json.replaceAll('\n', '')).toMatch(/^[ -~]*$/);
  expect(JSON.parse(json)).toEqual({ a: 'x\u001b\u009b\u202e\u{e0041}\u2028', '\u007f': 1 });
});

test('a credential that a server gives back is redacted in both forms', () => {
  const result = {
    content: [{ type: 'text', text: 'you sent CANARY-token-1234' }],
    deep: [{ 'CANARY-token-1234': 'CANARY-token-1234' }],
  };
  expect(text(result)).toBe('you sent [redacted]\n');
  expect(renderJSON(result, sanitize)).not.toContain('CANARY');
});

test('what is no text is named', () => {
  const picture = { type: 'image', mimeType: 'image/png', data: 'AAAA' };
  const link = { type: 'resource_link', uri: 'docs://a', name: 'a' };
  const inner = { type: 'resource', resource: { uri: 'docs://b', text: 'inside' } };
  expect(text({ content: [picture, link, inner, 7, null] })).toBe(
    '[image image/png, 4 characters of base64; -o json shows it]\n[resource_link docs://a; -o json shows it]\ninside\n',
  );
});

test('structured content is shown where there is no other', () => {
  expect(text({ content: [], structuredContent: { a: 1 } })).toBe('{\n  "a": 1\n}\n');
  expect(text({})).toBe('');
});

test('a tool says of itself that it failed', () => {
  expect([{ isError: true }, { isError: 'true' }, {}].map((result) => isToolError({ result, sanitize }))).toEqual([
    true,
    false,
    false,
  ]);
});
