/**
 * From what the scenario `probe` measured to what it means: the bounds of the project and the rows of the table. Pure.
 *
 * Two ways are compared within a round, seconds apart; a bound is judged by the median of all rounds of all runs.
 */
import type { BenchOptions } from './arguments.ts';
import { type Lap, lapName, type Parking, type ProbeData, type Round } from './probe.ts';
import type { Bound, Report, Row, Section } from './report.ts';
import { spreadOf } from './statistics.ts';

const MAX_TIMES_BARE = 1.6;
/** At least twice less. */
const MAX_TIMES_SDK = 0.5;
/** Page 9, E6. */
const MAX_ADDED_PERCENT = 10;
const MAX_PARKED_KIB = 64;
const KIB = 1024;
/** As in the scenario `cold-start`: below this it is noise. */
const MAX_FOREIGN_CORES = 0.25;

const ERAS = ['modern', 'legacy'] as const;
const CREDENTIALS = [
  ['bearer', 'a Bearer token'],
  ['apiKey', 'an API key'],
  ['oauth', 'OAuth, its token cached'],
] as const;

export function reportProbe(data: ProbeData, options: BenchOptions): Report {
  const { rounds, parkings } = data;
  const heap = rowOf('heap', parkings.ours, perProbe('heapUsed'));
  const bounds: Bound[] = [
    ...ERAS.map((era) => times(`${era} probe / bare node:http loop`, MAX_TIMES_BARE, timesBare(rounds, era))),
    ...ERAS.map((era) => times(`${era} probe / client of SDK v2`, MAX_TIMES_SDK, timesSDK(rounds, era))),
    ...CREDENTIALS.map(
      ([subject, what]): Bound => ({
        name: `${what} adds`,
        value: medianOf(addedPercent(rounds, subject)),
        limit: MAX_ADDED_PERCENT,
        unit: 'percent',
      }),
    ),
    { name: 'heap of a probe of a tar-pit', value: medianOf(heap.values), limit: MAX_PARKED_KIB, unit: 'KiB' },
  ];
  const sections = [cpuSection(rounds, options), ratioSection(rounds), addedSection(rounds), parkedSection(data, options)];
  const busy = Math.max(...data.foreignCores);
  const warning = `Something else kept up to ${busy.toFixed(1)} cores busy, which costs the longer program more: repeat this on a quiet machine.`;
  return { bounds, sections, notes: busy > MAX_FOREIGN_CORES ? [...NOTES, warning] : NOTES, data };
}

const NOTES = [
  'CPU: user and system of the process that probes, garbage collection included; the servers live in another one.',
  'Bare loop: the requests of our probe, byte for byte, one connection per probe, JSON.parse and nothing else.',
  'SDK v2: connect, listTools, end of session, close; it keeps its connections from client to client, a probe has one of its own.',
  'Credentials: the Secret comes out of memory. With one GET of an API server, as in a cluster, the row below it tells the whole.',
];

function times(name: string, limit: number, values: readonly number[]): Bound {
  return { name, value: medianOf(values), limit, unit: 'times' };
}

function medianOf(values: readonly number[]): number {
  return spreadOf(values).median;
}

/** Of each round, what `one` took as a multiple of what `other` took. */
export function ratios(rounds: readonly Round[], one: Lap, other: Lap): number[] {
  return rounds.map((round) => (round[lapName(one)] ?? Number.NaN) / (round[lapName(other)] ?? Number.NaN));
}

function timesBare(rounds: readonly Round[], subject: 'modern' | 'legacy'): number[] {
  return ratios(rounds, { way: 'ours', subject }, { way: 'bare', subject });
}

function timesSDK(rounds: readonly Round[], subject: 'modern' | 'legacy'): number[] {
  return ratios(rounds, { way: 'ours', subject }, { way: 'sdk', subject });
}

/** What credentials add to a probe of the same server without, in percent of that. */
export function addedPercent(rounds: readonly Round[], subject: Lap['subject']): number[] {
  return ratios(rounds, { way: 'ours', subject }, { way: 'ours', subject: 'modern' }).map((ratio) => (ratio - 1) * 100);
}

/** KiB of `what` that each parked probe holds. */
function perProbe(what: keyof Parking['parked']): (parking: Parking) => number {
  return ({ probes, without, parked }) => (parked[what] - without[what]) / probes / KIB;
}

function rowOf(name: string, parkings: readonly Parking[], value: (parking: Parking) => number): Row {
  return { name, values: parkings.map(value), unit: 'KiB' };
}

function cpuSection(rounds: readonly Round[], { n, runs }: BenchOptions): Section {
  const row = (name: string, lap: Lap): Row => ({
    name,
    values: rounds.map((round) => round[lapName(lap)] ?? Number.NaN),
    unit: 'milliseconds',
  });
  return {
    title: `CPU per probe, ${(n * runs).toLocaleString('en-US')} of each kind in ${rounds.length} rounds`,
    rows: ERAS.flatMap((subject) => [
      row(`${subject}, bare loop`, { way: 'bare', subject }),
      row(`${subject}, ours`, { way: 'ours', subject }),
      row(`${subject}, SDK v2`, { way: 'sdk', subject }),
    ]),
  };
}

function ratioSection(rounds: readonly Round[]): Section {
  return {
    title: 'ours, as a multiple within a round',
    rows: ERAS.flatMap((era): Row[] => [
      { name: `${era} / bare loop`, values: timesBare(rounds, era), unit: 'times' },
      { name: `${era} / SDK v2`, values: timesSDK(rounds, era), unit: 'times' },
    ]),
  };
}

function addedSection(rounds: readonly Round[]): Section {
  const row = (name: string, subject: Lap['subject']): Row => ({
    name,
    values: addedPercent(rounds, subject),
    unit: 'percent',
  });
  return {
    title: 'credentials add to a modern probe',
    rows: [
      ...CREDENTIALS.map(([subject, what]) => row(what, subject)),
      row('a Bearer token, its Secret read from an API server', 'bearerFetched'),
    ],
  };
}

function parkedSection({ parkings }: ProbeData, { n }: BenchOptions): Section {
  const { ours, bare } = parkings;
  return {
    title: `held by each of ${n.toLocaleString('en-US')} probes of tar-pits`,
    rows: [
      rowOf('heap', ours, perProbe('heapUsed')),
      rowOf('outside of the heap', ours, perProbe('external')),
      rowOf('… of it array buffers', ours, perProbe('arrayBuffers')),
      rowOf('resident memory', ours, perProbe('rss')),
      rowOf('heap, bare loop', bare, perProbe('heapUsed')),
      rowOf('resident memory, bare loop', bare, perProbe('rss')),
    ],
  };
}
