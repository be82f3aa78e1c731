/**
 * Runs the reconciler from begin to end: keys come out of the queue, bookings go back into it. It promises that the end is orderly:
 * no new work, probes in flight may finish within the grace, their statuses are flushed, and what is left after that is aborted without
 * a verdict. It decides nothing about an object.
 */
import type { Clock, Timer } from '../platform/clock.ts';
import { createRunner, type Runner } from '../queue/runner.ts';
import type { Ticket, WorkQueue } from '../queue/work-queue.ts';
import type { CredentialWatch } from './credential-watch.ts';
import { LANE, RANK } from './plan.ts';
import type { ReconcileObserver } from './ports.ts';
import type { Reconciler } from './reconciler.ts';

/** Probes in flight may end within this time. 20 s, 3 s for the flush and 1 s for the lease: a SIGTERM takes 25 s at most (issue 5). */
export const GRACE_MS = 20_000;
/** Writes of verdicts that came in time may end within this time after the grace. */
const FLUSH_MS = 3_000;
const SWEEP_MS = 1_000;
/** Work that is due and has room, and does not move for so long, never will. */
const DEADLOCK_MS = 120_000;

export interface LoopDeps {
  readonly clock: Clock;
  /** Of all objects there are. */
  readonly keys: () => Iterable<string>;
  readonly queue: WorkQueue;
  readonly reconciler: Reconciler;
  readonly credentials: Pick<CredentialWatch, 'stop'>;
  readonly observer: ReconcileObserver;
  /** Aborted when writes must end, too. */
  readonly ended: AbortController;
}

export interface Loop {
  /** Looks at every object that there is, and from then on at what is noticed. Call it once; after an end it does nothing. */
  begin(): void;
  /** The watch showed something new about `key`. Who does not work yet keeps nothing: {@link Loop.begin} looks at everything. */
  noticed(key: string): void;
  /** A Secret or ConfigMap that `key` refers to changed: an edit like any other (page 5.3). */
  credentialsChanged(key: string): void;
  /** Ends in order. Resolves when nothing of ours is in flight any more. */
  end(): Promise<void>;
  /** Ends at once, without verdicts and without writes: another process may lead already. */
  drop(): Promise<void>;
  /** False when only a restart helps: work is due, has room, and has not moved for two minutes. Never because a peer is away. */
  moves(): boolean;
}

/** Starts nothing: call `begin`. */
export function createLoop(deps: LoopDeps): Loop {
  const { clock, queue, reconciler, credentials, ended } = deps;
  const look = (key: string) => queue.add(key, { rank: RANK.edit, dueMs: clock.monotonicMs() });
  let runner: Runner | undefined;
  let sweeping: Timer | undefined;
  let isOver = false;
  let movedMs = clock.monotonicMs();

  const sweep = () => {
    for (const { key, booking } of reconciler.sweep()) queue.add(key, booking);
    sweeping = clock.setTimer(SWEEP_MS, sweep);
  };

  return {
    begin() {
      if (isOver) return;
      const run = async (ticket: Ticket) => {
        movedMs = clock.monotonicMs();
        return runOnce(deps, ticket);
      };
      runner = createRunner({ queue, clock, run, onError: (key, error) => deps.observer.crashed(key, error) });
      for (const key of deps.keys()) look(key);
      sweep();
    },
    noticed(key) {
      if (runner === undefined) return;
      reconciler.noticed(key);
      look(key);
    },
    credentialsChanged(key) {
      reconciler.credentialsChanged(key);
      look(key);
    },
    async end() {
      isOver = true;
      credentials.stop();
      sweeping?.cancel();
      const grace = clock.setTimer(GRACE_MS, () => reconciler.abortAll());
      const flush = clock.setTimer(GRACE_MS + FLUSH_MS, () => ended.abort());
      await runner?.stop();
      grace.cancel();
      flush.cancel();
      ended.abort();
    },
    async drop() {
      isOver = true;
      credentials.stop();
      sweeping?.cancel();
      ended.abort();
      const stopped = runner?.stop();
      reconciler.abortAll();
      await stopped;
    },
    moves() {
      const waits = queue.depth() > queue.waitingFor(LANE.retry) && queue.waitingFor(LANE.probe) === 0;
      if (!waits || queue.running() > 0) movedMs = clock.monotonicMs();
      return clock.monotonicMs() - movedMs < DEADLOCK_MS;
    },
  };
}

async function runOnce({ clock, queue, reconciler, observer }: LoopDeps, ticket: Ticket) {
  const startMs = clock.monotonicMs();
  const { next, wake } = await reconciler.run(ticket);
  for (const { key, booking } of wake) queue.add(key, booking);
  observer.reconciled(next === undefined ? 'success' : 'requeue_after', clock.monotonicMs() - startMs);
  return next;
}
