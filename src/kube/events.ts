/**
 * Writes Kubernetes events about MCPServers, beside the work and never in its way: `record` puts an event into a queue and returns, one
 * write at a time leaves it, and while statuses are being written events go slowly.
 *
 * It promises: nobody waits for an event and nothing fails with one; queue, tries, pace and memory are bounded; nothing is sent while
 * another process leads; an Event is created once, also when the answer to its creation was lost. What can not be told is counted.
 */
import { type Clock, sleep, type Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import { type Random, uniform } from '../platform/random.ts';
import type { EventNotice, EventRecorder, WriteTarget } from '../reconcile/ports.ts';
import type { KubeClient } from './client.ts';
import { eventName, judgeAnswer, type Reporter, requestOf } from './event-requests.ts';
import { createEventLedger, type EventLedger, type Series } from './event-series.ts';

/** What became of an event: told to a counter, each a value of a label. */
export type EventFate =
  | 'created'
  /** The count of its series was shown. */
  | 'updated'
  /** It is part of a series and its count is shown later. */
  | 'counted'
  /** Too many about one object. */
  | 'limited'
  | 'queueFull'
  /** It waited for too long to be news. */
  | 'expired'
  /** The API server does not take it: no right, or no such namespace any more. */
  | 'refused'
  /** The API server was away for all of its tries. */
  | 'unavailable'
  /** The program ended. */
  | 'ended';

export interface EventWriterDeps {
  readonly client: Pick<KubeClient, 'request'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Asked right before each write; false: nothing is sent. */
  readonly mayWrite: () => boolean;
  /** While true, events go slowly: statuses are more important to the same API server. */
  readonly isBusy: () => boolean;
  /** Hears what became of each event. */
  readonly observe: (fate: EventFate) => void;
}

export interface EventWriter extends EventRecorder {
  /** Events that wait to be sent. */
  queued(): number;
  /** Sends what is there for at most {@link FLUSH_MS}, and ends. Idempotent. */
  stop(): Promise<void>;
  /** Ends at once: another process may lead already. Idempotent. */
  drop(): Promise<void>;
}

/** Some 0.6 KB each, 6 MB at most: a cold start of 10,000 servers makes as many. */
const MAX_QUEUED = 10_000;
/** 50 events a second cost the API server some 7 % of a core; 10,000 are told in 200 s. */
const PACE_MS = 20;
/** While statuses are being written those come first: each event costs the API server about as much as one of them. */
const BUSY_PACE_MS = 1000;
const WRITE_TIMEOUT_MS = 5_000;
/** With waits of 1, 2, 4 … 30 s (50–100 %) an outage of a minute or two is bridged. */
const MAX_TRIES = 8;
const BACKOFF_MS = { base: 1_000, max: 30_000 } as const;
/** Pause while it is not certain that this process leads. */
const FENCED_MS = 1_000;
/** What waited longer is no news any more; also the length of a series. */
const MAX_AGE_MS = 600_000;
const SWEEP_MS = 30_000;
/** A shutdown waits no longer for events, at some 3 ms a write that is 150 of them: 25 s in all leave no more (loop.ts). */
export const FLUSH_MS = 500;

/** Sends nothing and holds no timer until something is recorded. */
export function createEventWriter(deps: EventWriterDeps, reporter: Reporter): EventWriter {
  return new Writer(deps, reporter);
}

class Writer implements EventWriter {
  readonly #deps: EventWriterDeps;
  readonly #reporter: Reporter;
  readonly #ledger: EventLedger;
  /** In the order of arrival; a series is inside once, whatever its count. */
  readonly #queue = new Set<Series>();
  /** Ends waits early, so that a shutdown does not keep the pace. */
  readonly #hurry = new AbortController();
  /** Ends what is in flight. */
  readonly #ended = new AbortController();
  #isRunning = false;
  #running: Promise<void> = Promise.resolve();
  #sweeping: Timer | undefined;
  #tries = 0;
  #hasComplained = false;

  constructor(deps: EventWriterDeps, reporter: Reporter) {
    const { clock } = deps;
    this.#deps = deps;
    this.#reporter = reporter;
    this.#ledger = createEventLedger({
      now: () => ({ monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() }),
      nameOf: (object) => this.#nameOf(object),
    });
  }

  record(object: WriteTarget, notice: EventNotice): void {
    if (this.#hurry.signal.aborted) {
      this.#deps.observe('ended');
      return;
    }
    const noted = this.#ledger.note(object, notice);
    if (noted.kind === 'due') this.#enqueue(noted.series);
    else this.#deps.observe(noted.kind);
    this.#sweepLater();
  }

  queued(): number {
    return this.#queue.size;
  }

  async stop(): Promise<void> {
    for (const series of this.#ledger.unshown()) this.#enqueue(series);
    const deadline = this.#deps.clock.setTimer(FLUSH_MS, () => this.#ended.abort());
    await this.#end();
    deadline.cancel();
  }

  async drop(): Promise<void> {
    this.#ended.abort();
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#sweeping?.cancel();
    this.#hurry.abort();
    await this.#running;
    for (const series of this.#queue) this.#abandon(series, 'ended');
  }

  #enqueue(series: Series): void {
    if (this.#queue.size >= MAX_QUEUED) {
      this.#abandon(series, 'queueFull');
      return;
    }
    this.#queue.add(series);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#running = this.#run().catch((error: unknown) => this.#deps.log.error({ error }, 'events failed by a fault of ours'));
  }

  #sweepLater(): void {
    this.#sweeping ??= this.#deps.clock.setTimer(SWEEP_MS, () => {
      this.#sweeping = undefined;
      for (const series of this.#ledger.due()) this.#enqueue(series);
      if (!this.#ledger.isEmpty()) this.#sweepLater();
    });
  }

  async #run(): Promise<void> {
    try {
      for (const { signal } = this.#ended; !signal.aborted; ) {
        const [series] = this.#queue;
        if (series === undefined) return;
        const waitMs = await this.#handle(series);
        if (waitMs > 0) await sleep(this.#deps.clock, waitMs, this.#hurry.signal).catch(() => undefined);
      }
    } finally {
      this.#isRunning = false;
    }
  }

  /** Deals with the first of the queue. Resolves with how long to wait before the next look at it. */
  async #handle(series: Series): Promise<number> {
    const isEnding = this.#hurry.signal.aborted;
    if (this.#deps.clock.monotonicMs() - series.lastMs > MAX_AGE_MS) return this.#abandon(series, 'expired');
    if (!this.#deps.mayWrite()) return isEnding ? this.#abandon(series, 'ended') : FENCED_MS;
    const answer = await this.#send(series);
    if (answer.kind !== 'later') {
      this.#tries = 0;
      return this.#deps.isBusy() ? BUSY_PACE_MS : PACE_MS;
    }
    this.#tries += 1;
    if (isEnding) this.#ended.abort();
    const ceilingMs = Math.min(BACKOFF_MS.max, BACKOFF_MS.base * 2 ** (this.#tries - 1));
    if (this.#tries >= MAX_TRIES) {
      this.#tries = 0;
      this.#abandon(series, 'unavailable');
    }
    return Math.max(answer.afterMs, uniform(this.#deps.random, ceilingMs / 2, ceilingMs));
  }

  /** Shows `series` as it is at this moment. */
  async #send(series: Series): Promise<ReturnType<typeof judgeAnswer>> {
    const { count, shown } = series;
    const request = requestOf(series, this.#reporter);
    const { mayWrite: mayBeSent } = this.#deps;
    const limits = { timeoutMs: WRITE_TIMEOUT_MS, signal: this.#ended.signal, mayBeSent };
    const result = await this.#deps.client.request({ ...request, ...limits });
    const answer = judgeAnswer(result, shown === 0);
    switch (answer.kind) {
      case 'written':
        this.#queue.delete(series);
        this.#ledger.shown(series, count);
        this.#hasComplained = false;
        this.#deps.observe(shown === 0 ? 'created' : 'updated');
        break;
      case 'vanished':
        // The series goes on as another Event.
        series.name = this.#nameOf(series.object);
        series.shown = 0;
        break;
      case 'refused':
        this.#complain(answer.httpStatus);
        this.#abandon(series, 'refused');
        break;
      case 'later':
        break;
    }
    return answer;
  }

  #nameOf(object: WriteTarget): string {
    return eventName(object, this.#deps.clock.wallMs(), this.#deps.random.id());
  }

  #abandon(series: Series, fate: EventFate): 0 {
    this.#queue.delete(series);
    this.#ledger.forget(series);
    this.#deps.observe(fate);
    return 0;
  }

  /** Once, until an event arrives again: the next refusal would say the same. */
  #complain(httpStatus: number): void {
    if (this.#hasComplained) return;
    this.#hasComplained = true;
    this.#deps.log.warn({ httpStatus }, 'the API server refused an event: has the operator the right to create and patch them?');
  }
}
