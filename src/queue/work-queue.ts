/**
 * A work queue of keys with delay, priority and lanes, and client-go's contract:
 * - a key never runs twice at once; any number of adds during a run give exactly one more run; no add is lost;
 * - after `shutDown` nothing is handed out, and `drained` tells when the last run has ended.
 * A key waits until its due time and then, if its booking names lanes, until all of them have room; the run holds them from then
 * on. Waiting holds no lane. Among the keys that can run, rank, due time and arrival decide (ready-set.ts).
 *
 * Bound: one entry per key that waits or runs, nothing for any other. It never calls the work itself (runner.ts does), knows
 * nothing of what a key stands for, and starts no timer.
 */
import { assert } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import { type Booking, checkBooking, mergeBookings } from './booking.ts';
import { Heap } from './heap.ts';
import type { LaneHold, Lanes } from './lanes.ts';
import { type ReadyItem, ReadySet } from './ready-set.ts';

/** One run of a key, from `next` to `done`. */
export interface Ticket {
  readonly key: string;
  /** What the key was booked for. */
  readonly booking: Booking;
  /** The booking's lanes, held; empty when it named none. The run may exchange them; `done` gives back what is left. */
  readonly hold: LaneHold;
  /** Runs of this key that ended as failed, in a row, right before this one. */
  readonly failures: number;
  /** Ends the run: the key may run again. `failed` counts for the next ticket's `failures`, anything else resets it. Idempotent. */
  done(outcome?: 'failed'): void;
}

/** Told as it happens; must return at once and never throw. */
export interface QueueObserver {
  /** A key began to wait. Merging into a key that waits is not counted. */
  added?(): void;
  /** `waitedMs`: from when the key was both booked and due, until it was handed out; lanes that were full included. */
  handedOut?(event: { readonly waitedMs: number }): void;
  done?(event: { readonly tookMs: number }): void;
  /** A run ended as failed. */
  retried?(): void;
}

export interface WorkQueue {
  /** Something happened to `key`. Merges with what waits (booking.ts); during a run of the key it leads to one more run. */
  add(key: string, booking: Booking): void;
  /**
   * The plan for `key`, in place of whatever waits. During a run it takes effect with `done`; adds during that run merge over it,
   * so that one that is due makes the key due at once.
   */
  replace(key: string, booking: Booking): void;
  /** Drops what waits. During a run also the run's own `replace`, before or after; only adds after `forget` count. */
  forget(key: string): void;
  /** The next run that can start now, or undefined. Never waits. */
  next(): Ticket | undefined;
  /** When the first of the keys that are not due becomes due. */
  nextDueMs(): number | undefined;
  /** Calls `listener` whenever `next` might have something new. Returns how to stop listening. */
  onWork(listener: () => void): () => void;
  /** Keys that are due and not handed out. */
  depth(): number;
  /** Keys that wait, due or not. */
  waiting(): number;
  /** Due keys that wait for room in `lane` (see ReadySet.waitingFor). */
  waitingFor(lane: string): number;
  running(): number;
  /** Stops handing out and forgets everything that waits; later adds are ignored. Idempotent. */
  shutDown(): void;
  /** Resolves once the queue is shut down and the last run is done. */
  drained(): Promise<void>;
}

interface Entry extends ReadyItem {
  readonly key: string;
  state: 'delayed' | 'ready' | 'running';
  /** Since when the key is both booked and due. */
  dueSinceMs: number;
  failures: number;
  /** While running: the merged adds, the run's own plan, and whether the key was forgotten. */
  event: Booking | undefined;
  plan: Booking | undefined;
  forgotten: boolean;
}

/** An empty queue. It hears of room in its lanes until it is shut down. */
export function createWorkQueue(deps: { clock: Clock; lanes: Lanes; observer?: QueueObserver }): WorkQueue {
  return new Queue(deps.clock, deps.lanes, deps.observer ?? {});
}

class Queue implements WorkQueue {
  readonly #clock: Clock;
  readonly #observer: QueueObserver;
  readonly #entries = new Map<string, Entry>();
  readonly #delayed = new Heap<Entry>((a, b) => a.booking.dueMs < b.booking.dueMs);
  readonly #ready: ReadySet<Entry>;
  readonly #listeners = new Set<() => void>();
  readonly #drained = Promise.withResolvers<void>();
  readonly #stopListening: () => void;
  #arrivals = 0;
  #running = 0;
  #shutDown = false;

  constructor(clock: Clock, lanes: Lanes, observer: QueueObserver) {
    this.#clock = clock;
    this.#observer = observer;
    this.#ready = new ReadySet(lanes);
    this.#stopListening = lanes.onRoom((name) => {
      this.#ready.gotRoom(name);
      this.#tell();
    });
  }

  add(key: string, booking: Booking): void {
    checkBooking(booking);
    if (this.#shutDown) return;
    const nowMs = this.#clock.monotonicMs();
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#book(createEntry(key, booking), booking, nowMs);
    else if (entry.state === 'running') entry.event = entry.event ? mergeBookings(entry.event, booking, nowMs) : booking;
    else this.#rebook(entry, mergeBookings(entry.booking, booking, nowMs), nowMs);
  }

  replace(key: string, booking: Booking): void {
    checkBooking(booking);
    if (this.#shutDown) return;
    const nowMs = this.#clock.monotonicMs();
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#book(createEntry(key, booking), booking, nowMs);
    else if (entry.state === 'running') entry.plan = entry.forgotten ? undefined : booking;
    else this.#rebook(entry, booking, nowMs);
  }

  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    if (entry.state === 'running') {
      entry.event = undefined;
      entry.plan = undefined;
      entry.forgotten = true;
      return;
    }
    this.#unplace(entry);
    this.#entries.delete(key);
  }

  next(): Ticket | undefined {
    if (this.#shutDown) return undefined;
    const nowMs = this.#clock.monotonicMs();
    this.#wakeDue(nowMs);
    const taken = this.#ready.take();
    if (taken === undefined) return undefined;
    const { item: entry, hold } = taken;
    entry.state = 'running';
    this.#running += 1;
    this.#observer.handedOut?.({ waitedMs: Math.max(0, nowMs - entry.dueSinceMs) });
    let ended = false;
    return {
      key: entry.key,
      booking: entry.booking,
      hold,
      failures: entry.failures,
      done: (outcome) => {
        if (ended) return;
        ended = true;
        hold.release();
        this.#end(entry, nowMs, outcome);
      },
    };
  }

  nextDueMs(): number | undefined {
    return this.#delayed.peek()?.booking.dueMs;
  }

  onWork(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  depth(): number {
    this.#wakeDue(this.#clock.monotonicMs());
    return this.#ready.size;
  }

  waiting(): number {
    return this.#delayed.size + this.#ready.size;
  }

  waitingFor(lane: string): number {
    this.#wakeDue(this.#clock.monotonicMs());
    return this.#ready.waitingFor(lane);
  }

  running(): number {
    return this.#running;
  }

  shutDown(): void {
    if (this.#shutDown) return;
    this.#shutDown = true;
    this.#stopListening();
    for (const key of [...this.#entries.keys()]) this.forget(key);
    if (this.#running === 0) this.#drained.resolve();
  }

  drained(): Promise<void> {
    return this.#drained.promise;
  }

  #end(entry: Entry, startMs: number, outcome: 'failed' | undefined): void {
    const nowMs = this.#clock.monotonicMs();
    const { event, plan } = entry;
    this.#running -= 1;
    this.#observer.done?.({ tookMs: nowMs - startMs });
    if (outcome === 'failed') this.#observer.retried?.();
    const booking = event && plan ? mergeBookings(plan, event, nowMs) : (event ?? plan);
    if (booking === undefined) {
      this.#entries.delete(entry.key);
      if (this.#shutDown && this.#running === 0) this.#drained.resolve();
      this.#tell();
      return;
    }
    entry.failures = outcome === 'failed' && !entry.forgotten ? entry.failures + 1 : 0;
    entry.event = undefined;
    entry.plan = undefined;
    entry.forgotten = false;
    this.#book(entry, booking, nowMs);
  }

  /** Lets a key wait that did not. */
  #book(entry: Entry, booking: Booking, nowMs: number): void {
    this.#entries.set(entry.key, entry);
    entry.booking = booking;
    entry.order = this.#arrivals++;
    entry.dueSinceMs = Math.max(booking.dueMs, nowMs);
    this.#observer.added?.();
    this.#place(entry, nowMs);
  }

  /** Changes the booking of a key that waits; it keeps its place in the order of arrival. */
  #rebook(entry: Entry, booking: Booking, nowMs: number): void {
    if (booking === entry.booking) return;
    this.#unplace(entry);
    const dueSinceMs = Math.max(booking.dueMs, nowMs);
    // A key that was due before stays so in the statistics, however often it is booked anew.
    entry.dueSinceMs = booking.dueMs <= nowMs ? Math.min(entry.dueSinceMs, dueSinceMs) : dueSinceMs;
    entry.booking = booking;
    this.#place(entry, nowMs);
  }

  #place(entry: Entry, nowMs: number): void {
    if (entry.booking.dueMs <= nowMs) {
      entry.state = 'ready';
      this.#ready.put(entry);
    } else {
      entry.state = 'delayed';
      this.#delayed.push(entry);
    }
    this.#tell();
  }

  #unplace(entry: Entry): void {
    assert(entry.state !== 'running', 'a key that runs does not wait');
    if (entry.state === 'ready') this.#ready.remove(entry);
    else this.#delayed.remove(entry);
  }

  /** Each key moves once per booking: O(log n) amortised. */
  #wakeDue(nowMs: number): void {
    for (let first = this.#delayed.peek(); first !== undefined && first.booking.dueMs <= nowMs; first = this.#delayed.peek()) {
      this.#delayed.remove(first);
      first.state = 'ready';
      this.#ready.put(first);
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function createEntry(key: string, booking: Booking): Entry {
  return {
    key,
    booking,
    order: 0,
    heapIndex: -1,
    spot: undefined,
    state: 'delayed',
    dueSinceMs: 0,
    failures: 0,
    event: undefined,
    plan: undefined,
    forgotten: false,
  };
}
