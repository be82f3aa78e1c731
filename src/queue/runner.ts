/**
 * Runs the work of a queue: everything that can start now starts, and one timer waits for the first key that is not due.
 *
 * It promises that a key is never lost: a run that throws is a bug, is told to `onError`, and is booked again with backoff
 * (5 ms doubled up to 1,000 s, client-go's default; a run that ends well resets it). It also promises to leave the event loop
 * room: 10,000 keys that are due at once are handed out in batches, with a turn of the loop between two of them.
 * It never limits how many run at once: lanes do. After `stop` it holds no timer and no listener.
 */
import type { Clock, Timer } from '../platform/clock.ts';
import { crashDelayMs } from './backoff.ts';
import type { Booking } from './booking.ts';
import type { Ticket, WorkQueue } from './work-queue.ts';

/**
 * Hand-outs between two turns of the event loop, however they were woken. A run that only plans costs some 50 µs before its first
 * wait, so this is 5 ms; the turn itself costs a timer of 1 ms, so 10,000 keys lose 0.1 s by it, shared with all other work.
 */
const BATCH = 100;

/** Runs whose first step is dear end the batch earlier. */
const BATCH_MS = 5;

export interface RunnerDeps {
  readonly queue: WorkQueue;
  readonly clock: Clock;
  /** Does the work and says when to run the key again; undefined = not before the next add. The ticket is ended by the runner. */
  readonly run: (ticket: Ticket) => Promise<Booking | undefined>;
  /** Told after the key was booked again. Must not throw. */
  readonly onError: (key: string, error: unknown) => void;
}

export interface Runner {
  /** Starts nothing more, forgets what waits, and resolves when the runs in flight are done. Idempotent. */
  stop(): Promise<void>;
}

/** Starts at once. */
export function createRunner(deps: RunnerDeps): Runner {
  const { queue, clock } = deps;
  let armed: { readonly atMs: number; readonly timer: Timer } | undefined;
  let awake = false;
  let pausing = false;
  let stopped = false;
  /** Since the last timer fired, the one moment at which the loop is known to have turned. */
  let handedOut = 0;

  function wake(): void {
    if (awake) return;
    awake = true;
    queueMicrotask(handOut);
  }

  function handOut(): void {
    awake = false;
    if (pausing || stopped) return;
    const startMs = clock.monotonicMs();
    for (;;) {
      if (handedOut >= BATCH || clock.monotonicMs() - startMs >= BATCH_MS) {
        pausing = true;
        arm(startMs);
        return;
      }
      const ticket = queue.next();
      if (ticket === undefined) break;
      handedOut += 1;
      void execute(ticket);
    }
    arm(queue.nextDueMs());
  }

  function arm(atMs: number | undefined): void {
    if (armed?.atMs === atMs) return;
    armed?.timer.cancel();
    armed = atMs === undefined ? undefined : { atMs, timer: clock.setTimer(atMs - clock.monotonicMs(), onTimer) };
  }

  function onTimer(): void {
    armed = undefined;
    pausing = false;
    handedOut = 0;
    handOut();
  }

  async function execute(ticket: Ticket): Promise<void> {
    try {
      const booking = await deps.run(ticket);
      if (booking !== undefined) queue.replace(ticket.key, booking);
      ticket.done();
    } catch (error) {
      const dueMs = clock.monotonicMs() + crashDelayMs(ticket.failures + 1);
      // Without lanes: the next run asks again what is to be done.
      queue.replace(ticket.key, { rank: ticket.booking.rank, dueMs });
      ticket.done('failed');
      deps.onError(ticket.key, error);
    }
  }

  const stopListening = queue.onWork(wake);
  wake();

  return {
    stop() {
      stopped = true;
      stopListening();
      arm(undefined);
      queue.shutDown();
      return queue.drained();
    },
  };
}
