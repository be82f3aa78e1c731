import { expect, test } from 'vitest';
import type { ColdRun } from './cold-run.ts';
import { isRefused, isTarpit } from './mixed.ts';
import { reportMixed } from './mixed-report.ts';
import { holds, renderReport } from './report.ts';

const ASKED = { seconds: 1, statusWrites: 10, writes: 10, gets: 0, requests: {} };
const SIGHTINGS = {
  requests: {},
  serversAsked: 9,
  probes: 8,
  peakConnections: 4,
  peakFailing: 1,
  retries: 0,
  peakRetries: 0,
  probesBySecond: [8],
  timeline: [],
};
const USAGE = { cpuMs: 20, rssMiB: 100, anonymousMiB: 50, peakRSSMiB: 110 };
const cold = (lastAvailableMs: number, rest: Partial<ColdRun> = {}): ColdRun => ({
  objects: 10,
  lastAvailableMs,
  medianAvailableMs: 1_000,
  syncedMs: 500,
  firstProbeMs: 600,
  asked: ASKED,
  usage: USAGE,
  cpuMs: { operator: 20, foreign: 0 },
  loop: { p99Ms: 5, shareWithin20Ms: 1, samples: 50 },
  stay: { asked: ASKED, usage: USAGE, sightings: SIGHTINGS },
  sightings: SIGHTINGS,
  ...rest,
});
const missed = (...mixed: ColdRun[]) =>
  reportMixed(
    mixed.map((run) => ({ healthy: cold(2_000), mixed: run })),
    { n: 10 },
  )
    .bounds.filter((bound) => !holds(bound))
    .map(({ name }) => name);

test('a fifth longer than all healthy is allowed, more is not, by the median of the runs', () => {
  expect(missed(cold(2_400))).toEqual([]);
  expect(missed(cold(2_401))).toEqual(['last healthy one beside failing / all healthy']);
  expect(missed(cold(2_000), cold(9_000), cold(2_000))).toEqual([]);
});

test('memory and the event loop are judged in the mixed runs too', () => {
  expect(missed(cold(2_000, { usage: { ...USAGE, rssMiB: 191 } }))).toEqual(['memory of the operator']);
  const loop = { p99Ms: 21, shareWithin20Ms: 0.98, samples: 50 };
  expect(missed(cold(2_000, { loop }))).toEqual(['event-loop delay p99 during the mixed cold start']);
});

test('all that is promised is shown', () => {
  const report = reportMixed([{ healthy: cold(2_000), mixed: cold(2_200) }], { n: 10 });
  expect(renderReport(report).join('\n')).not.toContain('–');
});

test('one of ten servers refuses and one is a tar-pit', () => {
  const all = Array.from({ length: 100 }, (_, index) => index);
  expect([all.filter(isRefused).length, all.filter(isTarpit).length]).toEqual([10, 10]);
  expect(all.filter((index) => isRefused(index) && isTarpit(index))).toEqual([]);
});
