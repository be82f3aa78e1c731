/**
 * How long to wait before trying again: one pure function for each kind of waiting, all in milliseconds.
 *
 * They promise a finite delay for every count however large, and take chance as an argument.
 * They never sleep and remember nothing: who counts the failures decides when the count starts again.
 */
import { assert } from '../platform/assert.ts';
import { type Random, uniform } from '../platform/random.ts';

/** One millisecond doubled 52 times is 142,000 years: more doublings than this change nothing but may overflow. */
const MAX_DOUBLINGS = 52;

const LADDER_JITTER = 0.1;
const CRASH_BASE_MS = 5;
const CRASH_MAX_MS = 1_000_000;

/** The ladder of one failing server. */
export interface LadderStep {
  /** Failures in a row, at least 1. */
  readonly consecutive: number;
  /** Wait after the first failure, before jitter. */
  readonly initialMs: number;
  /** The longest wait, before jitter. */
  readonly maxMs: number;
}

/**
 * The retry ladder (page 5.4, B1): min(max, initial · 2^(n−1)) · (1 + U(0, 0.1)).
 * The jitter only adds, so that no retry is ever early; the longest wait is therefore `maxMs` + 10 %.
 */
export function ladderDelayMs(step: LadderStep, random: Random): number {
  return Math.min(step.maxMs, doubled(step.initialMs, step.consecutive - 1)) * uniform(random, 1, 1 + LADDER_JITTER);
}

/**
 * The pause after the `consecutive`-th run of a key that threw: 5 ms · 2^(n−1), at most 1,000 s, as client-go's default limiter.
 * Without jitter: it is about a bug of ours, not about a crowd.
 */
export function crashDelayMs(consecutive: number): number {
  return Math.min(CRASH_MAX_MS, doubled(CRASH_BASE_MS, consecutive - 1));
}

/** `periodMs` spread evenly over ± `fraction` (0.1 is ± 10 %), so that what started together drifts apart. */
export function jitter(periodMs: number, fraction: number, random: Random): number {
  return periodMs * uniform(random, 1 - fraction, 1 + fraction);
}

function doubled(baseMs: number, times: number): number {
  assert(times >= 0, 'failures are counted from 1');
  return baseMs * 2 ** Math.min(times, MAX_DOUBLINGS);
}
