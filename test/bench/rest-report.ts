/**
 * From a fleet at rest to what it means. Pure.
 */
import type { BenchOptions } from './arguments.ts';
import { boundLoopDelay } from './loop-delay.ts';
import { memoryBound, type Report, type Row, type Unit } from './report.ts';
import { PROBES_PER_HOUR, type RestData } from './rest.ts';

/** Issue 5. */
const MAX_TIMES_MEAN = 3;
const MAX_WRITES_PER_OBJECT = 1;
/** "Flat": what a collection of garbage moves it by, and no more. */
const MAX_GROWTH = 1.1;

export function reportRest(data: RestData, options: Pick<BenchOptions, 'n' | 'periodSeconds'>): Report {
  const { n, periodSeconds } = options;
  const { seconds, statusWrites, otherWrites, before, after, loop } = data;
  const [beforeMiB, afterMiB] = [before?.rssMiB ?? Number.NaN, after?.rssMiB ?? Number.NaN];
  const { most, mean } = paceOf(data);
  return {
    bounds: [
      { name: 'probes in the fullest second / mean', value: most / mean, limit: MAX_TIMES_MEAN, unit: 'times' },
      {
        name: "writes per object in an hour's worth of probes, beside the lease",
        value: (statusWrites + otherWrites) / n,
        limit: MAX_WRITES_PER_OBJECT,
        unit: 'count',
      },
      memoryBound('memory after the start', beforeMiB),
      memoryBound("memory after an hour's worth of probes", afterMiB),
      { name: '… as a multiple of that after the start', value: afterMiB / beforeMiB, limit: MAX_GROWTH, unit: 'times' },
      boundLoopDelay('at rest', [loop]),
    ],
    sections: [
      {
        title: `${n.toLocaleString('en-US')} healthy servers, one probe of each in ${periodSeconds} s`,
        rows: rowsOf(data, options),
      },
    ],
    notes: [
      `An hour's worth: ${PROBES_PER_HOUR} periods, ${seconds.toFixed(0)} s. The hourly write of lastSuccessTime comes in proportion, so writes per object`,
      'are those of an hour at the usual period; the lease is renewed at its usual pace, and its writes are extrapolated. They are counted by the',
      'API server, whose own lease is among them.',
    ],
    data,
  };
}

function rowsOf(data: RestData, { n, periodSeconds }: Pick<BenchOptions, 'n' | 'periodSeconds'>): Row[] {
  const { seconds, statusWrites, otherWrites, leaseWrites, sightings, cpuMs, loop } = data;
  const row = (name: string, value: number, unit: Unit): Row => ({ name, values: [value], unit });
  const { most, least, mean } = paceOf(data);
  const cpuPerProbe = (cpuMs?.['operator'] ?? Number.NaN) / sightings.probes;
  return [
    row('probes per second that were due', n / periodSeconds, 'count'),
    row('… that servers saw, sustained', mean, 'count'),
    row('… in the fullest second', most, 'count'),
    row('… in the emptiest second', least, 'count'),
    row('CPU of the operator per probe', cpuPerProbe, 'milliseconds'),
    row('… which is, of one core, probes per second', 1_000 / cpuPerProbe, 'count'),
    row('CPU of the operator, cores', (cpuMs?.['operator'] ?? Number.NaN) / 1_000 / seconds, 'cores'),
    row('cores busy with anything else', (cpuMs?.['foreign'] ?? Number.NaN) / 1_000 / seconds, 'cores'),
    row('writes of statuses', statusWrites, 'count'),
    row('writes of events', otherWrites, 'count'),
    row('writes of leases', leaseWrites, 'count'),
    row('… in an hour, extrapolated', (leaseWrites * 3_600) / seconds, 'count'),
    row('event-loop delay, samples within 20 ms', loop.shareWithin20Ms * 100, 'percent'),
  ];
}

/** By whole seconds: the last one was cut. */
function paceOf({ sightings, seconds }: RestData): { most: number; least: number; mean: number } {
  const whole = sightings.probesBySecond.slice(0, Math.max(Math.floor(seconds) - 1, 0));
  const silent = whole.length === 0 ? [Number.NaN] : whole;
  return { most: Math.max(...silent), least: Math.min(...silent), mean: sightings.probes / seconds };
}
