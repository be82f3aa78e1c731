/**
 * From outages to what they mean. Pure.
 */
import type { BenchOptions } from './arguments.ts';
import type { Outage } from './outage.ts';
import type { Bound, Report, Section, Unit } from './report.ts';

/** Issue 5. */
const MAX_RECOVERY_S = 15;
const MAX_RETRIES = 5;

export function reportOutage(outages: readonly Outage[], { n }: Pick<BenchOptions, 'n'>): Report {
  return {
    bounds: outages.flatMap(boundsOf),
    sections: outages.map((outage) => sectionOf(outage, n)),
    notes: NOTES,
    data: outages,
  };
}

const NOTES = [
  "From the moment when all servers are back until every object is Available. Retries in flight: counted by the servers from the outage's",
  'begin until then, where anybody listens; connections that are refused reach nobody who could count them, and the operator tells.',
];

/** In words of the bounds and rows. */
const WORDS: Readonly<Record<Outage['kind'], string>> = { refused: 'refused', unavailable: '503' };

function boundsOf({ kind, noticed, recoveryMs, sightings, peakRetriesSaid }: Outage): Bound[] {
  // Where nobody noticed there is nothing to recover from: that is no measurement.
  const recoveryS = noticed === 0 ? Number.NaN : recoveryMs / 1_000;
  const word = WORDS[kind];
  return [
    { name: `${word}: all Available again after`, value: recoveryS, limit: MAX_RECOVERY_S, unit: 'seconds' },
    { name: `${word}: retries in flight, servers`, value: sightings.peakRetries, limit: MAX_RETRIES, unit: 'count' },
    { name: `${word}: retries in flight, operator`, value: peakRetriesSaid, limit: MAX_RETRIES, unit: 'count' },
  ];
}

function sectionOf(outage: Outage, n: number): Section {
  const { kind, downSeconds, noticed, recoveryMs, probes, sightings, cpuMs, usage } = outage;
  const row = (name: string, value: number, unit: Unit) => ({ name, values: [value], unit });
  return {
    title: `all ${n.toLocaleString('en-US')} servers down for ${downSeconds} s: ${WORDS[kind]}`,
    rows: [
      row('objects that were not Available at the end', noticed, 'count'),
      row('all are Available again after', recoveryMs / 1_000, 'seconds'),
      row('probes meanwhile, per server', probes / n, 'count'),
      row('probes meanwhile, per second', probes / downSeconds, 'count'),
      row('retries that servers saw, with the recovery', sightings.retries, 'count'),
      row('CPU of the operator, cores', cpuMs / 1_000 / (downSeconds + recoveryMs / 1_000), 'cores'),
      row('memory of the operator', usage?.rssMiB ?? Number.NaN, 'MiB'),
    ],
  };
}
