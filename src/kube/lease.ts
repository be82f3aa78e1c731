/**
 * Leader election on a Lease, with the semantics of client-go: of several processes at most one believes that it leads.
 *
 * `isLeader()` is the fence, to be asked right before each write. It counts from the moment at which the last successful renewal was
 * *sent*: no other candidate can have seen that renewal earlier, and none may take the lease before it has seen it unchanged for the
 * whole duration. So a leader that is paused, cut off or slow stops believing at least {@link LEASE_DURATION_MS} − {@link RENEW_DEADLINE_MS}
 * before another one starts. A leader that has lost stays so: its process is expected to exit.
 */
import { type Clock, createDeadline, sleep, type Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import { type Random, uniform } from '../platform/random.ts';
import type { KubeClient, KubeResult, Method } from './client.ts';
import { decideLease, holdLease, type LeaseSighting, type LeaseSpec, releaseLease, sightLease } from './lease-decision.ts';
import { parseJSON } from './response.ts';

export const LEASE_DURATION_MS = 15_000;
export const RENEW_DEADLINE_MS = 10_000;
export const RETRY_PERIOD_MS = 2_000;
/** Half of the renew deadline, as client-go: one black hole leaves time for another try. */
const REQUEST_TIMEOUT_MS = 5_000;
/** To give the lease up. It comes after 23 s for probes and statuses (reconcile/loop.ts); later the lease runs out by itself. */
const RELEASE_MS = 1_000;

export interface LeaderElectorOptions {
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process, also across restarts of its Pod: Pod name and a random part. */
  readonly identity: string;
  readonly onStartedLeading: () => void;
  /** Once, after having led. `lost`: stop all work at once and exit; `released`: by our own `stop`. */
  readonly onStoppedLeading: (cause: 'lost' | 'released') => void;
}

export interface LeaderElector {
  /** Begins to campaign. Call it once. */
  start(): void;
  /** True only while no other process can hold the lease. Cheap: ask before each write. */
  isLeader(): boolean;
  /** Who holds the lease as last seen; undefined when nobody, or before the first look. */
  holder(): string | undefined;
  /** Ends the campaign and gives the lease up if it is ours. Call it when all guarded work has ended. */
  stop(): Promise<void>;
}

export interface LeaderElectorDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Logger;
}

/** The lease as the API server has it. */
interface LeaseObject {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: LeaseSpec;
}

/** Campaigns for nothing yet: call `start`. */
export function createLeaderElector(deps: LeaderElectorDeps, options: LeaderElectorOptions): LeaderElector {
  const { clock, random, log } = deps;
  const api = createLeaseApi(deps.client, options);
  const ending = new AbortController();
  const { signal } = ending;
  let lease: LeaseObject | undefined;
  let sighting: LeaseSighting | undefined;
  /** Leading until then, on the monotonic clock. */
  let fenceMs = Number.NEGATIVE_INFINITY;
  let fence: Timer | undefined;
  let isLeading = false;
  let running: Promise<void> = Promise.resolve();

  const isLeader = () => isLeading && clock.monotonicMs() < fenceMs;

  const stopLeading = (cause: 'lost' | 'released') => {
    fence?.cancel();
    if (!isLeading) return;
    isLeading = false;
    ending.abort(new Error(cause));
    log?.info({ cause, lease: options.name }, 'stopped leading');
    options.onStoppedLeading(cause);
  };

  const renewed = (sentMs: number) => {
    fence?.cancel();
    fenceMs = sentMs + RENEW_DEADLINE_MS;
    // An answer that comes after its own fence is worth nothing.
    if (clock.monotonicMs() >= fenceMs) return stopLeading('lost');
    fence = clock.setTimer(fenceMs - clock.monotonicMs(), () => stopLeading('lost'));
    if (isLeading) return;
    isLeading = true;
    log?.info({ lease: options.name, identity: options.identity }, 'started leading');
    options.onStartedLeading();
  };

  const see = (result: KubeResult): boolean => {
    const seen = result.kind === 'ok' ? decodeLease(parseJSON(result.body)) : undefined;
    if (!seen) return false;
    lease = seen;
    sighting = sightLease(sighting, seen.spec, clock.monotonicMs());
    return true;
  };

  /** One look and at most one write. Resolves to when the next one makes sense at the latest, if that is known. */
  const campaign = async (): Promise<number | undefined> => {
    // A leader knows what it wrote last; everybody else looks first.
    if (!isLeading || !lease) {
      const read = await api.read(signal);
      if (read.kind === 'status' && read.status === 404) lease = undefined;
      else if (!see(read)) return undefined;
    }
    if (signal.aborted) return undefined;
    const sentMs = clock.monotonicMs();
    const decision = lease && sighting ? decideLease(sighting, { identity: options.identity, nowMs: sentMs }) : undefined;
    if (decision?.kind === 'wait') {
      stopLeading('lost');
      return decision.untilMs;
    }
    const times = { identity: options.identity, durationSeconds: LEASE_DURATION_MS / 1000, wallMs: clock.wallMs() };
    const written = await (lease
      ? api.update(lease, holdLease(lease.spec, times), signal)
      : api.create(holdLease({}, times), signal));
    // `signal` may have ended us meanwhile; then the answer must not make a leader of us again.
    if (see(written)) {
      if (!signal.aborted) renewed(sentMs);
    } else lease = undefined;
    return undefined;
  };

  const run = async () => {
    while (!signal.aborted) {
      // The timers of a process that was paused are all due at once, and this one before the fence: nothing may be renewed after that.
      if (isLeading && !isLeader()) return stopLeading('lost');
      const untilMs = await campaign();
      const periodMs = RETRY_PERIOD_MS * (isLeading ? uniform(random, 0.9, 1.1) : uniform(random, 0.5, 1.5));
      const delayMs = untilMs === undefined ? periodMs : Math.min(periodMs, Math.max(untilMs - clock.monotonicMs(), 0));
      await sleep(clock, delayMs, signal).catch(() => undefined);
    }
  };

  return {
    start() {
      running = run();
    },
    isLeader,
    holder: () => sighting?.spec.holderIdentity || undefined,
    async stop() {
      const isOurs = isLeader();
      // Before anybody else may take it.
      stopLeading('released');
      ending.abort(new Error('stopped'));
      await running;
      if (isOurs) await release(api, options.identity, clock);
    },
  };
}

type LeaseApi = ReturnType<typeof createLeaseApi>;

/** Gives the lease up as it stands, if it is ours: a renewal that was cut off may have arrived. */
async function release(api: LeaseApi, identity: string, clock: Clock): Promise<void> {
  const deadline = createDeadline(clock, RELEASE_MS);
  const read = await api.read(deadline.signal);
  const lease = read.kind === 'ok' ? decodeLease(parseJSON(read.body)) : undefined;
  if (lease?.spec.holderIdentity === identity) {
    await api.update(lease, releaseLease(lease.spec, clock.wallMs()), deadline.signal);
  }
  deadline.clear();
}

function createLeaseApi(client: KubeClient, { namespace, name }: LeaderElectorOptions) {
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const call = (method: Method, path: string, body: object | undefined, signal: AbortSignal) =>
    client.request({
      method,
      path,
      timeoutMs: REQUEST_TIMEOUT_MS,
      urgent: true,
      // The next look comes soon enough, and a retry in here would blur when a renewal was sent.
      retry: false,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
  const head = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
  return {
    read: (signal: AbortSignal) => call('GET', `${collection}/${name}`, undefined, signal),
    create: (spec: LeaseSpec, signal: AbortSignal) =>
      call('POST', collection, { ...head, metadata: { name, namespace }, spec }, signal),
    /** Fails with 409 when anybody wrote it since. Labels and annotations of others stay. */
    update: (lease: LeaseObject, spec: LeaseSpec, signal: AbortSignal) =>
      call('PUT', `${collection}/${name}`, { ...lease, ...head, spec }, signal),
  };
}

function decodeLease(value: unknown): LeaseObject | undefined {
  const object = value as { metadata?: { resourceVersion?: unknown } | null; spec?: LeaseSpec | null } | null | undefined;
  const resourceVersion = object?.metadata?.resourceVersion;
  if (typeof resourceVersion !== 'string') return undefined;
  return { ...object, metadata: { ...object?.metadata, resourceVersion }, spec: object?.spec ?? {} };
}
