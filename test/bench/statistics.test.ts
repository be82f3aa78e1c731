import { expect, test } from 'vitest';
import { quantile, spreadOf } from './statistics.ts';

test('the median of an odd number is the middle one, of an even number lies between two', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
  expect(spreadOf([4, 1, 2, 3]).median).toBe(2.5);
});

test('values are compared as numbers', () => {
  expect(spreadOf([10, 9]).least).toBe(9);
});

test('a quantile lies between two values in proportion', () => {
  expect(quantile([0, 10], 0.25)).toBe(2.5);
  expect(quantile([0, 10, 20], 1)).toBe(20);
});

test('of nothing nothing is known', () => {
  expect(spreadOf([])).toEqual({ median: Number.NaN, least: Number.NaN, most: Number.NaN });
});
