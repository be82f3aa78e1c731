import { expect, test } from 'vitest';
import { holds, renderReport } from '../report.ts';
import type { Holdings } from './samples.ts';
import type { SoakData } from './soak.ts';
import { reportSoak } from './soak-report.ts';

const FLAT: Holdings = {
  'heap in use': 30,
  'resident memory': 120,
  'file descriptors': 40,
  sockets: 20,
  timers: 10,
  'active resources': 30,
};
const soak = (grow: (minute: number) => Partial<Holdings>): SoakData => ({
  seconds: 600,
  samples: Array.from({ length: 60 }, (_, index) => {
    const atSeconds = 10 * (index + 1);
    return { atSeconds, holdings: { ...FLAT, ...grow(atSeconds / 60) } };
  }),
  actions: { create: 1, delete: 2, edit: 3, flap: 4, restart: 5 },
  settledSeconds: 7,
  objects: 100,
});
const missed = (grow: (minute: number) => Partial<Holdings>) =>
  reportSoak(soak(grow), { seed: 1 })
    .bounds.filter((bound) => !holds(bound))
    .map(({ name }) => name);

test('what is flat misses nothing, nor does what falls', () => {
  expect(missed(() => ({}))).toEqual([]);
  expect(missed((minute) => ({ 'heap in use': 90 - minute }))).toEqual([]);
});

test.each<[keyof Holdings, number]>([
  ['heap in use', 0.6],
  ['resident memory', 2.1],
  ['file descriptors', 1.3],
  ['sockets', 1.3],
  ['timers', 2.6],
  ['active resources', 3.9],
])('%s that rises by %d a minute is found in ten minutes', (name, perMinute) => {
  expect(missed((minute) => ({ [name]: FLAT[name] + perMinute * minute }))).toEqual([`rise of ${name}`]);
});

test('what rises in the first two minutes alone is no leak', () => {
  expect(missed((minute) => ({ 'heap in use': 30 + 10 * Math.min(minute, 2) }))).toEqual([]);
});

test('what could not be measured misses its bound', () => {
  expect(missed(() => ({ sockets: Number.NaN }))).toEqual(['rise of sockets']);
});

test('a slope is shown for each measure', () => {
  const lines = renderReport(
    reportSoak(
      soak((minute) => ({ 'heap in use': 30 + minute / 10 })),
      { seed: 1 },
    ),
  ).join('\n');
  expect(lines).toMatch(/slope per minute\n {2}heap in use\s+102\.4 KiB/);
  expect(lines).toMatch(/restart\s+5/);
});
