import { expect, test } from 'vitest';
import type { Outage } from './outage.ts';
import { reportOutage } from './outage-report.ts';
import { holds, renderReport } from './report.ts';

const SIGHTINGS = {
  requests: {},
  serversAsked: 10,
  probes: 10,
  peakConnections: 5,
  peakFailing: 5,
  retries: 30,
  peakRetries: 5,
  probesBySecond: [10],
  timeline: [],
};
const OUTAGE: Outage = {
  kind: 'refused',
  downSeconds: 180,
  noticed: 10,
  recoveryMs: 15_000,
  probes: 60,
  peakRetriesSaid: 5,
  sightings: SIGHTINGS,
  cpuMs: 100,
  usage: { cpuMs: 1_000, rssMiB: 100, anonymousMiB: 50, peakRSSMiB: 120 },
};
const missed = (rest: Partial<Outage>) =>
  reportOutage([{ ...OUTAGE, ...rest }], { n: 10 })
    .bounds.filter((bound) => !holds(bound))
    .map(({ name }) => name);

test.each<[string, Partial<Outage>, string[]]>([
  ['at the limits nothing is missed', {}, []],
  ['a slow recovery is a miss', { recoveryMs: 15_001 }, ['refused: all Available again after']],
  ['a recovery from nothing is none', { noticed: 0, recoveryMs: 0 }, ['refused: all Available again after']],
  ['a sixth retry is a miss', { sightings: { ...SIGHTINGS, peakRetries: 6 } }, ['refused: retries in flight, servers']],
  ['so is one by its own word', { kind: 'unavailable', peakRetriesSaid: 6 }, ['503: retries in flight, operator']],
])('%s', (_what, rest, names) => {
  expect(missed(rest)).toEqual(names);
});

test('each outage has a section, with probes per server', () => {
  const lines = renderReport(reportOutage([OUTAGE, { ...OUTAGE, kind: 'unavailable' }], { n: 10 })).join('\n');
  expect(lines.match(/probes meanwhile, per server\s+6$/gm)).toHaveLength(2);
  expect(lines).not.toContain('–');
});
