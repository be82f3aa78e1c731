/**
 * Scenario `cold-start`: how long a fresh operator needs until every healthy server is Available, against the floor of the same minutes,
 * what that costs, and whether failing servers cost the healthy ones anything.
 */
import type { BenchOptions } from './arguments.ts';
import { type ColdRun, runCold } from './cold-run.ts';
import { reportColdStart } from './cold-start-report.ts';
import { type FailingRuns, runFailing } from './failing.ts';
import { createObjects, type Declaration, declare, deleteObjects, indices } from './fleet.ts';
import { type Floors, measureFloors } from './floor/floors.ts';
import type { Report } from './report.ts';
import { openSite, type Site, type SiteDeps } from './site.ts';
import { WARM_UP_OBJECTS, warmUp } from './warm-up.ts';

/** A floor and the cold start right after it. */
export interface Measured {
  readonly floors: Floors;
  readonly cold: ColdRun;
}

export interface ColdStartData {
  readonly measured: readonly Measured[];
  readonly failing: FailingRuns | undefined;
}

export async function runColdStart(options: BenchOptions, deps: SiteDeps): Promise<Report> {
  const { n, runs, failing } = options;
  const site = await openSite(deps, Math.max(n, 2 * failing, WARM_UP_OBJECTS), options);
  const declarations = declare(site.farm, n);
  deps.say('warming up');
  const status = await warmUp(site);
  const measured: Measured[] = [];
  for (let run = 1; run <= runs; run++) {
    deps.say(`run ${run} of ${runs}: floors of ${n} probes and ${n} status writes`);
    const floors = await measureFloorsOf(site, declarations, status);
    const isLast = run === runs;
    deps.say(`run ${run} of ${runs}: cold start of ${n} servers${isLast ? `, then ${options.idleSeconds} s of quiet` : ''}`);
    const staySeconds = isLast ? options.idleSeconds : 0;
    const cold = await runCold(site, {
      declarations,
      awaited: indices(n),
      staySeconds,
      isQuiet: staySeconds > 0,
      isProfiled: isLast,
    });
    measured.push({ floors, cold });
  }
  const data: ColdStartData = { measured, failing: failing === 0 ? undefined : await runFailing(site, options, deps.say) };
  return reportColdStart(data, options);
}

async function measureFloorsOf(
  site: Site,
  declarations: readonly Declaration[],
  status: Record<string, unknown>,
): Promise<Floors> {
  const identities = await createObjects(site.api, declarations);
  try {
    const urls = declarations.map(({ url }) => url);
    return await measureFloors({ urls, identities, kubeconfig: site.kubeconfig, status, pids: site.pids() });
  } finally {
    await deleteObjects(site.api);
  }
}
