/**
 * The scenarios by name. A new one is a file with a function of this shape, and a line here.
 */
import type { BenchOptions } from './arguments.ts';
import { runColdStart } from './cold-start.ts';
import { runFailover } from './failover.ts';
import { runLatency } from './latency.ts';
import { runMixed } from './mixed.ts';
import { runOutage } from './outage.ts';
import { runProbe } from './probe.ts';
import type { Report } from './report.ts';
import { runRest } from './rest.ts';
import type { SiteDeps } from './site.ts';
import { runSoak } from './soak/soak.ts';

export interface Scenario {
  readonly name: string;
  /** What it tells, in half a line. */
  readonly summary: string;
  /** Rejects with one line when it could not be measured. */
  run(options: BenchOptions, deps: SiteDeps): Promise<Report>;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'cold-start',
    summary: 'a fresh operator until every healthy server is Available, its cost, and failing servers beside them',
    run: runColdStart,
  },
  {
    name: 'mixed',
    summary: 'the last healthy server of a fleet with 10 % refused and 10 % tar-pits, against a healthy fleet',
    run: runMixed,
  },
  {
    name: 'latency',
    summary: 'from an edit to its verdict, idle and while the probes of all objects are due',
    run: runLatency,
  },
  {
    name: 'failover',
    summary: 'from the end of the operator that leads to the first verdict of the other',
    run: runFailover,
  },
  {
    name: 'outage',
    summary: 'all servers down and back: until all are Available again, retries in flight, probes meanwhile',
    run: runOutage,
  },
  {
    name: 'rest',
    summary: 'a healthy fleet left alone: the spread of its probes, API writes, memory, CPU per probe',
    run: runRest,
  },
  {
    name: 'soak',
    summary: 'a fleet that changes for minutes, and whether anything that the operator holds grows (npm run soak)',
    run: runSoak,
  },
  {
    name: 'probe',
    summary: 'what one probe costs against a bare loop and the SDK, what credentials add, and what a silent server holds',
    run: runProbe,
  },
];
