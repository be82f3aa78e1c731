import { expect, test } from 'vitest';
import { findAddress, findLeads, findSyncedMs } from './operator.ts';

test('the moment is the one in the line that says so', () => {
  const log = `{"level":"info","ts":"2026-01-01T00:00:00.000Z","msg":"starting"}
{"level":"info","ts":"2026-01-01T00:00:00.500Z","objects":3,"msg":"caches synced, reconciling"}
`;
  expect(findSyncedMs(log)).toBe(Date.parse('2026-01-01T00:00:00.500Z'));
});

test('a log without that line tells no moment', () => {
  expect(findSyncedMs('{"ts":"2026-01-01T00:00:00.000Z","msg":"starting"}\n')).toBeNaN();
});

test('the addresses are those in the line of the start', () => {
  const log = '{"msg":"starting","health":"127.0.0.1:2","metrics":"127.0.0.1:1"}\n{"msg":"x","metrics":"127.0.0.1:3"}\n';
  expect(findAddress(log, 'metrics')).toBe('127.0.0.1:1');
  expect(findAddress(log, 'health')).toBe('127.0.0.1:2');
  expect(findAddress('', 'health')).toBeUndefined();
});

test('who started to lead leads until it stops', () => {
  const started = '{"msg":"started leading"}\n';
  const stopped = '{"msg":"stopped leading"}\n';
  expect([findLeads(''), findLeads(started), findLeads(started + stopped), findLeads(started + stopped + started)]).toEqual([
    false,
    true,
    false,
    true,
  ]);
});
