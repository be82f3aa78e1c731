/**
 * Scenario `outage`: all servers of a healthy fleet are down for a time and come back at once; timed is how long it takes until every
 * object is Available again. Twice: in the first outage nobody listens; in the second all answer 503 after a moment, so that the servers
 * themselves can count the retries in flight. While servers refuse connections nobody else can count, and the operator's word is taken.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchOptions } from './arguments.ts';
import { sumSeries } from './exposition.ts';
import type { Behaviour, Sightings } from './farm/messages.ts';
import { declare, indices } from './fleet.ts';
import { reportOutage } from './outage-report.ts';
import { type ProcessUsage, readProcessUsage } from './process-usage.ts';
import type { Report } from './report.ts';
import { type SettledFleet, settleFleet } from './settled-fleet.ts';
import { openSite, type Site, type SiteDeps } from './site.ts';
import { isAvailable } from './verdict-watch.ts';
import { warmUp } from './warm-up.ts';

export interface Outage {
  readonly kind: 'refused' | 'unavailable';
  readonly downSeconds: number;
  /** Objects that were not Available at its end. */
  readonly noticed: number;
  /** From the moment when all servers were back until all objects are Available. */
  readonly recoveryMs: number;
  /** Probes that ended while the servers were down, as the operator counts. */
  readonly probes: number;
  /** The most retries in flight, as the operator's gauge said at any look. */
  readonly peakRetriesSaid: number;
  /** What the servers saw, from the beginning of the outage until all objects were Available again. */
  readonly sightings: Sightings;
  /** Of the operator, for as long. */
  readonly cpuMs: number;
  readonly usage: ProcessUsage | undefined;
}

const KINDS: readonly Outage['kind'][] = ['refused', 'unavailable'];
/** As in `failing.ts`: without the cap, retries that take this long would overlap by the hundred. */
const ANSWER_MS = 250;
/** As the Go operator was measured: the outage is noticed within it. One attempt per probe, so that a second request is a retry. */
const SPEC = { probe: { periodSeconds: 30 }, retry: { attempts: 1, maxBackoffSeconds: 60 } };
const CALM_MS = 2_000;
const LOOK_MS = 250;
const FLAGS = ['--object-metrics=false'];

export async function runOutage(options: BenchOptions, deps: SiteDeps): Promise<Report> {
  const { n } = options;
  const site = await openSite(deps, n, options);
  deps.say('warming up');
  await warmUp(site);
  const outages: Outage[] = [];
  for (const kind of KINDS) {
    deps.say(`${n} healthy servers`);
    const fleet = await settleFleet(site, declare(site.farm, n, SPEC), { flags: FLAGS });
    try {
      await sleep(CALM_MS);
      outages.push(await fleet.with(breakAll(kind, site, fleet, options, deps)));
    } finally {
      await fleet.close();
      await site.farm.behave(indices(n), { kind: 'healthy' });
    }
  }
  return reportOutage(outages, options);
}

async function breakAll(
  kind: Outage['kind'],
  { farm }: Site,
  { operator, watch, names }: SettledFleet,
  { n, downSeconds }: BenchOptions,
  { say }: SiteDeps,
): Promise<Outage> {
  const all = indices(n);
  const down: Behaviour = kind === 'refused' ? { kind } : { kind, delayMs: ANSWER_MS };
  const readProbes = async () => sumSeries(await operator.scrape(), 'mcpserver_operator_probes_total');
  const before = { probes: await readProbes(), cpuMs: readProcessUsage(operator.pid())?.cpuMs ?? Number.NaN };
  const gauge = watchRetries(() => operator.scrape());
  try {
    say(`all ${n} are down (${kind}) for ${downSeconds} s`);
    await farm.behave(all, down);
    await farm.reset();
    await sleep(downSeconds * 1_000);
    const probes = (await readProbes()) - before.probes;
    const failed = all.filter((index) => {
      const sighting = watch.latest.get(names[index] ?? '');
      return sighting === undefined || !isAvailable(sighting);
    });
    say(`all are back; ${failed.length} objects are not Available`);
    await farm.expectRetries(failed);
    await farm.behave(all, { kind: 'healthy' });
    const backMs = performance.now();
    const lastMs = await watch.whenAll(names, isAvailable, 'Available again');
    const usage = readProcessUsage(operator.pid());
    return {
      kind,
      downSeconds,
      noticed: failed.length,
      recoveryMs: Math.max(0, lastMs - backMs),
      probes,
      peakRetriesSaid: gauge.peak(),
      sightings: await farm.read(),
      cpuMs: (usage?.cpuMs ?? Number.NaN) - before.cpuMs,
      usage,
    };
  } finally {
    await gauge.stop();
  }
}

/** Looks at the operator's gauge again and again, and keeps the highest. */
function watchRetries(scrape: () => Promise<string>) {
  const stopping = new AbortController();
  let peak = 0;
  const look = async () => {
    while (!stopping.signal.aborted) {
      peak = Math.max(peak, sumSeries(await scrape(), 'mcpserver_operator_retries_in_flight'));
      await sleep(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  // An operator that does not answer has ended, which its own `trouble` tells.
  const running = look().catch(() => undefined);
  return {
    peak: () => peak,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
