/**
 * Scenario `failover`: two operators and one lease. The one that leads gets a signal; timed is how long it takes until the other has
 * written its first verdict. Who wrote is known without any clock: the API server gives every write a version, and a status whose version
 * is above that of the lease's new holder was written by that holder, because a leader without the lease writes nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { until } from '../platform/until.ts';
import type { API } from './api.ts';
import type { BenchOptions } from './arguments.ts';
import { reportFailover } from './failover-report.ts';
import { COLLECTION, declare, METADATA_ONLY } from './fleet.ts';
import type { Operator } from './operator.ts';
import type { Report } from './report.ts';
import { type SettledFleet, settleFleet } from './settled-fleet.ts';
import { openSite, type Site, type SiteDeps } from './site.ts';
import type { Sighting } from './verdict-watch.ts';

export type EndSignal = 'SIGTERM' | 'SIGKILL';

/** From the signal, milliseconds. */
export interface Takeover {
  readonly signal: EndSignal;
  /** The other holds the lease. */
  readonly takenMs: number;
  /** The other's first verdict is seen. */
  readonly verdictMs: number;
}

const SIGNALS: readonly EndSignal[] = ['SIGTERM', 'SIGKILL'];
/** Probes are asked for at this pace, so that whoever leads has a verdict to write at any moment. */
const ASK_EVERY_MS = 100;
/** Objects that are asked about, one after the other. */
const ASKED = 10;
/** The lease runs out after 15 s. */
const TIMEOUT_MS = 60_000;
const PROBE_REQUESTED_AT = 'mcpserver-operator.dev/probe-requested-at';

export async function runFailover(options: BenchOptions, deps: SiteDeps): Promise<Report> {
  const { n, runs } = options;
  const site = await openSite(deps, n, options);
  const flags = ['--leader-elect', `--lease-namespace=${site.namespace}`];
  deps.say(`${n} objects and the first operator`);
  const fleet = await settleFleet(site, declare(site.farm, n), { flags });
  const lease = watchLease(site);
  const unrest = startUnrest(site.api, fleet);
  const takeovers: Takeover[] = [];
  let leader = fleet.operator;
  try {
    for (let run = 1; run <= runs; run++) {
      for (const signal of SIGNALS) {
        deps.say(`run ${run} of ${runs}: ${signal} to the one that leads`);
        const standby = await startStandby(site, flags);
        const takeover = timeTakeover(leader, signal, fleet, lease);
        takeovers.push(await Promise.race([takeover, standby.trouble, unrest.trouble]));
        await leader.kill();
        leader = standby;
      }
    }
  } finally {
    await unrest.stop();
    await lease.close();
    await leader.stop();
    await fleet.close();
  }
  return reportFailover(takeovers, options);
}

/** Resolves when its caches are synced and it does not lead. */
async function startStandby(site: Site, flags: readonly string[]): Promise<Operator> {
  const standby = site.startOperator({ flags });
  await until(() => standby.isReady(), { what: 'the second operator is ready', timeoutMs: TIMEOUT_MS });
  if (await standby.readLeads()) throw new Error('the second operator leads beside the first');
  return standby;
}

async function timeTakeover(leader: Operator, signal: EndSignal, { watch }: SettledFleet, lease: LeaseWatch): Promise<Takeover> {
  const before = await until(() => lease.latest()?.holder, { what: 'somebody holds the lease' });
  const news: Sighting[] = [];
  const stopListening = watch.listen((sighting) => {
    if (sighting.isNews) news.push(sighting);
  });
  try {
    const signalledMs = performance.now();
    leader.signal(signal);
    const isTaken = () => {
      const now = lease.latest();
      return now !== undefined && now.holder !== '' && now.holder !== before ? now : undefined;
    };
    const taken = await until(isTaken, { what: 'the other holds the lease', timeoutMs: TIMEOUT_MS, intervalMs: 5 });
    const isByTheOther = ({ resourceVersion }: Sighting) => resourceVersion > taken.resourceVersion;
    const what = 'the other has written a verdict';
    const first = await until(() => news.find(isByTheOther), { what, timeoutMs: TIMEOUT_MS, intervalMs: 5 });
    return { signal, takenMs: taken.atMs - signalledMs, verdictMs: first.atMs - signalledMs };
  } finally {
    stopListening();
  }
}

interface LeaseWatch {
  /** The first sighting of the present holder. */
  latest(): { readonly holder: string; readonly resourceVersion: bigint; readonly atMs: number } | undefined;
  close(): Promise<void>;
}

const LeaseEvent = z.object({
  object: z.object({
    metadata: z.object({ resourceVersion: z.string() }),
    spec: z.object({ holderIdentity: z.string().default('') }).optional(),
  }),
});

function watchLease({ api, namespace }: Site): LeaseWatch {
  const closing = new AbortController();
  let latest: ReturnType<LeaseWatch['latest']>;
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases?watch=1`;
  const stream = api.lines(path, closing.signal, (line) => {
    const { object } = LeaseEvent.parse(JSON.parse(line));
    const holder = object.spec?.holderIdentity ?? '';
    if (holder === latest?.holder) return;
    latest = { holder, resourceVersion: BigInt(object.metadata.resourceVersion), atMs: performance.now() };
  });
  // A watch that breaks is noticed because nobody takes the lease any more.
  stream.catch(() => undefined);
  return {
    latest: () => latest,
    async close() {
      closing.abort();
      await stream.catch(() => undefined);
    },
  };
}

/** Asks for a probe of one object after the other, as a person would: each leads to a write of its status. */
function startUnrest(api: API, { names }: SettledFleet) {
  const stopping = new AbortController();
  const { signal } = stopping;
  const ask = async () => {
    for (let asked = 0; !signal.aborted; asked++) {
      const path = `${COLLECTION}/${names[asked % Math.min(ASKED, names.length)]}`;
      const body = JSON.stringify({ metadata: { annotations: { [PROBE_REQUESTED_AT]: `bench-${asked}` } } });
      await api.call({ method: 'PATCH', path, body, accept: METADATA_ONLY });
      await sleep(ASK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  const running = ask();
  const trouble = running.then(() => new Promise<never>(() => undefined));
  trouble.catch(() => undefined);
  return {
    trouble,
    async stop() {
      stopping.abort();
      await running.catch(() => undefined);
    },
  };
}
