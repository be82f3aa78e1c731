import { describe, expect, test } from 'vitest';
import { alignColumns, formatValue, holds, renderReport } from './report.ts';

describe('a bound', () => {
  const bound = { name: 'a', limit: 5, unit: 'count' } as const;

  test('holds up to its limit', () => {
    expect(holds({ ...bound, value: 5 })).toBe(true);
    expect(holds({ ...bound, value: 5.01 })).toBe(false);
  });

  test('is missed when it could not be measured', () => {
    expect(holds({ ...bound, value: Number.NaN })).toBe(false);
  });
});

test.each([
  [1.314, 'times', '1.31 ×'],
  [2.9, 'seconds', '2.90 s'],
  [3.6, 'milliseconds', '3.60 ms'],
  [120.4, 'milliseconds', '120 ms'],
  [23.46, 'KiB', '23.5 KiB'],
  [235.2, 'MiB', '235 MiB'],
  [1234.567, 'count', '1,234.57'],
  [1, 'count', '1'],
  [0.417, 'cores', '0.42'],
  [5, 'percent', '5.0 %'],
  [Number.NaN, 'seconds', '–'],
] as const)('%d %s is written %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});

test('the first column stands left, the others right, and short rows end where they end', () => {
  expect(alignColumns([['a', '1'], ['bcd', '234', 'x'], ['title']])).toEqual(['a         1', 'bcd     234   x', 'title']);
});

test('a report shows its bounds, then its sections with a spread where there were several runs, then its notes', () => {
  const lines = renderReport({
    bounds: [
      { name: 'cold start / floor', value: 1.3, limit: 2, unit: 'times' },
      { name: 'GETs', value: 1, limit: 0, unit: 'count' },
    ],
    sections: [
      { title: 'times', rows: [{ name: 'last', values: [3, 1, 2], unit: 'seconds' }] },
      { title: 'once', rows: [{ name: 'memory', values: [7], unit: 'MiB' }] },
    ],
    notes: ['a note'],
    data: {},
  });
  expect(lines).toEqual([
    '✓ cold start / floor   1.30 ×   at most 2.00 ×',
    '✗ GETs                      1        at most 0',
    '',
    'times    median    least     most',
    '  last   2.00 s   1.00 s   3.00 s',
    '',
    'once',
    '  memory   7 MiB',
    '',
    'a note',
  ]);
});
