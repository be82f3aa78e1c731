/**
 * Carries plans out: plan (pure) → probe → verdict → next status (pure) → write. It does no IO itself, only through its ports, and calls
 * nobody from below: a run returns when to be called next, and which other keys to wake.
 *
 * It promises: a result for another uid or an older generation is dropped; a write never holds a probe slot; an aborted probe counts as
 * nothing; whatever fails on our side is tried again on a clock of its own and never becomes a verdict on a server.
 */
import { keyOf, type RawMCPServer } from '../api/v1alpha1/mcpserver.ts';
import { isTransientReason } from '../api/v1alpha1/reasons.ts';
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import type { MCPServerStatus } from '../api/v1alpha1/status.ts';
import type { Clock } from '../platform/clock.ts';
import type { ProbeReport, Prober } from '../probe/ports.ts';
import type { Booking } from '../queue/booking.ts';
import type { Ticket } from '../queue/work-queue.ts';
import { createOutages, mayHeal } from './contagion.ts';
import type { CredentialFollower } from './credential-watch.ts';
import { decideAfterProbe, statusFacts } from './decide.ts';
import { type Finished, type Memory, type Now, noteVerdict, recall, refreshMemory } from './memory.ts';
import {
  type StatusFacts,
  statusAfterDeadline,
  statusOfInvalidSpec,
  statusWhilePending,
  statusWhileSuspended,
} from './next-status.ts';
import { noteForbidden, obstacleEvent, obstacleOf } from './obstacle.ts';
import { bookingAfter, undecidedPauseMs } from './pauses.ts';
import { bookingOf, type ProbePlan, planReconcile, probeRequestOf, RANK } from './plan.ts';
import type { ObjectStore, ProbeCause } from './ports.ts';
import { createPublisher, type Publisher, type PublisherDeps } from './publisher.ts';
import { referencesToFollow } from './references.ts';
import { sameSubstance } from './substance.ts';
import { holdExactly, isAborted, requestOf, visitServer } from './visit.ts';
import { createWaiting, type Waiting } from './waiting.ts';

export interface ReconcilerDeps extends PublisherDeps {
  readonly store: ObjectStore;
  readonly prober: Prober;
  readonly credentials: CredentialFollower;
  readonly clock: Clock;
}

/** What a run leads to. */
export interface ReconcileResult {
  /** When this key wants to run again; undefined = not before the next event. */
  readonly next: Booking | undefined;
  /** Other keys that are due because of this run. */
  readonly wake: readonly { readonly key: string; readonly booking: Booking }[];
}

export interface Reconciler {
  run(ticket: Ticket): Promise<ReconcileResult>;
  /** The watch showed something new about `key`: a probe of what is no longer there, or of an older generation, ends. */
  noticed(key: string): void;
  /** A Secret or ConfigMap that `key` refers to changed: its next run probes, whatever its schedule. */
  credentialsChanged(key: string): void;
  /** Ends every probe in flight without a verdict. */
  abortAll(): void;
  /** Writes the Pending rows of objects that have waited long, and returns which keys to try as scouts. To be called about once a second. */
  sweep(): ReconcileResult['wake'];
}

const REST: ReconcileResult = { next: undefined, wake: [] };

/** Knows of no object at first; each is recalled from its status when it runs for the first time. */
export function createReconciler(deps: ReconcilerDeps): Reconciler {
  return new MCPServerReconciler(deps);
}

class MCPServerReconciler implements Reconciler {
  readonly #deps: ReconcilerDeps;
  readonly #publisher: Publisher;
  readonly #memories = new Map<string, Memory>();
  readonly #outages = createOutages();
  readonly #waiting: Waiting;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
    this.#publisher = createPublisher(deps);
    this.#waiting = createWaiting(deps.clock);
  }

  async run(ticket: Ticket): Promise<ReconcileResult> {
    const raw = this.#deps.store.get(ticket.key);
    if (raw === undefined) {
      this.#forget(ticket.key);
      return REST;
    }
    const memory = this.#remember(ticket.key, raw);
    return this.#reconcile(ticket, raw, memory).finally(() => memory.rest());
  }

  async #reconcile(ticket: Ticket, raw: RawMCPServer, memory: Memory): Promise<ReconcileResult> {
    memory.reconcileID = this.#deps.random.id();
    const plan = planReconcile(raw.metadata, memory, this.#deps.clock.monotonicMs());
    // Suspended, not valid or being deleted: neither a credential nor the end of an outage would change that.
    if (plan.do === 'rest' || plan.do === 'suspend' || plan.do === 'reject') {
      this.#deps.credentials.forget(ticket.key);
      this.#outages.forget(ticket.key);
    }
    switch (plan.do) {
      case 'rest':
      case 'wait':
        return { next: bookingOf(plan), wake: [] };
      case 'suspend':
        return this.#settle(raw, memory, statusWhileSuspended);
      case 'expire':
        return this.#settle(raw, memory, (facts) => statusAfterDeadline(facts, plan.spec));
      case 'reject':
        return this.#settle(raw, memory, (facts) => statusOfInvalidSpec(facts, plan.invalid));
      case 'rewrite':
        return this.#conclude(raw, memory, plan.spec, plan.finished);
      case 'probe':
        return this.#probe(ticket, raw, memory, plan);
    }
  }

  noticed(key: string): void {
    const memory = this.#memories.get(key);
    if (memory?.abort === undefined) return;
    const metadata = this.#deps.store.get(key)?.metadata;
    if (metadata?.uid !== memory.uid || metadata.generation !== memory.generation) memory.abort.abort();
  }

  credentialsChanged(key: string): void {
    const memory = this.#memories.get(key);
    if (memory !== undefined) memory.credentialsChanged = true;
  }

  abortAll(): void {
    for (const memory of this.#memories.values()) memory.abort?.abort();
  }

  sweep(): ReconcileResult['wake'] {
    for (const key of this.#waiting.takeOverdue((key) => this.#memories.get(key), this.#publisher.writing())) {
      const memory = this.#memories.get(key);
      const raw = this.#deps.store.get(key);
      if (memory === undefined || raw?.metadata.uid !== memory.uid) continue;
      // A failure here is no loss: the verdict follows, and until then the schema's default says the same.
      void this.#publisher
        .publish(raw, memory, () => this.#pending(raw, memory))
        .finally(() => memory.rest())
        .catch((error: unknown) => this.#deps.observer.crashed(key, error));
    }
    return this.#wake(this.#outages.scouts(this.#deps.clock.monotonicMs()));
  }

  /** The Pending row, or what stands there when it says more. */
  #pending(raw: RawMCPServer, memory: Memory): MCPServerStatus {
    const { generation } = raw.metadata;
    const isAwaited = memory.generation === generation && memory.status.observedGeneration !== generation;
    return isAwaited ? statusWhilePending(this.#facts(raw, memory), obstacleOf(memory)) : memory.status;
  }

  async #probe(ticket: Ticket, raw: RawMCPServer, memory: Memory, plan: ProbePlan): Promise<ReconcileResult> {
    const { key } = ticket;
    if (plan.cause === 'edit') this.#waiting.add(key, memory);
    if (!holdExactly(ticket.hold, plan.lanes)) {
      const dueMs = Math.min(ticket.booking.dueMs, this.#deps.clock.monotonicMs());
      return { next: { rank: RANK[plan.cause], dueMs, lanes: plan.lanes }, wake: [] };
    }
    this.#outages.forget(key);
    this.#deps.credentials.forget(key);
    const { generation } = raw.metadata;
    const probeRequest = probeRequestOf(raw.metadata);
    const request = requestOf(raw.metadata, memory, plan, this.#deps);
    const report = await visitServer(this.#deps, ticket.hold, memory, request);
    this.#deps.observer.probed(request, plan.cause, report, memory.reconcileID);
    const { verdict, attempts, reads } = report;
    const current = this.#deps.store.get(key);
    if (current?.metadata.uid !== memory.uid || current.metadata.generation !== generation || isAborted(verdict)) {
      // Superseded or aborted: look again at once.
      return { next: { rank: RANK[plan.cause], dueMs: this.#deps.clock.monotonicMs() }, wake: [] };
    }
    if (verdict.kind === 'none') return this.#undecided(current, memory, plan.cause, request.probeID, report);
    const atMs = this.#deps.clock.monotonicMs();
    const found = { verdict, attempts, reads, probeID: request.probeID, probeRequest, atMs };
    return this.#conclude(current, memory, plan.spec, { generation, cause: plan.cause, ...found });
  }

  /** The API server did not answer, so it gets a pause; or it does not let us, and somebody must hear of it. */
  async #undecided(
    raw: RawMCPServer,
    memory: Memory,
    cause: ProbeCause,
    probeID: string,
    { forbidden }: ProbeReport,
  ): Promise<ReconcileResult> {
    if (noteForbidden(memory, forbidden) && forbidden !== undefined) {
      this.#deps.observer.forbidden(raw.metadata, forbidden);
      this.#deps.events.record(raw.metadata, obstacleEvent(forbidden, probeID));
    }
    // A write that fails here is no loss: the next try writes the same.
    if (obstacleOf(memory)) await this.#publisher.publish(raw, memory, () => this.#pending(raw, memory));
    const dueMs = this.#deps.clock.monotonicMs() + undecidedPauseMs(memory, this.#deps.random);
    return { next: { rank: RANK[cause], dueMs }, wake: [] };
  }

  /** Writes what a probe found, and plans the next one. */
  async #conclude(raw: RawMCPServer, memory: Memory, spec: MCPServerSpec, finished: Finished): Promise<ReconcileResult> {
    const key = keyOf(raw.metadata);
    let decision = finished.tried;
    const recoveredSinceMs =
      finished.verdict.kind === 'available' && finished.cause === 'retry' ? memory.failingSinceMs : undefined;
    const published = await this.#publisher.publish(
      raw,
      memory,
      () => {
        // What stands there may be this very decision, whose answer was lost: one probe never counts twice.
        if (decision === undefined || !sameSubstance(memory.status, decision.status)) {
          const facts = { metadata: raw.metadata, memory, spec, now: this.#now(), random: this.#deps.random };
          decision = decideAfterProbe(facts, finished);
        }
        return decision.status;
      },
      finished.probeID,
    );
    if (published.kind !== 'done' || decision === undefined) {
      const isStale = published.kind === 'superseded' || published.kind === 'refused';
      memory.unwritten = isStale ? undefined : { ...finished, ...(decision && { tried: decision }) };
      return { next: bookingAfter(published, finished.cause, this.#deps.clock.monotonicMs()), wake: [] };
    }
    this.#waiting.delete(key);
    this.#deps.credentials.follow(key, raw.metadata.namespace, referencesToFollow(memory, finished.reads));
    noteVerdict(memory, finished, decision, this.#deps.clock.wallMs());
    this.#deps.observer.stands(raw.metadata, decision.status);
    if (memory.failingSinceMs !== undefined && mayHeal(finished.verdict)) {
      this.#outages.failing(key, memory.failingSinceMs, this.#deps.clock.monotonicMs());
    }
    const woken = recoveredSinceMs === undefined ? [] : this.#outages.recovered(recoveredSinceMs);
    return { next: this.#replanned(raw, memory), wake: this.#wake(woken) };
  }

  /** Writes a status that needs no probe. */
  async #settle(raw: RawMCPServer, memory: Memory, statusOf: (facts: StatusFacts) => MCPServerStatus): Promise<ReconcileResult> {
    const published = await this.#publisher.publish(raw, memory, () => statusOf(this.#facts(raw, memory)));
    if (published.kind !== 'done') return { next: bookingAfter(published, 'edit', this.#deps.clock.monotonicMs()), wake: [] };
    this.#deps.observer.stands(raw.metadata, memory.status);
    return { next: this.#replanned(raw, memory), wake: [] };
  }

  #replanned(raw: RawMCPServer, memory: Memory): Booking | undefined {
    const plan = planReconcile(raw.metadata, memory, this.#deps.clock.monotonicMs());
    return plan.do === 'rest' || plan.do === 'wait'
      ? bookingOf(plan)
      : { rank: RANK.edit, dueMs: this.#deps.clock.monotonicMs() };
  }

  /** Makes failing servers due before their time. Which lanes they need, each says when it runs. */
  #wake(keys: readonly string[]): ReconcileResult['wake'] {
    const dueMs = this.#deps.clock.monotonicMs();
    return keys.flatMap((key) => {
      const memory = this.#memories.get(key);
      if (memory === undefined) return [];
      memory.dueMs = dueMs;
      return [{ key, booking: { rank: RANK.retry, dueMs } }];
    });
  }

  #remember(key: string, raw: RawMCPServer): Memory {
    const known = this.#memories.get(key);
    if (known?.uid === raw.metadata.uid) {
      refreshMemory(known, raw, this.#deps.store.isNewer);
      return known;
    }
    // A new uid is a new object, whatever its name was used for before.
    if (known !== undefined) this.#forget(key);
    const memory = recall(raw, this.#now());
    this.#memories.set(key, memory);
    this.#deps.credentials.follow(key, raw.metadata.namespace, referencesToFollow(memory));
    this.#deps.observer.stands(raw.metadata, memory.status);
    const { failure } = memory.status;
    if (failure !== undefined && memory.failingSinceMs !== undefined && isTransientReason(failure.reason)) {
      this.#outages.failing(key, memory.failingSinceMs, this.#deps.clock.monotonicMs());
    }
    return memory;
  }

  #forget(key: string): void {
    this.#memories.get(key)?.abort?.abort();
    this.#memories.delete(key);
    this.#outages.forget(key);
    this.#waiting.delete(key);
    this.#deps.credentials.forget(key);
    this.#deps.observer.forgotten(key);
  }

  #facts(raw: RawMCPServer, memory: Memory): StatusFacts {
    return statusFacts({ metadata: raw.metadata, memory, now: this.#now() });
  }

  #now(): Now {
    return { wallMs: this.#deps.clock.wallMs(), monotonicMs: this.#deps.clock.monotonicMs() };
  }
}
