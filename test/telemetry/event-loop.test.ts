import { expect, test } from 'vitest';
import type { Clock } from '../../src/platform/clock.ts';
import { SAMPLE_EVERY_MS, watchEventLoop } from '../../src/telemetry/event-loop.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

test('a loop that is not busy is never late', async () => {
  const clock = createFakeClock();
  const delays: number[] = [];
  const watch = watchEventLoop(clock, (delayMs) => delays.push(delayMs));
  await clock.advance(1000);
  expect(delays).toHaveLength(1000 / SAMPLE_EVERY_MS);
  expect(Math.max(...delays)).toBe(0);
  watch.stop();
  expect(clock.armed()).toBe(0);
});

test('what keeps the loop busy shows as delay, and a timer that fires early as none', () => {
  let nowMs = 0;
  let fire = () => {};
  const clock: Clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimer(_delayMs, callback) {
      fire = callback;
      return { cancel() {} };
    },
  };
  const delays: number[] = [];
  watchEventLoop(clock, (delayMs) => delays.push(delayMs));
  for (const atMs of [120, 139.5, 160]) {
    nowMs = atMs;
    fire();
  }
  expect(delays).toEqual([100, 0, 0.5]);
});
