/**
 * Time, as an argument. This file is the only one that may touch the ambient clock and timers (test/tidy.test.ts enforces it),
 * because the fake clocks of test runners do not move `performance.now`, `AbortSignal.timeout` and timers together.
 *
 * Two scales, never mixed: *monotonic* for durations and due times, *wall* only for what users read in a status.
 */

/** A timer that has been armed. `cancel` is idempotent and safe after the timer fired. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall time in milliseconds since the Unix epoch. It may jump in either direction. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start. It never goes back and ignores changes of the wall clock. */
  monotonicMs(): number;
  /**
   * Calls `callback` once after `delayMs` (a negative or zero delay means as soon as possible, never synchronously).
   */
  setTimer(delayMs: number, callback: () => void): Timer;
}

/** setTimeout stores its delay in an int32; anything longer would fire at once. 2^31 − 1 ms is 24.8 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, callback) {
    const handle = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    return { cancel: () => clearTimeout(handle) };
  },
};

/**
 * Resolves after `delayMs`, or rejects with `signal.reason` as soon as `signal` aborts. Leaves neither timer nor listener behind.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** An AbortSignal that follows a parent and a delay. Call `clear` on every exit, or the timer and the listener stay. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** True when the delay, and not the parent, aborted the signal. */
  expired(): boolean;
  clear(): void;
}

/** The reason of a signal that a {@link Deadline} aborted by itself. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

/** Aborts after `delayMs`, or when `parent` aborts, whichever is first. */
export function createDeadline(clock: Clock, delayMs: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  let expired = false;
  const onParent = () => {
    timer.cancel();
    controller.abort(parent?.reason);
  };
  const timer = clock.setTimer(delayMs, () => {
    expired = true;
    parent?.removeEventListener('abort', onParent);
    controller.abort(new DeadlineExceeded('deadline exceeded'));
  });
  if (parent?.aborted) onParent();
  else parent?.addEventListener('abort', onParent, { once: true });
  return {
    signal: controller.signal,
    expired: () => expired,
    clear() {
      timer.cancel();
      parent?.removeEventListener('abort', onParent);
    },
  };
}

/** RFC 3339 in UTC with whole seconds, the form of `metav1.Time`. */
export function formatTime(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since the epoch of an RFC 3339 time, or undefined when it is not one. */
export function parseTime(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
