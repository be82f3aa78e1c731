import { expect, test } from 'vitest';
import { MCPServerSpec } from '../../src/api/v1alpha1/spec.ts';
import { MCPServerStatus, STATES } from '../../src/api/v1alpha1/status.ts';
import { exitCodeOf, judgeServer } from '../../src/cli/probe-status.ts';
import type { ProbeReport } from '../../src/probe/ports.ts';

const server = { namespace: 'default', name: 'a', spec: MCPServerSpec.parse({ url: 'http://a/' }) };
const aborted: ProbeReport = {
  outcome: { kind: 'aborted' },
  verdict: { kind: 'none', why: 'aborted' },
  attempts: 0,
  durationMs: 1,
  stageMs: {},
};

test('every state has the exit code of page 6.1', () => {
  const codes = STATES.map((state) => {
    const status = MCPServerStatus.parse({ state });
    return [state, exitCodeOf({ server, report: aborted, status })];
  });
  expect(Object.fromEntries(codes)).toEqual({ Pending: 1, Available: 5, Transient: 2, Permanent: 3, Denied: 4, Suspended: 1 });
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'Available', message: '' };
  const status = MCPServerStatus.parse({ state: 'Available', conditions: [ready] });
  expect(exitCodeOf({ server, report: aborted, status })).toBe(0);
});

test('a probe without a verdict has no status and counts as a fault', () => {
  const judged = judgeServer(server, aborted, { nowMs: 0, probeID: 'x' });
  expect(judged.status).toBeUndefined();
  expect(exitCodeOf(judged)).toBe(1);
});
