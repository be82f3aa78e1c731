/**
 * Scenario `soak`: one operator while for minutes objects come, go and are edited, servers flap and the API server
 * is restarted, by a plan that the seed decides. Every ten seconds it is looked at what the operator holds, its garbage collected before;
 * what grows is a leak. At the end all servers are healthy, and every object must become Available.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../platform/until.ts';
import { API_WIDTH } from '../api.ts';
import type { BenchOptions } from '../arguments.ts';
import { declare, deleteObjects, indices } from '../fleet.ts';
import type { Operator } from '../operator.ts';
import { runPool } from '../pool.ts';
import type { Report } from '../report.ts';
import { openSite, type Site, type SiteDeps } from '../site.ts';
import { type Action, firstObjects, planChurn } from './churn.ts';
import { act, countAvailable } from './fleet-in-motion.ts';
import { type Holdings, readHoldings } from './samples.ts';
import { createSeededRandom } from './seeded-random.ts';
import { reportSoak } from './soak-report.ts';

export interface SoakSample {
  readonly atSeconds: number;
  readonly holdings: Holdings;
}

export interface SoakData {
  readonly seconds: number;
  readonly samples: readonly SoakSample[];
  /** By kind, how often it was done. */
  readonly actions: Readonly<Record<Action['kind'], number>>;
  /** At the end, when all servers were healthy again: how long until all objects were Available, and how many there were. */
  readonly settledSeconds: number;
  readonly objects: number;
}

const ACT_EVERY_MS = 100;
/** Actions between two restarts: about a minute, and a third of a shorter soak. */
const restartEvery = (minutes: number) => Math.ceil(Math.min(60_000, minutes * 20_000) / ACT_EVERY_MS);
const FAILING_SHARE = 0.2;
const SAMPLE_SECONDS = 10;
/** A short soak, as in the smoke test, still has enough samples for a line. */
const MIN_SAMPLES = 10;
/** For the operator to collect its garbage, and for probes to end that were under way. */
const COLLECT_MS = 250;
const SETTLE_MS = 120_000;
/** Failures are noticed, tried again and recovered from within the time of a short soak, and never called permanent. */
const SPEC = {
  probe: { periodSeconds: 10, timeoutSeconds: 2, deadlineSeconds: 4, progressDeadlineSeconds: 0 },
  retry: { attempts: 2, initialBackoffSeconds: 1, maxBackoffSeconds: 4 },
};
const NODE_FLAGS = ['--expose-gc', `--import=${path.join(import.meta.dirname, 'collect-garbage.ts')}`];

export async function runSoak(options: BenchOptions, deps: SiteDeps): Promise<Report> {
  const { n, minutes, seed } = options;
  const servers = 2 * n;
  const site = await openSite(deps, servers, options);
  const declarations = declare(site.farm, servers, SPEC);
  deps.say(`${n} objects`);
  const churn = { servers, failingShare: FAILING_SHARE, restartEvery: restartEvery(minutes) };
  const first = firstObjects(churn);
  await runPool(first.length, API_WIDTH, (nth) => act(site, declarations, { kind: 'create', index: first[nth] ?? 0 }));
  // Without leader election: a leader that can not renew its lease for 10 s ends, as it must, and a restart may take that long here.
  const operator = site.startOperator({ isProfiled: true, nodeFlags: NODE_FLAGS });
  try {
    await Promise.race([untilAvailable(site), operator.trouble]);
    const plan = planChurn(createSeededRandom(seed), churn);
    const moving = move(minutes * 60, { ...deps, operator, act: (action) => act(site, declarations, action), plan });
    const { samples, actions } = await Promise.race([moving, operator.trouble]);
    deps.say('all servers are healthy: until all objects are Available');
    await site.farm.behave(indices(servers), { kind: 'healthy' });
    const sinceMs = performance.now();
    const objects = await Promise.race([untilAvailable(site), operator.trouble]);
    const settledSeconds = (performance.now() - sinceMs) / 1_000;
    return reportSoak({ seconds: minutes * 60, samples, actions, settledSeconds, objects }, options);
  } finally {
    await operator.stop();
    await deleteObjects(site.api);
  }
}

interface Motion extends SiteDeps {
  readonly operator: Operator;
  readonly plan: Generator<Action, never>;
  readonly act: (action: Action) => Promise<void>;
}

/** Acts and takes samples side by side until the time is over; the first failure ends both. */
async function move(seconds: number, motion: Motion): Promise<Pick<SoakData, 'samples' | 'actions'>> {
  const { operator, plan, act: carryOut, say } = motion;
  const stopping = new AbortController();
  const { signal } = stopping;
  const startMs = performance.now();
  const elapsedSeconds = () => (performance.now() - startMs) / 1_000;
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined);
  const actions = { create: 0, delete: 0, edit: 0, flap: 0, restart: 0 };
  const samples: SoakSample[] = [];

  const change = async () => {
    while (!signal.aborted && elapsedSeconds() < seconds) {
      const action = plan.next().value;
      await carryOut(action);
      actions[action.kind]++;
      await pause(ACT_EVERY_MS);
    }
  };
  const everySeconds = Math.min(SAMPLE_SECONDS, seconds / MIN_SAMPLES);
  const look = async () => {
    for (let taken = 1; !signal.aborted && taken * everySeconds <= seconds; taken++) {
      await pause(Math.max(0, (taken * everySeconds - elapsedSeconds()) * 1_000));
      operator.signal('SIGUSR2');
      await pause(COLLECT_MS);
      samples.push({ atSeconds: elapsedSeconds(), holdings: readHoldings(operator.pid(), await operator.scrape()) });
      say(`${Math.round(elapsedSeconds())} of ${Math.round(seconds)} s: ${describe(samples.at(-1)?.holdings)}`);
    }
  };
  try {
    await Promise.all([change(), look()]);
    return { samples, actions };
  } finally {
    stopping.abort();
  }
}

function describe(holdings: Holdings | undefined): string {
  return Object.entries(holdings ?? {})
    .map(([name, value]) => `${name} ${value.toFixed(0)}`)
    .join(', ');
}

/** Resolves with the number of objects. The API server may just come back. */
async function untilAvailable(site: Site): Promise<number> {
  const look = async () => {
    const { objects, available } = await countAvailable(site);
    if (available < objects) throw new Error(`${available} of ${objects} are`);
    return { objects };
  };
  const { objects } = await until(look, { what: 'all objects are Available', timeoutMs: SETTLE_MS, intervalMs: 500 });
  return objects;
}
