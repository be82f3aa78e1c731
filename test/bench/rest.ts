/**
 * Scenario `rest`: a healthy fleet that is left alone. An hour is shortened: its servers are probed every `--period` seconds instead of
 * every five minutes, and the hourly write of `lastSuccessTime` comes as much more often, so that twelve periods hold what an hour holds:
 * twelve probes of each server and at most one write of its status. The lease is renewed at its usual pace.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchOptions } from './arguments.ts';
import { type CPUShares, openCPUAccount } from './cpu-account.ts';
import type { Sightings } from './farm/messages.ts';
import { declare } from './fleet.ts';
import { type LoopDelay, readLoopDelay } from './loop-delay.ts';
import { type ProcessUsage, readProcessUsage } from './process-usage.ts';
import type { Report } from './report.ts';
import { countStatusWrites, countWrites, difference, readRequestCounts } from './request-counts.ts';
import { reportRest } from './rest-report.ts';
import { type SettledFleet, settleFleet } from './settled-fleet.ts';
import { openSite, type Site, type SiteDeps } from './site.ts';
import { warmUp } from './warm-up.ts';

/** What happened in the shortened hour. */
export interface RestData {
  readonly seconds: number;
  readonly statusWrites: number;
  /** Writes of events. */
  readonly otherWrites: number;
  /** Of all who hold one: the API server renews one of its own. */
  readonly leaseWrites: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly sightings: Sightings;
  readonly before: ProcessUsage | undefined;
  readonly after: ProcessUsage | undefined;
  readonly cpuMs: CPUShares;
  readonly loop: LoopDelay;
}

/** Of `spec.probe.periodSeconds`, by default. */
const USUAL_PERIOD_S = 300;
/** Probes of one server in an hour. */
export const PROBES_PER_HOUR = 3_600 / USUAL_PERIOD_S;
/** With the jitter: after it every server has been probed again, at its own time. */
const PERIODS_TO_SETTLE = 1.1;
/** The least that `--last-success-refresh` takes. */
const MIN_REFRESH_S = 60;

export async function runRest(options: BenchOptions, deps: SiteDeps): Promise<Report> {
  const { n, periodSeconds } = options;
  const site = await openSite(deps, n, options);
  deps.say('warming up');
  await warmUp(site);
  deps.say(`${n} healthy servers`);
  const hourSeconds = periodSeconds * PROBES_PER_HOUR;
  const flags = [
    '--leader-elect',
    `--lease-namespace=${site.namespace}`,
    `--last-success-refresh=${Math.max(hourSeconds, MIN_REFRESH_S)}s`,
  ];
  const declarations = declare(site.farm, n, { probe: { periodSeconds } });
  const fleet = await settleFleet(site, declarations, { flags, isProfiled: true });
  try {
    return reportRest(await fleet.with(watchHour(site, fleet, options, deps)), options);
  } finally {
    await fleet.close();
  }
}

async function watchHour(
  site: Site,
  { operator, usage: before }: SettledFleet,
  { periodSeconds }: BenchOptions,
  { say }: SiteDeps,
): Promise<RestData> {
  await sleep(periodSeconds * PERIODS_TO_SETTLE * 1_000);
  const hourSeconds = periodSeconds * PROBES_PER_HOUR;
  say(`at rest for ${hourSeconds} s, a probe of each every ${periodSeconds} s`);
  const scrapeBefore = await operator.scrape();
  const countsBefore = await readRequestCounts(site.api);
  await site.farm.reset();
  const sinceMs = performance.now();
  const account = openCPUAccount({ ...site.pids(), operator: operator.pid() });
  await sleep(hourSeconds * 1_000);
  const cpuMs = account.read({});
  const sightings = await site.farm.read();
  const seconds = (performance.now() - sinceMs) / 1_000;
  const counts = difference(countsBefore, await readRequestCounts(site.api));
  const loop = readLoopDelay(await operator.scrape(), scrapeBefore);
  const statusWrites = countStatusWrites(counts);
  return {
    seconds,
    statusWrites,
    otherWrites: countWrites(counts) - statusWrites,
    leaseWrites: counts.get('PUT leases') ?? 0,
    requests: Object.fromEntries([...counts].sort()),
    sightings,
    before,
    after: readProcessUsage(operator.pid()),
    cpuMs,
    loop,
  };
}
