/**
 * One visit to a server by the prober, as the reconciler sees it: which lanes it must hold, when it is parked, what it remembers, and how
 * it is ended early. Every exit gives the lanes back.
 */
import type { ObjectMeta } from '../api/v1alpha1/mcpserver.ts';
import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import type { ProbeReport, ProbeRequest, Prober } from '../probe/ports.ts';
import type { Verdict } from '../probe/verdict.ts';
import type { LaneHold } from '../queue/lanes.ts';
import type { Memory } from './memory.ts';
import { LANE, type ProbePlan } from './plan.ts';

/** After this long a first probe or refresh gives its slot back and goes on parked (page 5.3). */
export const PARK_AFTER_MS = 1000;

/** Era and transport are detected anew about once a day (page 3.4). */
const DETECTION_AGE_MS = 86_400_000;

/** Makes a hold have exactly these lanes; false when one of them is full, and then nothing is held. */
export function holdExactly(hold: LaneHold, lanes: readonly string[]): boolean {
  const held = hold.names();
  const give = held.filter((name) => !lanes.includes(name));
  const take = lanes.filter((name) => !held.includes(name));
  if (give.length === 0 && take.length === 0) return true;
  const holds = hold.exchange({ give, take });
  if (!holds) hold.release();
  return holds;
}

/** What the prober is asked. What an earlier probe detected is offered only while nothing speaks against it. */
export function requestOf(
  { namespace, name }: ObjectMeta,
  memory: Memory,
  plan: ProbePlan,
  deps: { readonly clock: Clock; readonly random: Random },
): ProbeRequest {
  const { endpoint, failure } = memory.status;
  const isFresh = memory.detectedAtMs !== undefined && deps.clock.wallMs() - memory.detectedAtMs < DETECTION_AGE_MS;
  const isSameTarget = memory.edit === undefined || memory.edit === 'cosmetic';
  return {
    namespace,
    name,
    probeID: deps.random.id(),
    spec: plan.spec,
    retry: plan.cause === 'retry',
    ...(endpoint !== undefined && isFresh && isSameTarget && failure === undefined && { remembered: endpoint }),
  };
}

/**
 * Visits a server. A retry keeps its place of the five to its end; any other visit is parked when its peer is slow, if there is room.
 * What is held afterwards is the place of its verdict until that is written, if it was not parked: a tar-pit holds nobody up.
 */
export async function visitServer(
  deps: { readonly prober: Prober; readonly clock: Clock },
  hold: LaneHold,
  memory: Memory,
  request: ProbeRequest,
): Promise<ProbeReport> {
  const abort = new AbortController();
  memory.abort = abort;
  const park = request.retry
    ? undefined
    : deps.clock.setTimer(PARK_AFTER_MS, () => hold.exchange({ give: hold.names(), take: [LANE.parked] }));
  try {
    return await deps.prober.probe(request, abort.signal);
  } finally {
    park?.cancel();
    memory.abort = undefined;
    hold.exchange({ give: hold.names().filter((name) => name !== LANE.verdict) });
  }
}

/** Ended by ourselves: nothing may be concluded, not even that the API server is in trouble. */
export function isAborted(verdict: Verdict): boolean {
  return verdict.kind === 'none' && verdict.why === 'aborted';
}
