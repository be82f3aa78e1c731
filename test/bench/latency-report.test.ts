import { expect, test } from 'vitest';
import type { LatencyData } from './latency.ts';
import { reportLatency } from './latency-report.ts';
import { holds, renderReport } from './report.ts';

const GOOD: LatencyData = { idleMs: [10, 15, 20], backlogMs: [100, 200], depths: [50, 1], rounds: 2 };
const report = (rest: Partial<LatencyData> = {}) => reportLatency({ ...GOOD, ...rest }, { n: 50, edits: 3 });
const missed = (rest: Partial<LatencyData>) =>
  report(rest)
    .bounds.filter((bound) => !holds(bound))
    .map(({ name }) => name);

test.each<[string, Partial<LatencyData>, string[]]>([
  ['quick verdicts miss nothing', {}, []],
  ['a slow median misses', { idleMs: [10, 26, 27] }, ['edit to verdict, idle, p50']],
  ['a slow tail misses', { idleMs: [10, 20, 70] }, ['edit to verdict, idle, p99']],
  ['more than a second and the probe misses', { backlogMs: [1_016] }, ['edit to verdict, under a backlog, p99']],
  ['a second and the probe is allowed', { backlogMs: [1_015] }, []],
  ['a backlog that never was misses', { backlogMs: [], depths: [] }, ['edit to verdict, under a backlog, p99']],
])('%s', (_what, rest, names) => {
  expect(missed(rest)).toEqual(names);
});

test('how deep the backlog was is shown', () => {
  const lines = renderReport(report()).join('\n');
  expect(lines).toMatch(/most probes that were due and waited\s+50/);
  expect(lines).toMatch(/fewest at an edit\s+1/);
  expect(lines).not.toContain('–');
});
