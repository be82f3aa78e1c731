import { expect, test } from 'vitest';
import { holds, renderReport } from './report.ts';
import type { RestData } from './rest.ts';
import { reportRest } from './rest-report.ts';

const usage = (rssMiB: number) => ({ cpuMs: 1_000, rssMiB, anonymousMiB: 50, peakRSSMiB: rssMiB });
const SIGHTINGS = {
  requests: {},
  serversAsked: 10,
  probes: 120,
  peakConnections: 2,
  peakFailing: 0,
  retries: 0,
  peakRetries: 0,
  probesBySecond: Array.from({ length: 120 }, () => 1),
  timeline: [],
};
const GOOD: RestData = {
  seconds: 120,
  statusWrites: 10,
  otherWrites: 0,
  leaseWrites: 72,
  requests: {},
  sightings: SIGHTINGS,
  before: usage(100),
  after: usage(105),
  cpuMs: { operator: 60, foreign: 0 },
  loop: { p99Ms: 3, shareWithin20Ms: 1, samples: 6_000 },
};
const report = (rest: Partial<RestData> = {}) => reportRest({ ...GOOD, ...rest }, { n: 10, periodSeconds: 10 });
const missed = (rest: Partial<RestData>) =>
  report(rest)
    .bounds.filter((bound) => !holds(bound))
    .map(({ name }) => name);
const paced = (probesBySecond: number[]) => ({ sightings: { ...SIGHTINGS, probesBySecond } });

test.each<[string, Partial<RestData>, string[]]>([
  ['a fleet at rest misses nothing', {}, []],
  [
    'a second with four times the mean is a miss',
    paced([4, ...SIGHTINGS.probesBySecond.slice(1)]),
    ['probes in the fullest second / mean'],
  ],
  ['the last second, which was cut, is not judged', paced([...SIGHTINGS.probesBySecond.slice(1), 9]), []],
  [
    'servers that saw nothing are a miss',
    { sightings: { ...SIGHTINGS, probes: 0, probesBySecond: [] } },
    ['probes in the fullest second / mean'],
  ],
  ['a second write is a miss', { statusWrites: 11 }, ["writes per object in an hour's worth of probes, beside the lease"]],
  ['so is an event', { otherWrites: 1 }, ["writes per object in an hour's worth of probes, beside the lease"]],
  ['so is memory that grows', { after: usage(111) }, ['… as a multiple of that after the start']],
  ['and more than 200 MB of it', { before: usage(191), after: usage(190) }, ['memory after the start']],
])('%s', (_what, rest, names) => {
  expect(missed(rest)).toEqual(names);
});

test('what one core could do, and writes of the lease in an hour, are told', () => {
  const lines = renderReport(report()).join('\n');
  expect(lines).toMatch(/CPU of the operator per probe\s+0\.50 ms/);
  expect(lines).toMatch(/of one core, probes per second\s+2,000/);
  expect(lines).toMatch(/in an hour, extrapolated\s+2,160/);
  expect(lines).not.toContain('–');
});
