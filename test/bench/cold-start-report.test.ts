import { expect, test } from 'vitest';
import { DEFAULTS } from './arguments.ts';
import type { Asked, ColdRun } from './cold-run.ts';
import type { Measured } from './cold-start.ts';
import { reportColdStart } from './cold-start-report.ts';
import type { Floor } from './floor/floors.ts';
import { holds } from './report.ts';

const OPTIONS = { ...DEFAULTS, n: 10, runs: 2, idleSeconds: 5, failing: 4, windowSeconds: 5 };
const ASKED: Asked = { seconds: 1, statusWrites: 10, writes: 10, gets: 0, requests: {} };
const QUIET: Asked = { ...ASKED, statusWrites: 0, writes: 0 };
const SIGHTINGS = {
  requests: {},
  serversAsked: 10,
  probes: 10,
  peakConnections: 4,
  peakFailing: 4,
  retries: 9,
  peakRetries: 5,
  probesBySecond: [10],
  timeline: [],
};
const USAGE = { cpuMs: 20, rssMiB: 100, anonymousMiB: 50, peakRSSMiB: 110 };
const cold = (rest: Partial<ColdRun> = {}): ColdRun => ({
  objects: 10,
  lastAvailableMs: 2_200,
  medianAvailableMs: 2_000,
  syncedMs: 500,
  firstProbeMs: 600,
  asked: ASKED,
  usage: USAGE,
  cpuMs: { operator: 20, foreign: 0 },
  loop: { p99Ms: 4, shareWithin20Ms: 1, samples: 100 },
  sightings: SIGHTINGS,
  stay: { asked: QUIET, usage: USAGE, sightings: SIGHTINGS },
  ...rest,
});
const floor = (seconds: number): Floor => ({
  first: { seconds, cpuMs: 10 },
  second: { seconds, cpuMs: 10 },
  cpuMs: { foreign: 0 },
  totalSeconds: 4,
});
const measured = (rest: Partial<ColdRun> = {}): Measured => ({
  floors: { probe: floor(1), status: floor(2), seconds: 2 },
  cold: cold(rest),
});
const LOOP = 'event-loop delay p99 during the cold start';
const report = (...runs: Measured[]) => reportColdStart({ measured: runs, failing: undefined }, OPTIONS);
const missed = (...runs: Measured[]) =>
  report(...runs)
    .bounds.filter((bound) => !holds(bound))
    .map(({ name }) => name);

test('a good run misses no bound, and the ratio comes first', () => {
  expect(missed(measured())).toEqual([]);
  expect(report(measured()).bounds[0]).toMatchObject({ name: 'cold start / floor', value: 1.1 });
});

test.each<[string, Partial<ColdRun>, string]>([
  ['a cold start of more than 1.2 times the floor', { lastAvailableMs: 2_401 }, 'cold start / floor'],
  ['a late first watch', { syncedMs: 1_001 }, 'start to first watch'],
  ['a first watch that nobody told of', { syncedMs: Number.NaN }, 'start to first watch'],
  ['a second write', { asked: { ...ASKED, statusWrites: 11 } }, 'status writes per object'],
  ['a GET', { asked: { ...ASKED, gets: 1 } }, 'GETs per object'],
  ['an event loop that keeps others waiting', { loop: { p99Ms: 21, shareWithin20Ms: 0.9, samples: 100 } }, LOOP],
  ['more than 200 MB', { usage: { ...USAGE, rssMiB: 191 } }, 'memory of the operator'],
  ['a write while idle', { stay: { asked: ASKED, usage: USAGE, sightings: SIGHTINGS } }, 'writes while idle'],
])('%s misses its bound', (_what, rest, name) => {
  expect(missed(measured(rest))).toEqual([name]);
});

test('one slow run of three is no miss, one run with a write too many is', () => {
  expect(missed(measured(), measured({ lastAvailableMs: 9_000 }), measured())).toEqual([]);
  expect(missed(measured(), measured({ asked: { ...ASKED, statusWrites: 11 } }), measured())).toEqual([
    'status writes per object',
  ]);
});

test('a sixth retry in flight, and healthy servers that wait for failing ones, miss theirs', () => {
  const besideFailing = cold({
    lastAvailableMs: 3_400,
    stay: { asked: QUIET, usage: USAGE, sightings: { ...SIGHTINGS, peakRetries: 6 } },
  });
  const failing = { alone: cold(), besideHealthy: cold(), besideFailing };
  const { bounds } = reportColdStart({ measured: [measured()], failing }, OPTIONS);
  expect(bounds.filter((bound) => !holds(bound)).map(({ name }) => name)).toEqual([
    'retries in flight at once',
    'healthy beside failing / beside healthy',
  ]);
});

test('a machine that was busy elsewhere is told', () => {
  expect(report(measured()).notes.join('\n')).not.toContain('quiet machine');
  const { notes } = report(measured({ cpuMs: { operator: 20, foreign: 1_100 } }));
  expect(notes.at(-1)).toBe('Something else kept up to 0.5 cores busy: repeat this on a quiet machine before believing it.');
});
