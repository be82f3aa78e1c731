/**
 * One cold start: objects are there first, then the operator starts and is followed until all that should be Available are; what the
 * servers, the API server and the kernel saw of it meanwhile; and what happens in a time after that. It leaves no object behind.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CPUShares, openCPUAccount } from './cpu-account.ts';
import { untilEventsTold } from './events-told.ts';
import type { Sightings } from './farm/messages.ts';
import { createObjects, type Declaration, deleteObjects, objectName } from './fleet.ts';
import { watchFleet } from './fleet-watch.ts';
import { type LoopDelay, readLoopDelay } from './loop-delay.ts';
import { type ProcessUsage, readProcessUsage } from './process-usage.ts';
import {
  countGets,
  countStatusWrites,
  countWrites,
  difference,
  type RequestCounts,
  readRequestCounts,
} from './request-counts.ts';
import type { Site } from './site.ts';
import { quantile } from './statistics.ts';

export interface ColdRunPlan {
  readonly declarations: readonly Declaration[];
  /** Indices of the objects that are waited for; all of them should become Available. */
  readonly awaited: readonly number[];
  /** How long the operator is watched after that. */
  readonly staySeconds: number;
  /** That time begins when all events of the start are told. Default false. */
  readonly isQuiet?: boolean;
  readonly isProfiled?: boolean;
}

/** What the API server was asked in a time. */
export interface Asked {
  readonly seconds: number;
  readonly statusWrites: number;
  /** Of MCPServers and events, statuses among them. */
  readonly writes: number;
  readonly gets: number;
  readonly requests: Readonly<Record<string, number>>;
}

/** Times count from right before the operator's process was made. */
export interface ColdRun {
  readonly objects: number;
  readonly lastAvailableMs: number;
  readonly medianAvailableMs: number;
  /** The operator's own word: NaN when it did not say. */
  readonly syncedMs: number;
  /** As the farm saw it; NaN when there was none. */
  readonly firstProbeMs: number;
  readonly asked: Asked;
  /** Of the operator, when the last object became Available. */
  readonly usage: ProcessUsage | undefined;
  /** CPU until then. */
  readonly cpuMs: CPUShares;
  /** Of the operator until then, its start and its list among it. */
  readonly loop: LoopDelay;
  /** From the operator's start until it had settled. */
  readonly sightings: Sightings;
  /** After that; its sightings are from the operator's start. */
  readonly stay: { readonly asked: Asked; readonly usage: ProcessUsage | undefined; readonly sightings: Sightings };
}

/** The API server calms down after the objects were made. */
const CALM_MS = 2_000;
/** Writes that are under way when the last object is Available count too. */
const LATE_MS = 1_000;

/** Rejects when objects stop becoming Available. */
export async function runCold(site: Site, plan: ColdRunPlan): Promise<ColdRun> {
  const { api, farm } = site;
  await createObjects(api, plan.declarations);
  const names = plan.awaited.map(objectName);
  const watch = await watchFleet(api);
  try {
    await sleep(CALM_MS);
    await farm.reset();
    const before = await readRequestCounts(api);
    const account = openCPUAccount(site.pids());
    const operator = site.startOperator({ isProfiled: plan.isProfiled ?? false });
    try {
      await Promise.race([watch.whenAvailable(names), operator.trouble]).catch(async (error: unknown) => {
        throw new Error(
          `${error instanceof Error ? error.message : error}; the operator said last: ${await operator.readLastLine()}`,
        );
      });
      const usage = readProcessUsage(operator.pid());
      const cpuMs = account.read({ operator: usage?.cpuMs ?? 0 });
      const loop = readLoopDelay(await operator.scrape());
      await sleep(LATE_MS);
      const sightings = await farm.read();
      if (plan.isQuiet === true) await untilEventsTold(operator);
      const settled = await readRequestCounts(api);
      const staySinceMs = Date.now();
      await Promise.race([sleep(plan.staySeconds * 1_000), operator.trouble]);
      const after = await readRequestCounts(api);
      const staySeconds = (Date.now() - staySinceMs) / 1_000;
      const stay = {
        asked: askedBetween(settled, after, staySeconds),
        usage: readProcessUsage(operator.pid()),
        sightings: await farm.read(),
      };
      const times = names.map((name) => (watch.availableAtMs.get(name) ?? Number.NaN) - operator.startedMs);
      const lastAvailableMs = Math.max(...times);
      return {
        objects: plan.declarations.length,
        lastAvailableMs,
        medianAvailableMs: quantile(times, 0.5),
        syncedMs: await operator.readSyncedMs(),
        firstProbeMs: (sightings.firstRequestMs ?? Number.NaN) - operator.startedMs,
        asked: askedBetween(before, settled, lastAvailableMs / 1_000),
        usage,
        cpuMs,
        loop,
        stay,
        sightings,
      };
    } finally {
      await operator.stop();
    }
  } finally {
    await watch.close();
    await deleteObjects(api);
  }
}

function askedBetween(before: RequestCounts, after: RequestCounts, seconds: number): Asked {
  const counts = difference(before, after);
  return {
    seconds,
    statusWrites: countStatusWrites(counts),
    writes: countWrites(counts),
    gets: countGets(counts),
    requests: Object.fromEntries([...counts].sort()),
  };
}
