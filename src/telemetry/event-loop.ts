/**
 * How long the event loop keeps others waiting: a timer that is due every 20 ms tells how late it fires. What is recorded goes into a
 * histogram that only grows, so that a benchmark or a dashboard takes the difference of two scrapes, and two scrapers do not disturb
 * each other, as they would with `monitorEventLoopDelay`, whose percentiles are reset by whoever reads them.
 */
import type { Clock, Timer } from '../platform/clock.ts';

/** 50 wakes a second cost some 0.1 % of a core. */
export const SAMPLE_EVERY_MS = 20;

/** Samples until `stop` is called, which frees the timer. `record` gets milliseconds, 0 or more. */
export function watchEventLoop(clock: Clock, record: (delayMs: number) => void): { stop(): void } {
  let timer: Timer;
  const arm = () => {
    const dueMs = clock.monotonicMs() + SAMPLE_EVERY_MS;
    timer = clock.setTimer(SAMPLE_EVERY_MS, () => {
      // The runtime may fire a timer up to 1 ms early.
      record(Math.max(0, clock.monotonicMs() - dueMs));
      arm();
    });
  };
  arm();
  return { stop: () => timer.cancel() };
}
