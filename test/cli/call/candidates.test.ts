import { expect, test } from 'vitest';
import { parseStatus } from '../../../src/api/v1alpha1/mcpserver.ts';
import { MCPServerSpec } from '../../../src/api/v1alpha1/spec.ts';
import { type Candidate, orderCandidates } from '../../../src/cli/call/candidates.ts';

const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
const PAST = '2026-11-22T11:59:59Z';
const FUTURE = '2026-11-22T12:00:01Z';

function candidate(name: string, state?: string, nextProbeTime?: string, suspend = false): Candidate {
  const failure = {
    class: 'Transient',
    reason: 'ConnectionRefused',
    message: 'm',
    stage: 'connect',
    since: PAST,
    consecutive: 1,
    attempts: 1,
    nextProbeTime,
  };
  const status = state === undefined ? undefined : parseStatus({ state, ...(nextProbeTime !== undefined && { failure }) });
  return { namespace: 'team', name, spec: MCPServerSpec.parse({ url: 'http://a', suspend }), status };
}
const order = (found: Candidate[], preferred: string[] = []) => {
  const { candidates, ...rest } = orderCandidates(found, preferred, NOW_MS);
  return { names: candidates.map(({ name }) => name), ...rest };
};

test('C7: healthy before degraded whose window is open, before unreachable whose window is open', () => {
  const found = [
    candidate('denied', 'Denied', PAST),
    candidate('permanent-closed', 'Permanent', FUTURE),
    candidate('transient-closed', 'Transient', FUTURE),
    candidate('permanent', 'Permanent', PAST),
    candidate('transient', 'Transient', PAST),
    candidate('available', 'Available'),
  ];
  expect(order(found)).toEqual({ names: ['available', 'transient', 'denied', 'permanent'], waiting: 2, suspended: 0 });
});

test('C7: among equals the preferred order, then the name', () => {
  const found = ['d', 'b', 'a', 'c'].map((name) => candidate(name, 'Available'));
  expect(order(found).names).toEqual(['a', 'b', 'c', 'd']);
  expect(order(found, ['c', 'z', 'b']).names).toEqual(['c', 'b', 'a', 'd']);
  expect(order([...found, candidate('x', 'Denied', PAST)], ['x']).names).toEqual(['a', 'b', 'c', 'd', 'x']);
});

test('a server that was never probed is asked after the healthy ones; a suspended one is not', () => {
  expect(
    order([
      candidate('new', 'Pending'),
      candidate('file'),
      candidate('ok', 'Available'),
      candidate('off', 'Available', PAST, true),
    ]),
  ).toEqual({
    names: ['ok', 'file', 'new'],
    waiting: 0,
    suspended: 1,
  });
});

test('the window opens at its time, and without one it is open', () => {
  expect(order([candidate('now', 'Transient', '2026-11-22T12:00:00Z'), candidate('none', 'Transient')]).names).toEqual([
    'none',
    'now',
  ]);
});
