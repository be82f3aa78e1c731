/**
 * How long each stage of an attempt took. One stage runs at a time; entering one ends the one before.
 */
import type { Stage } from '../api/v1alpha1/status.ts';
import type { Clock } from '../platform/clock.ts';

export interface Stopwatch {
  enter(stage: Stage): void;
  stop(): void;
  /** Whole times so far in ms, by stage. */
  readMs(): Readonly<Partial<Record<Stage, number>>>;
}

/** A stopwatch that stands still until the first `enter`. */
export function createStopwatch(clock: Clock): Stopwatch {
  const totalsMs: Partial<Record<Stage, number>> = {};
  let current: Stage | undefined;
  let sinceMs = 0;
  const stop = () => {
    if (current === undefined) return;
    totalsMs[current] = (totalsMs[current] ?? 0) + clock.monotonicMs() - sinceMs;
    current = undefined;
  };
  return {
    enter(stage) {
      if (stage === current) return;
      stop();
      current = stage;
      sinceMs = clock.monotonicMs();
    },
    stop,
    readMs: () => totalsMs,
  };
}
