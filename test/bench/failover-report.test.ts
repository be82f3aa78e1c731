import { expect, test } from 'vitest';
import type { Takeover } from './failover.ts';
import { reportFailover } from './failover-report.ts';
import { holds, renderReport } from './report.ts';

const TERM: Takeover = { signal: 'SIGTERM', takenMs: 1_000, verdictMs: 1_100 };
const KILL: Takeover = { signal: 'SIGKILL', takenMs: 15_000, verdictMs: 15_100 };
const missed = (...takeovers: Takeover[]) =>
  reportFailover(takeovers, { n: 10 })
    .bounds.filter((bound) => !holds(bound))
    .map(({ name }) => name);

test('each signal has its own bound, on the slowest take-over', () => {
  expect(missed(TERM, KILL)).toEqual([]);
  expect(missed(TERM, { ...TERM, verdictMs: 5_001 }, KILL)).toEqual(["SIGTERM until the other's first verdict"]);
  expect(missed(TERM, KILL, { ...KILL, verdictMs: 20_001 })).toEqual(["SIGKILL until the other's first verdict"]);
});

test('a signal that was not tried misses its bound', () => {
  expect(missed(TERM)).toEqual(["SIGKILL until the other's first verdict"]);
});

test('when the lease was taken is shown beside the first verdict', () => {
  const lines = renderReport(reportFailover([TERM, KILL], { n: 10 })).join('\n');
  expect(lines).toMatch(/SIGKILL: the other holds the lease\s+15\.00 s/);
  expect(lines).toMatch(/SIGKILL: its first verdict is seen\s+15\.10 s/);
});
