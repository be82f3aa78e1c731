import { describe, expect, test } from 'vitest';
import { DEFAULTS } from './arguments.ts';
import { LAPS, lapName, type Parking, type ProbeData, type Round } from './probe.ts';
import { addedPercent, ratios, reportProbe } from './probe-report.ts';
import { holds } from './report.ts';

const OPTIONS = { ...DEFAULTS, n: 100, runs: 1 };

const round = (rest: Round = {}): Round => ({
  'bare modern': 0.2,
  'ours modern': 0.3,
  'sdk modern': 1,
  'ours bearer': 0.32,
  'ours apiKey': 0.31,
  'ours oauth': 0.32,
  'ours bearerFetched': 0.6,
  'bare legacy': 0.4,
  'ours legacy': 0.5,
  'sdk legacy': 2,
  ...rest,
});
const weight = (kib: number) => ({ heapUsed: kib * 1024, external: 0, arrayBuffers: 0, rss: 0 });
const parking = (kibPerProbe: number): Parking => ({
  probes: 100,
  without: weight(5_000),
  parked: weight(5_000 + 100 * kibPerProbe),
});
const data = (rounds: readonly Round[], kibPerProbe = 20): ProbeData => ({
  rounds,
  traffic: {},
  parkings: { ours: [parking(kibPerProbe)], bare: [parking(8)] },
  foreignCores: [0.1],
});
const missed = (rest: Round, kibPerProbe?: number) =>
  reportProbe(data([round(rest)], kibPerProbe), OPTIONS)
    .bounds.filter((bound) => !holds(bound))
    .map(({ name }) => name);

test('a round holds every lap once', () => {
  expect(Object.keys(round()).sort()).toEqual(LAPS.map(lapName).sort());
});

test('two ways are compared within each round, never across rounds', () => {
  const rounds = [round(), round({ 'bare modern': 2, 'ours modern': 2.4 })];
  const compared = ratios(rounds, { way: 'ours', subject: 'modern' }, { way: 'bare', subject: 'modern' });
  expect(compared.map((ratio) => ratio.toFixed(2))).toEqual(['1.50', '1.20']);
});

test('credentials are told as what they add, in percent', () => {
  const [added] = addedPercent([round({ 'ours modern': 0.4, 'ours bearer': 0.43 })], 'bearer');
  expect(added).toBeCloseTo(7.5);
});

describe('bounds', () => {
  test('a good run misses none', () => {
    expect(missed({})).toEqual([]);
  });

  test.each<[string, Round, number | undefined, string]>([
    ['a modern probe of more than 1.6 bare ones', { 'bare modern': 0.18 }, undefined, 'modern probe / bare node:http loop'],
    ['a legacy probe of more than 1.6 bare ones', { 'bare legacy': 0.3 }, undefined, 'legacy probe / bare node:http loop'],
    ['a modern probe of more than half of the SDK', { 'sdk modern': 0.59 }, undefined, 'modern probe / client of SDK v2'],
    ['a legacy probe of more than half of the SDK', { 'sdk legacy': 0.99 }, undefined, 'legacy probe / client of SDK v2'],
    ['a token of more than a tenth', { 'ours bearer': 0.331 }, undefined, 'a Bearer token adds'],
    ['a key of more than a tenth', { 'ours apiKey': 0.331 }, undefined, 'an API key adds'],
    ['OAuth of more than a tenth', { 'ours oauth': 0.331 }, undefined, 'OAuth, its token cached adds'],
    ['65 KiB of heap', {}, 65, 'heap of a probe of a tar-pit'],
    ['what was not measured', { 'ours oauth': Number.NaN }, undefined, 'OAuth, its token cached adds'],
  ])('%s misses its own', (_what, rest, kibPerProbe, name) => {
    expect(missed(rest, kibPerProbe)).toEqual([name]);
  });

  test('one slow round of three is no miss', () => {
    const { bounds } = reportProbe(data([round(), round({ 'ours modern': 9 }), round()]), OPTIONS);
    expect(bounds.every(holds)).toBe(true);
  });
});

test('a machine that was busy elsewhere is told', () => {
  const told = (foreignCores: number) =>
    reportProbe({ ...data([round()]), foreignCores: [0, foreignCores] }, OPTIONS).notes.join('\n');
  expect(told(0.2)).not.toContain('quiet machine');
  expect(told(1.04)).toContain('up to 1.0 cores busy');
});
