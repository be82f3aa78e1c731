import { expect, test } from 'vitest';
import { findSyncedMs } from './operator.ts';

test('the moment is the one in the line that says so', () => {
  const log = `{"level":"info","ts":"2026-01-01T00:00:00.000Z","msg":"starting"}
{"level":"info","ts":"2026-01-01T00:00:00.500Z","objects":3,"msg":"caches synced, reconciling"}
`;
  expect(findSyncedMs(log)).toBe(Date.parse('2026-01-01T00:00:00.500Z'));
});

test('a log without that line tells no moment', () => {
  expect(findSyncedMs('{"ts":"2026-01-01T00:00:00.000Z","msg":"starting"}\n')).toBeNaN();
});
