/**
 * What may end a probe from outside: the caller's signal and the deadline of the whole probe. A probe does one thing at a time, and with
 * HTTP+SSE two: one listener and one timer serve all of its requests. Promises that `close` leaves neither behind. It never throws.
 */
import { type Clock, createDeadline, sleep } from '../platform/clock.ts';

/** `aborted`: the caller wants no verdict. `deadline`: `deadlineSeconds` is over. */
export type Stop = 'aborted' | 'deadline';

export type Raced<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'stopped'; readonly why: Stop };

export interface Lifeline {
  /** For those who need a signal; prefer {@link Lifeline.hold}. */
  readonly signal: AbortSignal;
  stopped(): Stop | undefined;
  /** Registers something that is under way. Call the returned function when it ended. */
  hold(cancel: (why: Stop) => void): () => void;
  /** Waits `delayMs`; answers early with the cause when stopped. */
  wait(delayMs: number): Promise<Stop | undefined>;
  /** Waits for `work`, which is left alone when stopped first. */
  race<T>(work: Promise<T>): Promise<Raced<T>>;
  close(): void;
}

/** A lifeline of `deadlineMs`, ended earlier by `parent`. */
export function createLifeline(clock: Clock, deadlineMs: number, parent?: AbortSignal): Lifeline {
  const deadline = createDeadline(clock, deadlineMs, parent);
  // At most three: a stream, a request beside it, and a wait.
  const holders = new Set<(why: Stop) => void>();
  const stopped = (): Stop | undefined => {
    if (!deadline.signal.aborted) return undefined;
    return deadline.expired() ? 'deadline' : 'aborted';
  };
  const onStop = () => {
    for (const cancel of [...holders]) cancel(stopped() ?? 'aborted');
  };
  deadline.signal.addEventListener('abort', onStop, { once: true });

  const hold = (cancel: (why: Stop) => void) => {
    holders.add(cancel);
    return () => {
      holders.delete(cancel);
    };
  };
  return {
    signal: deadline.signal,
    stopped,
    hold,
    async wait(delayMs) {
      // The only way for `sleep` to reject is the signal.
      await sleep(clock, delayMs, deadline.signal).catch(() => undefined);
      return stopped();
    },
    race<T>(work: Promise<T>) {
      return new Promise<Raced<T>>((resolve, reject) => {
        const why = stopped();
        if (why !== undefined) {
          work.catch(() => undefined);
          resolve({ kind: 'stopped', why });
          return;
        }
        const release = hold((cause) => resolve({ kind: 'stopped', why: cause }));
        work.then((value) => resolve({ kind: 'done', value }), reject).finally(release);
      });
    },
    close() {
      deadline.signal.removeEventListener('abort', onStop);
      deadline.clear();
    },
  };
}
