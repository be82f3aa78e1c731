/**
 * Failing servers beside healthy ones: half answer 503 after a moment, half refuse connections, all are tried again every few seconds.
 * How many retries are in flight is counted by the servers; what it costs the healthy ones, by comparing three cold starts: the healthy
 * servers alone, beside as many more healthy ones, and beside failing ones.
 */
import type { BenchOptions } from './arguments.ts';
import { type ColdRun, runCold } from './cold-run.ts';
import type { Declaration } from './fleet.ts';
import type { Site } from './site.ts';

export interface FailingRuns {
  readonly alone: ColdRun;
  readonly besideHealthy: ColdRun;
  readonly besideFailing: ColdRun;
}

/**
 * Without the cap, 100 servers that answer after 250 ms and are tried every 1 to 4 s would keep 6 to 20 retries in flight: a lane that
 * leaks shows. One attempt per probe, so that the second request to a server is a retry.
 */
const ANSWER_MS = 250;
const IMPATIENT = { retry: { attempts: 1, initialBackoffSeconds: 1, maxBackoffSeconds: 4 } };

export async function runFailing(site: Site, options: BenchOptions, say: (what: string) => void): Promise<FailingRuns> {
  const { failing: count, windowSeconds } = options;
  const { farm } = site;
  // Even ones are healthy, odd ones are the others: neither come first.
  const healthy = Array.from({ length: count }, (_, index) => 2 * index);
  const others = healthy.map((index) => index + 1);
  const both = farm.urls.slice(0, 2 * count).map((url): Declaration => ({ url, spec: IMPATIENT }));
  const alone = both.filter((_, index) => index % 2 === 0);

  say(`${count} healthy servers alone`);
  const runAlone = await runCold(site, { declarations: alone, awaited: alone.map((_, index) => index), staySeconds: 0 });
  say(`the same beside ${count} more healthy servers`);
  const besideHealthy = await runCold(site, { declarations: both, awaited: healthy, staySeconds: 0 });
  say(`the same beside ${count} failing servers, then ${windowSeconds} s of their retries`);
  const isRefused = (index: number) => index % 4 === 3;
  await farm.behave(others.filter(isRefused), { kind: 'refused' });
  await farm.behave(
    others.filter((index) => !isRefused(index)),
    { kind: 'unavailable', delayMs: ANSWER_MS },
  );
  const besideFailing = await runCold(site, { declarations: both, awaited: healthy, staySeconds: windowSeconds });
  await farm.behave(others, { kind: 'healthy' });
  return { alone: runAlone, besideHealthy, besideFailing };
}
