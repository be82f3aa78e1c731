/**
 * For how long the operator's event loop keeps others waiting, by its own histogram, and the bound of issue 5. Pure.
 */
import { type Histogram, histogramQuantile, readHistogram, shareWithin, subtractHistogram } from './exposition.ts';
import type { Bound } from './report.ts';

export interface LoopDelay {
  readonly p99Ms: number;
  /** Of its samples, which are taken every 20 ms, how many were at most 20 ms late. */
  readonly shareWithin20Ms: number;
  readonly samples: number;
}

const METRIC = 'mcpserver_operator_event_loop_delay_seconds';
const BOUND_SECONDS = 0.02;
const MAX_P99_MS = 20;

/** From the text of `/metrics`; `before`: without what an earlier scrape had counted. NaN when it tells nothing. */
export function readLoopDelay(exposition: string, before = ''): LoopDelay {
  const histogram: Histogram = subtractHistogram(readHistogram(exposition, METRIC), readHistogram(before, METRIC));
  return {
    p99Ms: histogramQuantile(histogram, 0.99) * 1_000,
    shareWithin20Ms: shareWithin(histogram, BOUND_SECONDS),
    samples: histogram.at(-1)?.count ?? 0,
  };
}

/** 99 of 100 samples are at most 20 ms late: judged by the worst of several. */
export function boundLoopDelay(when: string, delays: readonly LoopDelay[]): Bound {
  const worst = Math.max(...delays.map(({ p99Ms }) => p99Ms));
  return { name: `event-loop delay p99 ${when}`, value: worst, limit: MAX_P99_MS, unit: 'milliseconds' };
}
