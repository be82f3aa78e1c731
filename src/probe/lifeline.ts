/**
 * What may end a probe from outside: the caller's signal and the deadline of the whole probe. A probe does one thing at a time, and with
 * HTTP+SSE two: one listener and one timer serve all of its requests. Promises that `close` leaves neither behind. It never throws.
 */
import { type Clock, sleep } from '../platform/clock.ts';

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
  // For those who need a signal. Nobody here listens to it: listeners of signals are dear, and each probe has one of its own already.
  const controller = new AbortController();
  // At most three: a stream, a request beside it, and a wait.
  const holders = new Set<(why: Stop) => void>();
  let why: Stop | undefined;
  const stop = (cause: Stop) => {
    why ??= cause;
    clear();
    controller.abort();
    for (const cancel of [...holders]) cancel(why);
  };
  const onParent = () => stop('aborted');
  const timer = clock.setTimer(deadlineMs, () => stop('deadline'));
  const clear = () => {
    timer.cancel();
    parent?.removeEventListener('abort', onParent);
  };
  if (parent?.aborted) stop('aborted');
  else parent?.addEventListener('abort', onParent, { once: true });

  const hold = (cancel: (why: Stop) => void) => {
    holders.add(cancel);
    return () => {
      holders.delete(cancel);
    };
  };
  return {
    signal: controller.signal,
    stopped: () => why,
    hold,
    async wait(delayMs) {
      // The only way for `sleep` to reject is the signal.
      await sleep(clock, delayMs, controller.signal).catch(() => undefined);
      return why;
    },
    race<T>(work: Promise<T>) {
      return new Promise<Raced<T>>((resolve, reject) => {
        if (why !== undefined) {
          work.catch(() => undefined);
          resolve({ kind: 'stopped', why });
          return;
        }
        const release = hold((cause) => resolve({ kind: 'stopped', why: cause }));
        work.then((value) => resolve({ kind: 'done', value }), reject).finally(release);
      });
    },
    close: clear,
  };
}
