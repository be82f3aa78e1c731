/**
 * The judge of every fault: what the statuses say in the end is what an undisturbed operator finds for the same specs, and what was
 * written on the way broke no promise. It asks the API server's audit log and the objects, never the operator.
 */
import type { MCPServer } from '../../src/api/v1alpha1/mcpserver.ts';
import type { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import type { AuditedWrite } from './audit.ts';

/** A status without what differs from run to run: times, ids, counts of repetitions, and the verbosity that depends on them. */
export type Normal = unknown;

/** Values that no two runs share. Whether they are there is compared, what they are is not. */
const VOLATILE: ReadonlySet<string> = new Set([
  'lastTransitionTime',
  'negotiatedAt',
  'capturedAt',
  'since',
  'nextProbeTime',
  'time',
  'lastSuccessTime',
  'probeID',
  'consecutive',
]);

/** What a status says, for `toEqual`. */
export function normalize(status: MCPServerStatus): Normal {
  return strip(status);
}

/** {@link normalize} of all, by name. */
export function normalizeAll(objects: ReadonlyMap<string, MCPServer>): Record<string, Normal> {
  const sorted = [...objects].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, { status }]) => [name, normalize(status)]));
}

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, VOLATILE.has(key) ? `<${key}>` : strip(each)] as const),
  );
}

/** The writes of MCPServer statuses in `namespace` that the API server was asked for, by anybody. */
export function statusWrites(writes: readonly AuditedWrite[], namespace: string): AuditedWrite[] {
  return writes.filter(
    (write) => write.resource === 'mcpservers' && write.subresource === 'status' && write.namespace === namespace,
  );
}

/** What {@link brokenPromises} holds against what was written. */
export interface Expectations {
  /** Objects whose servers were well all the time: they may never be told not to be Ready. */
  readonly alwaysHealthy?: readonly string[];
  /** The most status writes of one uid that the server accepted, beside one for each second (the town's retries); default 10. */
  readonly maxWritesPerObject?: number;
}

/** `lastSuccessTime` alone is written anew when it is that old, by the clock of the operator. */
const REFRESH_MS = 3_600_000;

/**
 * One line for each broken promise; none is right. Looks at accepted writes: a refused one did no harm, and is what guards are for.
 * - a status is of the generation that the object had when it was written;
 * - a Ready object whose server was well all the time stays Ready;
 * - writes of one object are bounded by its retries, and none says the same as the one before.
 */
export function brokenPromises(writes: readonly AuditedWrite[], expectations: Expectations = {}): string[] {
  const { alwaysHealthy = [], maxWritesPerObject = 10 } = expectations;
  const broken: string[] = [];
  const accepted = new Map<string, AuditedWrite[]>();
  for (const write of writes) {
    if (write.code !== 200) continue;
    const { uid = '', generation } = write.response?.metadata ?? {};
    const status = write.request?.status;
    // A Pending row speaks of the verdict before it.
    if (
      status !== undefined &&
      status.state !== 'Pending' &&
      status.state !== 'Suspended' &&
      status.observedGeneration !== generation
    ) {
      broken.push(`${write.name}: a status for generation ${status.observedGeneration} was written to generation ${generation}`);
    }
    if (write.request?.metadata?.uid !== uid) broken.push(`${write.name}: a write did not name the uid that it hit`);
    accepted.set(uid, [...(accepted.get(uid) ?? []), write]);
  }
  for (const ofOne of accepted.values()) broken.push(...brokenByOne(ofOne, alwaysHealthy, maxWritesPerObject));
  return broken;
}

function brokenByOne(writes: readonly AuditedWrite[], alwaysHealthy: readonly string[], maxWrites: number): string[] {
  const broken: string[] = [];
  const name = writes[0]?.name ?? '';
  const seconds = ((writes.at(-1)?.answeredMs ?? 0) - (writes[0]?.answeredMs ?? 0)) / 1000;
  if (writes.length > maxWrites + seconds) broken.push(`${name}: ${writes.length} writes in ${Math.round(seconds)} s`);
  let wasReady = false;
  let before: string | undefined;
  let successMs = 0;
  for (const { request, answeredMs } of writes) {
    const ready = request?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
    if (wasReady && ready !== 'True' && alwaysHealthy.includes(name)) {
      broken.push(`${name}: Ready was taken away (${ready}, ${request?.status?.state}) at ${new Date(answeredMs).toISOString()}`);
    }
    wasReady = ready === 'True';
    // With the counts of repetitions: a further failed retry is news.
    const says = JSON.stringify([strip(request?.status), request?.status?.failure?.consecutive]);
    const isRefresh = Math.abs(Date.parse(request?.status?.lastSuccessTime ?? '') - successMs) >= REFRESH_MS;
    if (says === before && !isRefresh) broken.push(`${name}: the same was written twice`);
    before = says;
    successMs = Date.parse(request?.status?.lastSuccessTime ?? '');
  }
  return broken;
}
