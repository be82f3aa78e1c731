import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Random } from '../../src/platform/random.ts';
import { crashDelayMs, jitter, ladderDelayMs } from '../../src/queue/backoff.ts';
import { fixedRandom } from '../platform/fake-clock.ts';

const LOWEST = fixedRandom(0);
const HIGHEST = fixedRandom(1 - Number.EPSILON);
const MIDDLE = fixedRandom(0.5);

describe('backoff', () => {
  test('B1: with 30 s and 1800 s, failures 1 to 8 wait 30, 60, 120, 240, 480, 960, 1800 and 1800 s, and the 100th 1800 s', () => {
    const ladder = (random: Random) =>
      [1, 2, 3, 4, 5, 6, 7, 8, 100].map((consecutive) =>
        ladderDelayMs({ consecutive, initialMs: 30_000, maxMs: 1_800_000 }, random),
      );
    const seconds = [30, 60, 120, 240, 480, 960, 1800, 1800, 1800];
    expect(ladder(LOWEST)).toEqual(seconds.map((each) => each * 1000));
    expect(ladder(MIDDLE).map(Math.round)).toEqual(seconds.map((each) => each * 1050));
    expect(ladder(HIGHEST).map(Math.round)).toEqual(seconds.map((each) => each * 1100));
  });

  test('B1: the ladder is never below its step, at most 10 % above it, and finite for any count of failures', () => {
    const count = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(1_000_000), fc.constant(Number.MAX_SAFE_INTEGER));
    fc.assert(
      fc.property(
        count,
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        fc.integer({ min: 0, max: 60_000 }),
        (n, chance, initialMs) => {
          const delayMs = ladderDelayMs({ consecutive: n, initialMs, maxMs: 1_800_000 }, fixedRandom(chance));
          const stepMs = initialMs === 0 ? 0 : Math.min(1_800_000, initialMs * 2 ** Math.min(n - 1, 100));
          expect(delayMs).toBeGreaterThanOrEqual(stepMs);
          expect(delayMs).toBeLessThanOrEqual(stepMs * 1.1 + 1e-6);
        },
      ),
    );
  });

  test('a key that keeps throwing waits 5 ms doubled each time, at most 1000 s', () => {
    expect([1, 2, 3, 18, 19, 1_000_000].map(crashDelayMs)).toEqual([5, 10, 20, 655_360, 1_000_000, 1_000_000]);
  });

  test('jitter spreads a period evenly to both sides', () => {
    expect(jitter(300_000, 0.1, LOWEST)).toBe(270_000);
    expect(jitter(300_000, 0.1, MIDDLE)).toBeCloseTo(300_000, 5);
    expect(jitter(300_000, 0.1, HIGHEST)).toBeCloseTo(330_000, 5);
  });

  test('a failure number 0 is a bug', () => {
    expect(() => ladderDelayMs({ consecutive: 0, initialMs: 1, maxMs: 2 }, LOWEST)).toThrow('counted from 1');
  });
});
