import { expect, test } from 'vitest';
import { describeAge } from '../../../src/cli/doctor/age.ts';

test.each([
  [0, '0 s'],
  [-4_000, '4 s'],
  [119_000, '119 s'],
  [120_000, '2 min'],
  [3 * 3_600_000, '3 h'],
  [72 * 3_600_000, '3 d'],
  [Number.NaN, 'an unknown time'],
])('%d ms is %s', (ms, text) => {
  expect(describeAge(ms)).toBe(text);
});
