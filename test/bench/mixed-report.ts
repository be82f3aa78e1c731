/**
 * From cold starts beside failing servers to what they mean. Pure.
 */
import type { BenchOptions } from './arguments.ts';
import type { ColdRun } from './cold-run.ts';
import { boundLoopDelay } from './loop-delay.ts';
import type { MixedRun } from './mixed.ts';
import { memoryBound, type Report, type Row, type Unit } from './report.ts';
import { spreadOf } from './statistics.ts';

/** Issue 5. Where tar-pits fill the places of healthy servers it is by their time-outs: many times. */
const MAX_TIMES_HEALTHY = 1.2;

export function reportMixed(measured: readonly MixedRun[], { n }: Pick<BenchOptions, 'n'>): Report {
  const mixed = measured.map((run) => run.mixed);
  const bounds = [
    {
      name: 'last healthy one beside failing / all healthy',
      value: spreadOf(measured.map(timesHealthy)).median,
      limit: MAX_TIMES_HEALTHY,
      unit: 'times',
    } as const,
    memoryBound('memory of the operator', Math.max(...mixed.map(({ usage }) => usage?.rssMiB ?? Number.NaN))),
    boundLoopDelay(
      'during the mixed cold start',
      mixed.map(({ loop }) => loop),
    ),
  ];
  const row = (name: string, unit: Unit, value: (run: MixedRun) => number): Row => ({ name, unit, values: measured.map(value) });
  const cpu = (run: ColdRun) => (run.cpuMs?.['operator'] ?? Number.NaN) / run.objects;
  const rows = [
    row('all healthy: the last is Available', 'seconds', ({ healthy }) => healthy.lastAvailableMs / 1_000),
    row('mixed: the last healthy one is Available', 'seconds', (run) => run.mixed.lastAvailableMs / 1_000),
    row('… as a multiple', 'times', timesHealthy),
    row('mixed: half of the healthy ones are Available', 'seconds', (run) => run.mixed.medianAvailableMs / 1_000),
    row('all healthy: CPU of the operator per object', 'milliseconds', ({ healthy }) => cpu(healthy)),
    row('mixed: CPU of the operator per object', 'milliseconds', (run) => cpu(run.mixed)),
    row('mixed: memory of the operator', 'MiB', (run) => run.mixed.usage?.rssMiB ?? Number.NaN),
    row('mixed: tar-pits that hold a request at once', 'count', (run) => run.mixed.sightings.peakFailing),
    row(
      'cores busy with anything else, mixed',
      'cores',
      ({ mixed: run }) => (run.cpuMs?.['foreign'] ?? Number.NaN) / run.lastAvailableMs,
    ),
  ];
  const title = `${n.toLocaleString('en-US')} servers, of every ten the fourth refuses and the eighth never answers`;
  return { bounds, sections: [{ title, rows }], notes: NOTES, data: measured };
}

function timesHealthy({ healthy, mixed }: MixedRun): number {
  return mixed.lastAvailableMs / healthy.lastAvailableMs;
}

const NOTES = ['Times count from exec. Objects are there first. The ratio is of two cold starts, one right after the other.'];
