/**
 * From samples of what an operator holds to what it means: the slope of each, and whether it rose by more than noise. Pure.
 *
 * A leak rises with time and noise does not: the bound is on what the line through the samples rises over the whole time.
 */
import type { BenchOptions } from '../arguments.ts';
import type { Bound, Report, Row, Unit } from '../report.ts';
import type { Holdings } from './samples.ts';
import { type Growth, growthOf } from './slope.ts';
import type { SoakData } from './soak.ts';

interface Measure {
  readonly unit: Unit;
  /** The most that the line may rise. */
  readonly maxRise: number;
}

/**
 * Heap after a collection of garbage moves with what is under way: a few MiB. Resident memory follows it in larger steps. At any moment
 * some probes have a socket and timers; tar-pits, a fifth of a fifth of the servers, hold theirs for two seconds in ten.
 */
const MEASURES: Readonly<Record<keyof Holdings, Measure>> = {
  'heap in use': { unit: 'MiB', maxRise: 4 },
  'resident memory': { unit: 'MiB', maxRise: 16 },
  'file descriptors': { unit: 'count', maxRise: 10 },
  sockets: { unit: 'count', maxRise: 10 },
  timers: { unit: 'count', maxRise: 20 },
  'active resources': { unit: 'count', maxRise: 30 },
};
const NAMES = Object.keys(MEASURES) as (keyof Holdings)[];

/** Code is compiled and buffers are filled in the beginning: a fifth of the time, at most two minutes, is left out. */
const WARM_UP_SHARE = 0.2;
const MAX_WARM_UP_SECONDS = 120;

export function reportSoak(data: SoakData, { seed }: Pick<BenchOptions, 'seed'>): Report {
  const { seconds, samples, actions, settledSeconds, objects } = data;
  const warmUpSeconds = Math.min(seconds * WARM_UP_SHARE, MAX_WARM_UP_SECONDS);
  const late = samples.filter(({ atSeconds }) => atSeconds >= warmUpSeconds);
  const growths = new Map(
    NAMES.map((name) => [name, growthOf(late.map(({ atSeconds, holdings }) => ({ atSeconds, value: holdings[name] })))]),
  );
  const row = (name: string, value: number, unit: Unit = 'count'): Row => ({ name, values: [value], unit });
  const done = Object.entries(actions).map(([kind, times]) => row(kind, times));
  return {
    bounds: NAMES.map((name) => boundOf(name, growths.get(name))),
    sections: [
      { title: `samples after ${warmUpSeconds.toFixed(0)} s`, rows: NAMES.map((name) => valuesOf(name, late)) },
      { title: 'slope per minute', rows: NAMES.map((name) => slopeOf(name, growths.get(name))) },
      {
        title: `what happened in ${seconds.toFixed(0)} s, seed ${seed}`,
        rows: [...done, row('objects at the end', objects), row('all Available again after', settledSeconds, 'seconds')],
      },
    ],
    notes: ['The rise is that of the median slope over the time that is judged. Heap: after garbage was collected.'],
    data,
  };
}

function boundOf(name: keyof Holdings, growth: Growth | undefined): Bound {
  const { unit, maxRise } = MEASURES[name];
  return { name: `rise of ${name}`, value: growth?.rise ?? Number.NaN, limit: maxRise, unit };
}

function valuesOf(name: keyof Holdings, samples: SoakData['samples']): Row {
  return { name, values: samples.map(({ holdings }) => holdings[name]), unit: MEASURES[name].unit };
}

function slopeOf(name: keyof Holdings, growth: Growth | undefined): Row {
  const { unit } = MEASURES[name];
  // Less than a MiB per minute is a leak, too: KiB show it.
  const isMiB = unit === 'MiB';
  const perMinute = growth?.perMinute ?? Number.NaN;
  return { name, values: [isMiB ? perMinute * 1_024 : perMinute], unit: isMiB ? 'KiB' : unit };
}
