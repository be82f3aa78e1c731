/**
 * From what a cold start measured to what it means: the bounds of the project and the rows of the table. Pure.
 *
 * Times and ratios are judged by their median over the runs, counts by their worst run.
 */
import type { BenchOptions } from './arguments.ts';
import type { ColdStartData, Measured } from './cold-start.ts';
import type { FailingRuns } from './failing.ts';
import { PASSES } from './floor/floors.ts';
import { boundLoopDelay } from './loop-delay.ts';
import { type Bound, memoryBound, type Report, type Row, type Section, type Unit } from './report.ts';
import { spreadOf } from './statistics.ts';

/** Issue 5. */
const MAX_TIMES_FLOOR = 1.2;
const MAX_FIRST_WATCH_S = 1;
const MAX_WRITES_PER_OBJECT = 1;
const MAX_RETRIES = 5;
/** If failing servers held slots of healthy ones, it would be by their time-outs: many times. Below this it is noise. */
const MAX_TIMES_HEALTHY = 1.5;
/** A quarter of a core of noise moves a time on two cores by about an eighth. */
const MAX_FOREIGN_CORES = 0.25;

export function reportColdStart(data: ColdStartData, options: BenchOptions): Report {
  const { measured, failing } = data;
  const bounds = [...boundsOf(measured), ...(failing === undefined ? [] : boundsOfFailing(failing))];
  const sections = [coldSection(measured, options), costSection(measured, options), floorSection(measured)];
  if (failing !== undefined) sections.push(failingSection(failing, options));
  const busy = Math.max(...measured.flatMap((each) => [foreignInCold(each), foreignInFloors(each)]));
  const warning = `Something else kept up to ${busy.toFixed(1)} cores busy: repeat this on a quiet machine before believing it.`;
  return { bounds, sections, notes: busy > MAX_FOREIGN_CORES ? [...NOTES, warning] : NOTES, data };
}

const NOTES = [
  'Floor: the slower of the two bare loops in the first pass of a fresh process, its own start not counted; the cold start counts from exec.',
  "First watch: the operator's log line 'caches synced', when the first list is complete. Status writes and GETs: as the API server counts.",
  'Event-loop delay: how late a timer of the operator fires that is due every 20 ms; in a short start one late one is more than 1 %.',
  'Retries: requests to a failing server after its first, as the servers count. Refused connections reach nobody who could count them.',
];

function boundsOf(measured: readonly Measured[]): Bound[] {
  const colds = measured.map(({ cold }) => cold);
  const worst = (values: readonly number[]) => spreadOf(values).most;
  const median = (values: readonly number[]) => spreadOf(values).median;
  const [last] = colds.slice(-1);
  return [
    { name: 'cold start / floor', value: median(measured.map(timesFloor)), limit: MAX_TIMES_FLOOR, unit: 'times' },
    {
      name: 'start to first watch',
      value: median(colds.map(({ syncedMs }) => syncedMs / 1_000)),
      limit: MAX_FIRST_WATCH_S,
      unit: 'seconds',
    },
    {
      name: 'status writes per object',
      value: worst(colds.map(({ asked, objects }) => asked.statusWrites / objects)),
      limit: MAX_WRITES_PER_OBJECT,
      unit: 'count',
    },
    memoryBound('memory of the operator', worst(colds.map(({ usage }) => usage?.rssMiB ?? Number.NaN))),
    boundLoopDelay(
      'during the cold start',
      colds.map(({ loop }) => loop),
    ),
    { name: 'GETs per object', value: worst(colds.map(({ asked, objects }) => asked.gets / objects)), limit: 0, unit: 'count' },
    { name: 'writes while idle', value: last?.stay.asked.writes ?? Number.NaN, limit: 0, unit: 'count' },
  ];
}

function boundsOfFailing({ besideHealthy, besideFailing }: FailingRuns): Bound[] {
  return [
    { name: 'retries in flight at once', value: besideFailing.stay.sightings.peakRetries, limit: MAX_RETRIES, unit: 'count' },
    {
      name: 'healthy beside failing / beside healthy',
      value: besideFailing.lastAvailableMs / besideHealthy.lastAvailableMs,
      limit: MAX_TIMES_HEALTHY,
      unit: 'times',
    },
  ];
}

function timesFloor({ cold, floors }: Measured): number {
  return cold.lastAvailableMs / 1_000 / floors.seconds;
}

function coldSection(measured: readonly Measured[], { n }: BenchOptions): Section {
  const row = rowsOf(measured);
  return {
    title: `${n.toLocaleString('en-US')} healthy servers, time from the start`,
    rows: [
      row('caches synced', 'seconds', ({ cold }) => cold.syncedMs / 1_000),
      row('first probe seen by a server', 'seconds', ({ cold }) => cold.firstProbeMs / 1_000),
      row('half are Available', 'seconds', ({ cold }) => cold.medianAvailableMs / 1_000),
      row('the last is Available', 'seconds', ({ cold }) => cold.lastAvailableMs / 1_000),
      row('… as a multiple of the floor', 'times', timesFloor),
      row('probes per object', 'count', ({ cold }) => cold.sightings.probes / cold.objects),
      row('most connections to servers at once', 'count', ({ cold }) => cold.sightings.peakConnections),
      row('writes of events per object', 'count', ({ cold }) => (cold.asked.writes - cold.asked.statusWrites) / cold.objects),
    ],
  };
}

function costSection(measured: readonly Measured[], { idleSeconds }: BenchOptions): Section {
  const row = rowsOf(measured);
  const cpu = (name: string) =>
    row(`CPU per object, ${name}`, 'milliseconds', ({ cold }) => perObject(cold.cpuMs?.[name], cold.objects));
  const [last] = measured.slice(-1);
  const idle: Row = {
    name: `memory after ${idleSeconds} s idle`,
    values: [last?.cold.stay.usage?.rssMiB ?? Number.NaN],
    unit: 'MiB',
  };
  return {
    title: 'cost until the last is Available',
    rows: [
      cpu('operator'),
      cpu('apiserver'),
      cpu('etcd'),
      cpu('farm'),
      cpu('bench'),
      row('cores busy with anything else', 'cores', foreignInCold),
      row('event-loop delay, p99', 'milliseconds', ({ cold }) => cold.loop.p99Ms),
      row('memory of the operator', 'MiB', ({ cold }) => cold.usage?.rssMiB ?? Number.NaN),
      row('… without the program file', 'MiB', ({ cold }) => cold.usage?.anonymousMiB ?? Number.NaN),
      row('… at its highest', 'MiB', ({ cold }) => cold.usage?.peakRSSMiB ?? Number.NaN),
      idle,
    ],
  };
}

function floorSection(measured: readonly Measured[]): Section {
  const row = rowsOf(measured);
  return {
    title: 'floor, the same number of each',
    rows: [
      row('probes, first pass', 'seconds', ({ floors }) => floors.probe.first.seconds),
      row('probes, second pass', 'seconds', ({ floors }) => floors.probe.second.seconds),
      row('status writes, first pass', 'seconds', ({ floors }) => floors.status.first.seconds),
      row('status writes, second pass', 'seconds', ({ floors }) => floors.status.second.seconds),
      row('CPU per probe, first pass', 'milliseconds', ({ floors, cold }) => perObject(floors.probe.first.cpuMs, cold.objects)),
      row('CPU per write, first pass', 'milliseconds', ({ floors, cold }) => perObject(floors.status.first.cpuMs, cold.objects)),
      row('CPU per write, apiserver', 'milliseconds', ({ floors, cold }) =>
        perObject(floors.status.cpuMs?.['apiserver'], PASSES * cold.objects),
      ),
      row('cores busy with anything else', 'cores', foreignInFloors),
    ],
  };
}

/** Cores that nothing of ours kept busy. */
function foreignInCold({ cold }: Measured): number {
  return (cold.cpuMs?.['foreign'] ?? Number.NaN) / cold.lastAvailableMs;
}

function foreignInFloors({ floors: { probe, status } }: Measured): number {
  const foreignMs = [probe, status].map(({ cpuMs }) => cpuMs?.['foreign'] ?? Number.NaN);
  return foreignMs.reduce((sum, ms) => sum + ms, 0) / 1_000 / (probe.totalSeconds + status.totalSeconds);
}

function failingSection({ alone, besideHealthy, besideFailing }: FailingRuns, { failing, windowSeconds }: BenchOptions): Section {
  const row = (name: string, value: number, unit: Unit): Row => ({ name, values: [value], unit });
  const { asked, sightings } = besideFailing.stay;
  return {
    title: `${failing} failing servers beside ${failing} healthy ones`,
    rows: [
      row('last healthy one, alone', alone.lastAvailableMs / 1_000, 'seconds'),
      row('… beside as many more healthy ones', besideHealthy.lastAvailableMs / 1_000, 'seconds'),
      row('… beside failing ones', besideFailing.lastAvailableMs / 1_000, 'seconds'),
      row(`retries seen by servers in ${windowSeconds} s`, sightings.retries, 'count'),
      row('most of them in flight at once', sightings.peakRetries, 'count'),
      row('status writes per second meanwhile', asked.statusWrites / asked.seconds, 'count'),
    ],
  };
}

function perObject(cpuMs: number | undefined, objects: number): number {
  return (cpuMs ?? Number.NaN) / objects;
}

function rowsOf(measured: readonly Measured[]) {
  return (name: string, unit: Unit, value: (each: Measured) => number): Row => ({ name, values: measured.map(value), unit });
}
