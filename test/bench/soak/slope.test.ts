import { expect, test } from 'vitest';
import { growthOf } from './slope.ts';

const line = (values: readonly number[]) => values.map((value, index) => ({ atSeconds: 10 * index, value }));

test('a steady rise has its slope, and rises by it over the whole time', () => {
  const { perMinute, rise, first, last } = growthOf(line([100, 101, 102, 103, 104, 105, 106]));
  expect([perMinute, rise, first, last]).toEqual([6, 6, 100, 106]);
});

test('an outlier, even the last sample, does not make a rise', () => {
  expect(growthOf(line([5, 5, 90, 5, 5, 5, 5, 5, 5, 90])).rise).toBe(0);
});

test('saw teeth are flat, a leak below saw teeth is not', () => {
  const teeth = Array.from({ length: 60 }, (_, index) => 50 + (index % 5) * 4);
  expect(Math.abs(growthOf(line(teeth)).rise)).toBeLessThan(1);
  expect(growthOf(line(teeth.map((value, index) => value + index))).rise).toBeGreaterThan(50);
});

test('a day of samples is judged in a moment', () => {
  const samples = Array.from({ length: 8_640 }, (_, index) => ({ atSeconds: 10 * index, value: index }));
  expect(growthOf(samples).perMinute).toBeCloseTo(6, 9);
});

test('one sample is no line', () => {
  expect(growthOf(line([1])).rise).toBeNaN();
});
