/**
 * Whether statuses are kept: an operator that holds its lease and writes nothing is worse than none. A status is written when it changes,
 * so most are old and right; what is looked for is what an operator at work never leaves: a server that was never probed, a retry that is
 * long overdue, a success older than the longest refresh.
 */
import * as z from 'zod';
import type { KubeClient } from '../../kube/client.ts';
import { listPages } from '../../kube/list-pages.ts';
import { collectionPath } from '../../kube/object-store.ts';
import { describeAge } from './age.ts';
import { describeFailure } from './answers.ts';
import { type Finding, failed, passed, skipped } from './check.ts';

const MCPServer = z.object({
  metadata: z.object({ namespace: z.string(), name: z.string(), creationTimestamp: z.string() }),
  spec: z
    .object({
      suspend: z.boolean().catch(false),
      probe: z.object({ periodSeconds: z.number().catch(0) }).catch({ periodSeconds: 0 }),
    })
    .catch({ suspend: false, probe: { periodSeconds: 0 } }),
  status: z
    .object({
      observedGeneration: z.number().catch(-1),
      state: z.string().catch('Pending'),
      lastSuccessTime: z.string().optional().catch(undefined),
      failure: z.object({ nextProbeTime: z.string().optional() }).optional().catch(undefined),
      conditions: z.array(z.object({ lastTransitionTime: z.string() })).catch([]),
    })
    .catch({ observedGeneration: -1, state: 'Pending', conditions: [] }),
});
type MCPServer = z.output<typeof MCPServer>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Ten thousand servers are probed for the first time within a few minutes. */
const FIRST_PROBE_MS = 10 * MINUTE_MS;
/** A retry may wait for one of five slots behind servers that time out. */
const OVERDUE_MS = 30 * MINUTE_MS;
/** `--last-success-refresh` is at most 24 h. */
const REFRESH_MS = 25 * HOUR_MS;
const PAGE_SIZE = 200;

interface Tally {
  objects: number;
  newestMs: number;
  readonly neglected: string[];
  neglectedCount: number;
}

/** Lists MCPServers of `namespaces` (empty: all), and keeps a few numbers of each. */
export async function examineStatuses(
  client: KubeClient,
  namespaces: readonly string[],
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<Finding> {
  let tally = newTally();
  for (const namespace of namespaces.length === 0 ? [undefined] : namespaces) {
    const before = structuredClone(tally);
    const end = await listPages(client, {
      path: collectionPath(namespace),
      pageSize: PAGE_SIZE,
      signal,
      onBegin: () => {
        tally = structuredClone(before);
      },
      onItem: (object) => count(tally, object, nowMs),
    });
    if (end.kind === 'garbage') return skipped('MCPServers can not be listed (the answer is no list)');
    if (end.kind !== 'listed') return skipped(`MCPServers can not be listed (${describeFailure(end)})`);
  }
  return judge(tally, nowMs);
}

const newTally = (): Tally => ({ objects: 0, newestMs: Number.NEGATIVE_INFINITY, neglected: [], neglectedCount: 0 });

function count(tally: Tally, object: unknown, nowMs: number): void {
  const parsed = MCPServer.safeParse(object);
  if (!parsed.success) return;
  const { metadata, status } = parsed.data;
  tally.objects += 1;
  const times = [status.lastSuccessTime, ...status.conditions.map(({ lastTransitionTime }) => lastTransitionTime)];
  for (const time of times) tally.newestMs = Math.max(tally.newestMs, parseTime(time));
  const neglect = neglectOf(parsed.data, nowMs);
  if (neglect === undefined) return;
  tally.neglectedCount += 1;
  if (tally.neglected.length < 3) tally.neglected.push(`${metadata.namespace}/${metadata.name} ${neglect}`);
}

function neglectOf({ metadata, spec, status }: MCPServer, nowMs: number): string | undefined {
  if (spec.suspend) return undefined;
  const waitedMs = nowMs - parseTime(metadata.creationTimestamp);
  if (status.observedGeneration === -1) {
    return waitedMs > FIRST_PROBE_MS ? `was never probed in ${describeAge(waitedMs)}` : undefined;
  }
  const overdueMs = nowMs - parseTime(status.failure?.nextProbeTime);
  // Re-checks of the other classes change nothing but times, and those are not written.
  if (status.state === 'Transient' && Number.isFinite(overdueMs) && overdueMs > OVERDUE_MS) {
    return `waits for a retry that was due ${describeAge(overdueMs)} ago`;
  }
  const successMs = nowMs - parseTime(status.lastSuccessTime);
  const isOld = Number.isFinite(successMs) && successMs > REFRESH_MS + spec.probe.periodSeconds * 1000;
  return status.state === 'Available' && isOld ? `succeeded ${describeAge(successMs)} ago for the last time` : undefined;
}

/** Wall ms; −∞ for what is no time. */
function parseTime(text: string | undefined): number {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? Number.NEGATIVE_INFINITY : ms;
}

function judge({ objects, newestMs, neglected, neglectedCount }: Tally, nowMs: number): Finding {
  if (objects === 0) return passed('there are no MCPServers yet');
  const newest = Number.isFinite(newestMs) ? `; the newest news is ${describeAge(nowMs - newestMs)} old` : '';
  if (neglectedCount === 0) return passed(`${objects} MCPServers, none neglected${newest}`);
  const more = neglectedCount > neglected.length ? `; and ${neglectedCount - neglected.length} more` : '';
  return failed(
    `${neglectedCount} of ${objects} MCPServers are neglected: ${neglected.join('; ')}${more}`,
    'Check that an operator leads, that it watches these namespaces (watch.namespaces of the chart), and what its logs say of these objects.',
  );
}
