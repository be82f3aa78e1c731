import { describe, expect, test } from 'vitest';
import { choice, duration, integer, list, parseDurationMs, text, toggle } from '../../src/platform/flag-kinds.ts';

describe('durations', () => {
  test.each([
    ['1h', 3_600_000],
    ['30m', 1_800_000],
    ['10s', 10_000],
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['1h0m1s', 3_601_000],
  ])('%s is %i ms', (written, ms) => {
    expect(parseDurationMs(written)).toBe(ms);
  });

  test.each(['', '1', '1d', '-1h', '1.5h', '30m1h', '1h1h', ' 1h', 'h', '9999999h'])('%o is none', (written) => {
    expect(parseDurationMs(written)).toBeUndefined();
  });

  test('bounds are included', () => {
    const flag = duration({ fallback: '10s', min: '1s', max: '1m', help: '' });
    expect(flag.fallback).toBe(10_000);
    expect(flag.parse('1s')).toEqual({ ok: true, value: 1_000 });
    expect(flag.parse('60s')).toEqual({ ok: true, value: 60_000 });
    expect(flag.parse('999ms').ok).toBe(false);
    expect(flag.parse('61s').ok).toBe(false);
  });
});

test('numbers are whole, decimal and within bounds', () => {
  const flag = integer({ fallback: 1, min: 1, max: 5, help: '' });
  expect(['1', '5', '05'].map((value) => flag.parse(value).ok)).toEqual([true, true, true]);
  expect(['0', '6', '', ' 1', '1e0', '0x1', '1.0', '-1', '9'.repeat(400)].filter((value) => flag.parse(value).ok)).toEqual([]);
});

test('a switch is true or false and nothing else', () => {
  const flag = toggle({ fallback: false, help: '' });
  expect(flag.parse('true')).toEqual({ ok: true, value: true });
  expect(flag.parse('false')).toEqual({ ok: true, value: false });
  expect(['yes', '1', 'TRUE', ''].filter((value) => flag.parse(value).ok)).toEqual([]);
});

test('a list is cut at commas, bounded, without doubles, and each item is judged', () => {
  const flag = list({ placeholder: 'A', help: '', item: 'letters', isItem: (item) => /^[a-z]$/.test(item), maxItems: 3 });
  expect(flag.parse('a, b ,c')).toEqual({ ok: true, value: ['a', 'b', 'c'] });
  expect(flag.parse('')).toEqual({ ok: true, value: [] });
  expect(flag.parse('a,b,c,d')).toEqual({ ok: false, expected: 'at most 3 items' });
  expect(flag.parse('a,,b').ok).toBe(false);
  expect(flag.parse('a,a').ok).toBe(false);
});

test('a choice names its words, a text is bounded', () => {
  expect(choice({ fallback: 'json', choices: ['json', 'pretty'], help: '' }).parse('xml')).toEqual({
    ok: false,
    expected: 'one of json, pretty',
  });
  const flag = text({ placeholder: 'X', help: '' });
  expect(flag.parse('x'.repeat(4096)).ok).toBe(true);
  expect(flag.parse('x'.repeat(4097)).ok).toBe(false);
});
