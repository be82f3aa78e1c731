/**
 * How often an event may be told (page 5.7): pure state, no IO. The same event about the same object within 10 minutes is one series, one
 * object in the API server whose count grows; and one MCPServer is told about at most 25 times in a burst, then once in 5 minutes.
 *
 * A series is written at its first and second occurrence, so that a repetition shows at once, and then at most once in 5 minutes. What is
 * held back is counted and not lost. Memory is bounded, whatever happens to how many objects: the oldest is forgotten first.
 */
import type { EventNotice, WriteTarget } from '../reconcile/ports.ts';

/** An occurrence that comes later than this after the last one begins a new series. */
export const SERIES_WINDOW_MS = 600_000;
/** Writes about one object in a burst, as client-go's spam filter has it. */
export const BURST = 25;
/** One more write about the object in this time; also the pace at which a series shows its count. */
export const REFILL_MS = 300_000;
/** Entries of each of the two tables, as client-go: at some 0.5 KB a series and 0.1 KB an object that is 2.5 MB. */
export const MAX_ENTRIES = 4096;

/** One series. */
export interface Series {
  readonly key: string;
  readonly object: WriteTarget;
  readonly notice: EventNotice;
  /** Wall time of the first occurrence. */
  readonly firstWallMs: number;
  /** Name of the Event; another one after the API server has forgotten the first. */
  name: string;
  count: number;
  lastWallMs: number;
  /** The probe of the last occurrence. */
  probeID: string | undefined;
  /** Monotonic time of the last occurrence. */
  lastMs: number;
  /** What the API server shows; 0: no Event is there. */
  shown: number;
  /** Not written again before this (monotonic); a second occurrence is. */
  heldUntilMs: number;
}

export interface EventLedger {
  /** Counts an occurrence. */
  note(
    object: WriteTarget,
    notice: EventNotice,
  ): /** Write it now. */
    | { readonly kind: 'due'; readonly series: Series }
    /** It is part of a series that is shown already; `due` will name it. */
    | { readonly kind: 'counted' }
    /** Too much is told about this object. */
    | { readonly kind: 'limited' };
  /** The series whose count is to be shown by now. Forgets what is over; to be called about twice a minute. */
  due(): Series[];
  /** All series whose count is not shown, whatever the pace: for the end. */
  unshown(): Series[];
  /** A write of `series` arrived: `count` is shown. */
  shown(series: Series, count: number): void;
  /** `series` will not be written: the next occurrence begins another one. */
  forget(series: Series): void;
  /** Whether anything is held that `due` must look at. */
  isEmpty(): boolean;
}

export interface LedgerDeps {
  /** Monotonic and wall time, in ms. */
  readonly now: () => { readonly monotonicMs: number; readonly wallMs: number };
  /** A new name for an Event about `object`. */
  readonly nameOf: (object: WriteTarget) => string;
}

/** Has told nothing yet. */
export function createEventLedger({ now, nameOf }: LedgerDeps): EventLedger {
  /** Both in the order of their last use, so that the first entry is the one to forget. */
  const serieses = new Map<string, Series>();
  const budgets = new Map<string, Budget>();

  const takeToken = (uid: string, nowMs: number): boolean => {
    const budget = refilled(budgets.get(uid), nowMs);
    touch(budgets, uid, budget);
    if (budget.tokens < 1) return false;
    budget.tokens -= 1;
    return true;
  };

  return {
    note(object, notice) {
      const { monotonicMs, wallMs } = now();
      const key = `${object.uid}\n${notice.type}\n${notice.reason}\n${notice.action}\n${notice.note}`;
      const known = serieses.get(key);
      if (known !== undefined && monotonicMs - known.lastMs <= SERIES_WINDOW_MS) {
        known.count += 1;
        known.lastMs = monotonicMs;
        known.lastWallMs = wallMs;
        known.probeID = notice.probeID;
        touch(serieses, key, known);
        const isSecond = known.shown === 1 && known.count === 2;
        if (!isSecond || !takeToken(object.uid, monotonicMs)) return { kind: 'counted' };
        known.heldUntilMs = monotonicMs + REFILL_MS;
        return { kind: 'due', series: known };
      }
      if (!takeToken(object.uid, monotonicMs)) return { kind: 'limited' };
      const series: Series = {
        key,
        object,
        notice,
        firstWallMs: wallMs,
        name: nameOf(object),
        count: 1,
        lastWallMs: wallMs,
        probeID: notice.probeID,
        lastMs: monotonicMs,
        shown: 0,
        heldUntilMs: monotonicMs + REFILL_MS,
      };
      touch(serieses, key, series);
      return { kind: 'due', series };
    },

    due() {
      const { monotonicMs } = now();
      for (const [key, series] of serieses) if (monotonicMs - series.lastMs > SERIES_WINDOW_MS) serieses.delete(key);
      for (const [uid, budget] of budgets) if (refilled(budget, monotonicMs).tokens >= BURST) budgets.delete(uid);
      const due = [...serieses.values()].filter(
        (series) => isUnshown(series) && series.heldUntilMs <= monotonicMs && takeToken(series.object.uid, monotonicMs),
      );
      for (const series of due) series.heldUntilMs = monotonicMs + REFILL_MS;
      return due;
    },

    unshown: () => [...serieses.values()].filter(isUnshown),

    shown(series, count) {
      series.shown = count;
      series.heldUntilMs = now().monotonicMs + REFILL_MS;
    },

    forget(series) {
      if (serieses.get(series.key) === series) serieses.delete(series.key);
    },

    isEmpty: () => serieses.size === 0 && budgets.size === 0,
  };
}

/** A bucket of {@link BURST} tokens. */
interface Budget {
  tokens: number;
  atMs: number;
}

function refilled(budget: Budget | undefined, nowMs: number): Budget {
  if (budget === undefined) return { tokens: BURST, atMs: nowMs };
  return { tokens: Math.min(BURST, budget.tokens + (nowMs - budget.atMs) / REFILL_MS), atMs: nowMs };
}

/** What was never written waits in the queue of who writes, or was dropped there: it is not looked for again. */
function isUnshown({ shown, count }: Series): boolean {
  return shown > 0 && count > shown;
}

/** Puts an entry at the end, and forgets the first one when there are too many. */
function touch<T>(table: Map<string, T>, key: string, value: T): void {
  table.delete(key);
  table.set(key, value);
  if (table.size <= MAX_ENTRIES) return;
  for (const first of table.keys()) {
    table.delete(first);
    return;
  }
}
