/**
 * What to do about one object at this moment: pure, cheap, and asked again whenever anything may have changed. A plan never waits and
 * never probes; the reconciler carries it out, and a lost or doubled event only makes it ask once more.
 */
import { PROBE_REQUESTED_AT } from '../api/v1alpha1/group.ts';
import type { ObjectMeta, ParsedSpec } from '../api/v1alpha1/mcpserver.ts';
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import type { Booking } from '../queue/booking.ts';
import type { LaneLimits } from '../queue/lanes.ts';
import type { Finished, Memory } from './memory.ts';
import type { ProbeCause } from './ports.ts';

export type Plan =
  /** Nothing to do before the next event. */
  | { readonly do: 'rest' }
  /** Nothing to do before `dueMs` (monotonic); without lanes it is not a probe that is due then. */
  | { readonly do: 'wait'; readonly dueMs: number; readonly cause: ProbeCause; readonly lanes?: readonly string[] }
  | { readonly do: 'probe'; readonly cause: ProbeCause; readonly spec: MCPServerSpec; readonly lanes: readonly string[] }
  | { readonly do: 'suspend' }
  /** The progress deadline of a failure that might have healed is over. */
  | { readonly do: 'expire'; readonly spec: MCPServerSpec }
  /** The spec does not fit the schema. */
  | { readonly do: 'reject'; readonly invalid: Extract<ParsedSpec, { readonly kind: 'invalid' }> }
  /** A verdict is known and its status is not written yet. */
  | { readonly do: 'rewrite'; readonly spec: MCPServerSpec; readonly finished: Finished };

/** When a key wants to run again that has nothing to do at this moment; undefined = not before the next event. */
export function bookingOf(plan: Extract<Plan, { do: 'rest' | 'wait' }>): Booking | undefined {
  if (plan.do === 'rest') return undefined;
  return { rank: RANK[plan.cause], dueMs: plan.dueMs, ...(plan.lanes !== undefined && { lanes: plan.lanes }) };
}

/** A plan to visit the server. */
export type ProbePlan = Extract<Plan, { readonly do: 'probe' }>;

/** Ranks of the queue: among due keys an edit goes first (page 5.3). */
export const RANK: Readonly<Record<ProbeCause, number>> = { edit: 0, retry: 1, refresh: 2 };

/** Names of the lanes (page 5.3). Those of one host:port are `host:` and the authority. */
export const LANE = {
  probe: 'probe',
  /** From the start of a probe until its status is written: slow writes slow the probes down instead of piling verdicts up. */
  verdict: 'verdict',
  retry: 'retry',
  silentRetry: 'retry-timeout',
  parked: 'parked',
} as const;
const HOST_LANE_PREFIX = 'host:';

/**
 * How many may hold each lane. Of the retries, servers whose last failure was silence hold at most three of five, so that dead hosts
 * never keep a recovered one waiting. Verdicts that wait for their write (≤ 64 KiB each) are 256 at most, some 0.6 s of what an API
 * server takes. A parked probe costs a socket and a timer (≤ 64 KiB): 1,024 of them are 64 MiB at most.
 */
export function laneLimits(limits: { readonly probes: number; readonly retries: number; readonly perHost: number }): LaneLimits {
  return {
    fixed: {
      [LANE.probe]: limits.probes,
      [LANE.verdict]: limits.probes + 256,
      [LANE.retry]: limits.retries,
      [LANE.silentRetry]: Math.ceil(limits.retries / 2),
      [LANE.parked]: 1024,
    },
    families: { [HOST_LANE_PREFIX]: limits.perHost },
  };
}

/** At most this much of a probe request is compared and echoed; the schema of the status holds no more. */
const MAX_REQUEST_LENGTH = 1024;

/** The annotation that asks for a probe, where it is there, as the API server will show its echo: half a character can not be stored. */
export function probeRequestOf(metadata: ObjectMeta): string | undefined {
  return metadata.annotations?.[PROBE_REQUESTED_AT]?.slice(0, MAX_REQUEST_LENGTH).toWellFormed();
}

/** What is to be done now (monotonic time). `memory` is as fresh as the watch and our own writes. */
export function planReconcile(metadata: ObjectMeta, memory: Memory, monotonicMs: number): Plan {
  const { spec: parsed, status } = memory;
  if (metadata.deletionTimestamp !== undefined) return { do: 'rest' };
  if (memory.refusedUntilMs > monotonicMs) return { do: 'wait', dueMs: memory.refusedUntilMs, cause: 'refresh' };
  const probed = status.observedGeneration === metadata.generation;
  if (parsed.kind === 'invalid') {
    return probed && status.failure?.reason === 'InvalidSpec' ? { do: 'rest' } : { do: 'reject', invalid: parsed };
  }
  const spec = parsed.value;
  if (spec.suspend) return status.state === 'Suspended' ? { do: 'rest' } : { do: 'suspend' };
  if (memory.unwritten !== undefined) return { do: 'rewrite', spec, finished: memory.unwritten };

  const request = probeRequestOf(metadata);
  const asked = request !== undefined && request !== status.lastHandledProbeRequest;
  if (!probed || asked || memory.credentialsChanged || status.state === 'Pending' || status.state === 'Suspended')
    return probe('edit', metadata, spec, memory);

  const cause: ProbeCause = status.failure === undefined ? 'refresh' : 'retry';
  const dueMs = memory.dueMs ?? monotonicMs;
  if (dueMs <= monotonicMs) return probe(cause, metadata, spec, memory);
  const expiryMs = expiryOf(spec, memory);
  if (expiryMs !== undefined && expiryMs <= monotonicMs) return { do: 'expire', spec };
  if (expiryMs !== undefined && expiryMs < dueMs) return { do: 'wait', dueMs: expiryMs, cause };
  return { do: 'wait', dueMs, cause, lanes: lanesOf(cause, metadata.namespace, spec, memory.timedOut) };
}

function probe(cause: ProbeCause, metadata: ObjectMeta, spec: MCPServerSpec, memory: Memory): Plan {
  return { do: 'probe', cause, spec, lanes: lanesOf(cause, metadata.namespace, spec, memory.timedOut) };
}

/** The lanes that a probe for this cause needs room in. */
export function lanesOf(cause: ProbeCause, namespace: string, spec: MCPServerSpec, timedOut: boolean): readonly string[] {
  const lanes: string[] = [LANE.probe, LANE.verdict];
  if (cause === 'retry') lanes.push(LANE.retry);
  if (cause === 'retry' && timedOut) lanes.push(LANE.silentRetry);
  const host = hostOf(namespace, spec);
  if (host !== undefined) lanes.push(HOST_LANE_PREFIX + host);
  return lanes;
}

/** host:port of the target; a Service counts by its name, since all its ports are served by the same pods. */
function hostOf(namespace: string, spec: MCPServerSpec): string | undefined {
  if (spec.serviceRef !== undefined) return `${spec.serviceRef.name}.${namespace}.svc`;
  return spec.url !== undefined && URL.canParse(spec.url) ? new URL(spec.url).host : undefined;
}

/** When an object that is on its way counts as stuck; undefined when it never does or already did. */
function expiryOf(spec: MCPServerSpec, memory: Memory): number | undefined {
  const { status, failingSinceMs } = memory;
  const progressing = status.conditions?.some(({ type }) => type === 'Reconciling') === true;
  if (status.failure === undefined || failingSinceMs === undefined || !progressing) return undefined;
  return spec.probe.progressDeadlineSeconds === 0 ? undefined : failingSinceMs + spec.probe.progressDeadlineSeconds * 1000;
}
