/**
 * The scenarios by name. A new one is a file with a function of this shape, and a line here.
 */
import type { BenchOptions } from './arguments.ts';
import { runColdStart } from './cold-start.ts';
import type { Report } from './report.ts';
import type { SiteDeps } from './site.ts';

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
];
