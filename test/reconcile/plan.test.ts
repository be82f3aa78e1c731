import { describe, expect, it } from 'vitest';
import { PROBE_REQUESTED_AT } from '../../src/api/v1alpha1/group.ts';
import { type Memory, recall } from '../../src/reconcile/memory.ts';
import { laneLimits, lanesOf, planReconcile, probeRequestOf } from '../../src/reconcile/plan.ts';
import { type RawOptions, rawOf, specOf } from './samples.ts';

const WALL = Date.parse('2026-01-01T00:00:00Z');
const NOW = 1_000_000;

function plan(options: RawOptions, change: (memory: Memory) => void = () => {}) {
  const raw = rawOf(options);
  const memory = recall(raw, { wallMs: WALL, monotonicMs: NOW });
  change(memory);
  return planReconcile(raw.metadata, memory, NOW);
}

const failure = (overlay: Record<string, unknown> = {}) => ({
  class: 'Transient',
  reason: 'ConnectionRefused',
  message: 'm',
  since: '2026-01-01T00:00:00Z',
  consecutive: 1,
  attempts: 1,
  nextProbeTime: '2026-01-01T00:01:00Z',
  ...overlay,
});
const reconciling = {
  type: 'Reconciling',
  status: 'True',
  reason: 'ProgressingWithRetry',
  message: 'm',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};

describe('planReconcile', () => {
  it('a new object is probed at once, as an edit', () => {
    expect(plan({})).toMatchObject({ do: 'probe', cause: 'edit', lanes: ['probe', 'verdict', 'host:127.0.0.1:9'] });
  });

  it('a new generation is probed at once', () => {
    expect(plan({ generation: 2, status: { observedGeneration: 1, state: 'Available' } })).toMatchObject({
      do: 'probe',
      cause: 'edit',
    });
  });

  it('a healthy server waits for its place in the period', () => {
    const waits = plan({ status: { observedGeneration: 1, state: 'Available' } });
    expect(waits).toMatchObject({ do: 'wait', cause: 'refresh', lanes: ['probe', 'verdict', 'host:127.0.0.1:9'] });
    expect(waits.do === 'wait' && waits.dueMs - NOW).toBeGreaterThanOrEqual(0);
    expect(waits.do === 'wait' && waits.dueMs - NOW).toBeLessThan(300_000);
  });

  it('B3: a failing server waits for the time in its status, and is a retry when it is due', () => {
    const status = { observedGeneration: 1, state: 'Transient', failure: failure() };
    expect(plan({ status })).toEqual({
      do: 'wait',
      dueMs: NOW + 60_000,
      cause: 'retry',
      lanes: ['probe', 'verdict', 'retry', 'host:127.0.0.1:9'],
    });
    const due = { ...status, failure: failure({ nextProbeTime: '2025-12-31T23:59:59Z' }) };
    expect(plan({ status: due })).toMatchObject({ do: 'probe', cause: 'retry' });
  });

  it('B3: a suspended server is never due', () => {
    const overdue = { observedGeneration: 1, state: 'Transient', failure: failure({ nextProbeTime: '2025-01-01T00:00:00Z' }) };
    expect(plan({ spec: { suspend: true }, status: overdue })).toEqual({ do: 'suspend' });
    expect(plan({ spec: { suspend: true }, status: { ...overdue, state: 'Suspended' } })).toEqual({ do: 'rest' });
  });

  it('a server that fell silent needs a place of the three of five, also after a restart', () => {
    const status = {
      observedGeneration: 1,
      state: 'Transient',
      failure: failure({ reason: 'RequestTimeout', nextProbeTime: '2025-01-01T00:00:00Z' }),
    };
    expect(plan({ status })).toMatchObject({ lanes: ['probe', 'verdict', 'retry', 'retry-timeout', 'host:127.0.0.1:9'] });
  });

  it('A7: the progress deadline comes before a later retry, and needs no lane', () => {
    const status = {
      observedGeneration: 1,
      state: 'Transient',
      conditions: [reconciling],
      failure: failure({ since: '2025-12-31T23:55:00Z', nextProbeTime: '2026-01-01T01:00:00Z' }),
    };
    expect(plan({ status })).toEqual({ do: 'wait', dueMs: NOW + 300_000, cause: 'retry' });
    const over = { ...status, failure: failure({ since: '2025-12-31T23:50:00Z', nextProbeTime: '2026-01-01T01:00:00Z' }) };
    expect(plan({ status: over })).toMatchObject({ do: 'expire' });
    expect(
      plan({ status: over, spec: { probe: { progressDeadlineSeconds: 0 }, retry: { maxBackoffSeconds: 3_600 } } }),
    ).toMatchObject({
      do: 'wait',
      dueMs: NOW + 3_600_000,
    });
  });

  it('a probe request that was not answered yet probes at once', () => {
    const status = {
      observedGeneration: 1,
      state: 'Denied',
      failure: failure({ class: 'Denied' }),
      lastHandledProbeRequest: 'a',
    };
    expect(plan({ status, annotations: { [PROBE_REQUESTED_AT]: 'a' } })).toMatchObject({ do: 'wait' });
    expect(plan({ status, annotations: { [PROBE_REQUESTED_AT]: 'b' } })).toMatchObject({ do: 'probe', cause: 'edit' });
  });

  it('a request of any length is compared by what the status can hold', () => {
    const { metadata } = rawOf({ annotations: { [PROBE_REQUESTED_AT]: 'x'.repeat(5000) } });
    expect(probeRequestOf(metadata)).toHaveLength(1024);
  });

  it('a request that is cut within a character is compared by what the API server stores of it', () => {
    const { metadata } = rawOf({ annotations: { [PROBE_REQUESTED_AT]: `${'x'.repeat(1023)}\u{1f600}` } });
    expect(probeRequestOf(metadata)).toBe(`${'x'.repeat(1023)}\ufffd`);
  });

  it('an object that is not suspended does not stay so', () => {
    expect(plan({ status: { observedGeneration: 1, state: 'Suspended' } })).toMatchObject({ do: 'probe', cause: 'edit' });
  });

  it('a spec that does not fit is rejected once', () => {
    const spec = { probe: { periodSeconds: 1 } };
    expect(plan({ spec })).toMatchObject({ do: 'reject' });
    const status = { observedGeneration: 1, state: 'Permanent', failure: failure({ class: 'Permanent', reason: 'InvalidSpec' }) };
    expect(plan({ spec, status })).toEqual({ do: 'rest' });
  });

  it('an object that is being deleted rests', () => {
    const raw = rawOf();
    const memory = recall(raw, { wallMs: WALL, monotonicMs: NOW });
    expect(planReconcile({ ...raw.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' }, memory, NOW)).toEqual({ do: 'rest' });
  });

  it('a status that does not fit the schema is treated as none', () => {
    expect(plan({ status: { observedGeneration: 'one', state: 7 } })).toMatchObject({ do: 'probe', cause: 'edit' });
  });
});

describe('lanes', () => {
  it('the lane of silent servers is one of retries alone', () => {
    for (const cause of ['edit', 'refresh'] as const) {
      expect(lanesOf(cause, 'team-a', specOf(), true)).toEqual(lanesOf(cause, 'team-a', specOf(), false));
    }
    expect(lanesOf('retry', 'team-a', specOf(), true)).toContain('retry-timeout');
  });

  it('a Service counts by its name and namespace', () => {
    const spec = specOf({ url: undefined, serviceRef: { name: 'tools', port: 80 } });
    expect(lanesOf('edit', 'team-a', spec, false)).toEqual(['probe', 'verdict', 'host:tools.team-a.svc']);
  });

  it('B2: five retries, three of them for silent servers', () => {
    const { fixed, families } = laneLimits({ probes: 64, retries: 5, perHost: 8 });
    expect(fixed).toEqual({ probe: 64, verdict: 320, retry: 5, 'retry-timeout': 3, parked: 1024 });
    expect(families).toEqual({ 'host:': 8 });
    expect(laneLimits({ probes: 1, retries: 1, perHost: 0 }).fixed).toMatchObject({ retry: 1, 'retry-timeout': 1 });
  });
});
