import { describe, expect, it } from 'vitest';
import { collectBody, describeNonJSON, parseJSON } from '../../src/probe/body.ts';

describe('a collected body', () => {
  it('holds what arrived up to its bound, and refuses one byte more', () => {
    const body = collectBody(4, 'refuse');
    expect(body.write(Buffer.from('ab'))).toBe('more');
    expect(body.write(Buffer.from('cd'))).toBe('more');
    expect(body.text()).toBe('abcd');
    expect(body.write(Buffer.from('e'))).toMatchObject({ kind: 'limit', limit: 'body' });
  });

  it('is cut at its bound where that is enough', () => {
    const body = collectBody(4, 'cut');
    expect(body.write(Buffer.from('abc'))).toBe('more');
    expect(body.write(Buffer.from('defgh'))).toBe('enough');
    expect(body.text()).toBe('abcd');
  });

  it('loses its byte order mark, and joins what was split inside a character', () => {
    const bytes = Buffer.from('\ufeff"ä"');
    const body = collectBody(100, 'refuse');
    for (const byte of bytes) body.write(Buffer.of(byte));
    expect(body.text()).toBe('"ä"');
  });
});

describe('JSON', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  it.each([
    ['{"a":[1]}', 'json'],
    [nested(64), 'json'],
    [nested(65), 'tooDeep'],
    [`{"a":${'{"a":'.repeat(64)}1${'}'.repeat(65)}`, 'tooDeep'],
    [`"${'['.repeat(100)}"`, 'json'],
    [`"\\"${'['.repeat(100)}"`, 'json'],
    [`["\\\\"${nested(100)}]`, 'tooDeep'],
    [`"${'['.repeat(100)}`, 'broken'],
    [`[${'[],'.repeat(200)}[]]`, 'json'],
    ['{', 'broken'],
    ['', 'broken'],
    [']'.repeat(100) + nested(65), 'broken'],
  ])('%.40s is %s', (text, kind) => {
    expect(parseJSON(text).kind).toBe(kind);
  });

  it('a hostile text costs linear time', () => {
    const started = performance.now();
    for (const text of ['['.repeat(4e6), `"${'\\'.repeat(4e6)}`, '"'.repeat(4e6), `"${'\\"'.repeat(2e6)}`]) parseJSON(text);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

it.each([
  ['', 'empty'],
  [' \n', 'empty'],
  [' <html>', 'html'],
  ['<?xml', 'html'],
  ['hello', 'notJSON'],
  [' '.repeat(300), 'notJSON'],
])('%j is %s', (text, problem) => {
  expect(describeNonJSON(text)).toBe(problem);
});
