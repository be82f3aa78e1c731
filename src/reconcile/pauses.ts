/**
 * When a key runs again that could not do what it was to do for a reason that is not its server's: pure. These clocks are ours and the API
 * server's; no server's backoff is touched by them.
 */
import type { Random } from '../platform/random.ts';
import type { Booking } from '../queue/booking.ts';
import type { Memory } from './memory.ts';
import { RANK } from './plan.ts';
import type { ProbeCause } from './ports.ts';
import type { Published } from './publisher.ts';

/** A watch that is silent for longer is closed and opened anew (kube/reflector.ts), so an object that is not shown by then is as it was. */
const WATCH_LAG_MS = 120_000;
/** Pause while it is not certain that this process leads; who has lost the lead ends. */
const FENCED_MS = 1000;

/** Pause before a probe whose Secrets could not be read is tried again: 1, 2, 4 … 60 s (50–100 %). */
const UNDECIDED_MS = { base: 1000, max: 60_000, doublings: 6 } as const;

/** The next run after a status was not written; undefined when it stands. */
export function bookingAfter(published: Published, cause: ProbeCause, nowMs: number): Booking | undefined {
  switch (published.kind) {
    case 'later':
    case 'refused':
      return { rank: RANK[cause], dueMs: nowMs + published.afterMs };
    case 'superseded':
      // The watch will show the newer object, perhaps after this: its event runs the key. When none comes, nothing was newer.
      return { rank: RANK[cause], dueMs: nowMs + WATCH_LAG_MS };
    case 'fenced':
      return { rank: RANK[cause], dueMs: nowMs + FENCED_MS };
    case 'done':
      return undefined;
  }
}

/** How long to wait after one more probe that could not be decided, and notes it. */
export function undecidedPauseMs(memory: Pick<Memory, 'apiFailures'>, random: Random): number {
  const { base, max, doublings } = UNDECIDED_MS;
  const pauseMs = Math.min(max, base * 2 ** Math.min(memory.apiFailures, doublings));
  memory.apiFailures += 1;
  return pauseMs * (0.5 + random.next() / 2);
}
