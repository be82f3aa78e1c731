import { expect, test } from 'vitest';
import { createSeededRandom } from './seeded-random.ts';

const first = (seed: number) => {
  const random = createSeededRandom(seed);
  return Array.from({ length: 20 }, () => random.next());
};

test('a seed gives the same numbers again, and another seed others', () => {
  expect(first(1)).toEqual(first(1));
  expect(first(1)).not.toEqual(first(2));
});

test('numbers stay in their range and reach all of it', () => {
  const random = createSeededRandom(7);
  const seen = new Set(Array.from({ length: 1_000 }, () => random.below(10)));
  expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const value of first(3)) expect(value >= 0 && value < 1).toBe(true);
});
