import { describe, expect, it } from 'vitest';
import { collectBody, describeNonJSON, parseJSON } from '../../src/probe/body.ts';
import { createByteBudget } from '../../src/probe/byte-budget.ts';
import { LIMITS } from '../../src/probe/limits.ts';

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

  it('takes the memory of its bytes, however small the pieces are that they came in', () => {
    const body = collectBody(1 << 20, 'refuse');
    const before = process.memoryUsage();
    for (let count = 0; count < 1 << 20; count += 1) body.write(Buffer.allocUnsafeSlow(1).fill(97));
    const after = process.memoryUsage();
    expect(body.text()).toHaveLength(1 << 20);
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(100 * 2 ** 20);
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
  it.each(
    [
      ['{"a":[1]}', 'json'],
      [nested(64), 'json'],
      [nested(65), 'depth'],
      [`{"a":${'{"a":'.repeat(64)}1${'}'.repeat(65)}`, 'depth'],
      [`"${'['.repeat(100)}"`, 'json'],
      [`"\\"${'['.repeat(100)}"`, 'json'],
      [`["\\\\"${nested(100)}]`, 'depth'],
      [`"${'['.repeat(100)}`, 'broken'],
      [`[${'[],'.repeat(200)}[]]`, 'json'],
      ['{', 'broken'],
      ['', 'broken'],
      [']'.repeat(100) + nested(65), 'broken'],
      [`[${'0,'.repeat(LIMITS.jsonMembers - 1)}0]`, 'json'],
      [`[${'0,'.repeat(LIMITS.jsonMembers)}0]`, 'values'],
      [`{"a":[0],${'"b":0,'.repeat(LIMITS.jsonMembers)}"c":[]}`, 'values'],
      [`[${`[${'0,'.repeat(9_999)}0],`.repeat(19)}[]]`, 'json'],
      [`[${`[${'0,'.repeat(9_999)}0],`.repeat(20)}[]]`, 'values'],
      // 20 lists of 9,999 numbers, their own list with its 19 commas: 200,000.
      [`[${`[${'0,'.repeat(9_998)}0],`.repeat(19)}[${'0,'.repeat(9_998)}0]]`, 'json'],
      [`[${`[${'0,'.repeat(9_998)}0],`.repeat(19)}[${'0,'.repeat(9_999)}0]]`, 'values'],
      [`["${','.repeat(LIMITS.jsonValues + 9)}"]`, 'json'],
    ].map(([text, kind]) => [text?.slice(0, 40), kind, text] as const),
  )('%s is %s', (_begin, kind, text = '') => {
    const parsed = parseJSON(text);
    expect(parsed.kind === 'tooLarge' ? parsed.limit : parsed.kind).toBe(kind);
  });

  const pay = (text: string, totalBytes: number) => parseJSON(text, createByteBudget(totalBytes));
  it.each([
    ['small objects', `[${'{},'.repeat(999)}{}]`, 3_000],
    ['small lists', `[${'[],'.repeat(999)}[]]`, 2_000],
    ['numbers', `[${'0,'.repeat(999)}0]`, 1_000],
    ['empty keys', `{${'"":0,'.repeat(99)}"":0}`, 101],
    ['keys that are numbers', `[${'{"34":0},'.repeat(99)}{"3" :0}]`, 800],
    ['keys that are numbers in disguise', `[${'{"\\u0033":0},'.repeat(99)}{"\\u0033"  \n:0}]`, 800],
    ['strings of digits, which are no keys', `[${'"34",'.repeat(99)}"34"]`, 100],
  ])('%s are paid for by their number, beyond the bytes that they came in', (_what, text, values) => {
    const unpaidBytes = values * LIMITS.jsonValueBytes - text.length;
    expect(pay(text, unpaidBytes).kind).toBe('json');
    expect(pay(text, unpaidBytes - 1)).toEqual({ kind: 'tooLarge', limit: 'probe' });
  });

  it('values that are as long as what they cost are paid for when their bytes arrive', () => {
    const text = `[${`"${'x'.repeat(LIMITS.jsonValueBytes)}",`.repeat(9_999)}""]`;
    expect(pay(text, 0).kind).toBe('json');
    expect(pay('"x"', 0).kind).toBe('json');
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
