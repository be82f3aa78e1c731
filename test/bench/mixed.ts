/**
 * Scenario `mixed`: a cold start in which of every ten servers the fourth refuses connections and the eighth is a tar-pit, until the last
 * healthy one is Available, right after a cold start of the same number of healthy servers. One ratio for each run.
 */
import type { BenchOptions } from './arguments.ts';
import { type ColdRun, runCold } from './cold-run.ts';
import { declare, indices } from './fleet.ts';
import { reportMixed } from './mixed-report.ts';
import type { Report } from './report.ts';
import { openSite, type SiteDeps } from './site.ts';
import { WARM_UP_OBJECTS, warmUp } from './warm-up.ts';

/** One cold start of each kind, one right after the other. */
export interface MixedRun {
  readonly healthy: ColdRun;
  readonly mixed: ColdRun;
}

/** As the Go operator was measured: neither kind comes first or last. */
export const isRefused = (index: number) => index % 10 === 3;
export const isTarpit = (index: number) => index % 10 === 7;

export async function runMixed(options: BenchOptions, deps: SiteDeps): Promise<Report> {
  const { n, runs } = options;
  const site = await openSite(deps, Math.max(n, WARM_UP_OBJECTS), options);
  deps.say('warming up');
  await warmUp(site);
  const declarations = declare(site.farm, n);
  const refused = indices(n).filter(isRefused);
  const tarpits = indices(n).filter(isTarpit);
  const well = indices(n).filter((index) => !isRefused(index) && !isTarpit(index));
  const measured: MixedRun[] = [];
  for (let run = 1; run <= runs; run++) {
    deps.say(`run ${run} of ${runs}: cold start of ${n} healthy servers`);
    const healthy = await runCold(site, { declarations, awaited: indices(n), staySeconds: 0 });
    deps.say(`run ${run} of ${runs}: the same with ${refused.length} that refuse and ${tarpits.length} tar-pits`);
    await site.farm.behave(refused, { kind: 'refused' });
    await site.farm.behave(tarpits, { kind: 'tarpit' });
    const mixed = await runCold(site, { declarations, awaited: well, staySeconds: 0, isProfiled: run === runs });
    await site.farm.behave([...refused, ...tarpits], { kind: 'healthy' });
    measured.push({ healthy, mixed });
  }
  return reportMixed(measured, options);
}
