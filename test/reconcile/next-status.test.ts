import { describe, expect, it } from 'vitest';
import { type Condition, MAX_HISTORY, MAX_STATUS_BYTES, MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import {
  statusAfterDeadline,
  statusAfterFailure,
  statusAfterSuccess,
  statusWhilePending,
  statusWhileSuspended,
} from '../../src/reconcile/next-status.ts';
import { judgeProgress } from '../../src/reconcile/progress.ts';
import { emptyStatus, FAILED, failed, findingOf, specOf, verdictOf } from './samples.ts';
import { facts, fail, NOW, STATE_TABLE, succeed } from './state-table.ts';

/** `Ready=False/ServerUnavailable Reconciling=True/…`: the conditions as one readable line. */
const line = (status: MCPServerStatus) =>
  (status.conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`).join(' ');
const find = (status: MCPServerStatus, type: string): Condition | undefined =>
  status.conditions?.find((condition) => condition.type === type);

describe('the state table of page 2', () => {
  for (const { situation, status: next, state, conditions } of STATE_TABLE) {
    it(situation, () => {
      expect(line(next)).toBe(conditions);
      expect(next.state).toBe(state);
      expect(MCPServerStatus.safeParse(next).error).toBeUndefined();
    });
  }

  it('in every row Ready is present, and Reconciling and Stalled never together', () => {
    for (const { situation, status: next } of STATE_TABLE) {
      expect(find(next, 'Ready'), situation).toBeDefined();
      expect(find(next, 'Reconciling') !== undefined && find(next, 'Stalled') !== undefined, situation).toBe(false);
      const classes = ['Transient', 'Permanent', 'Denied'].filter((type) => find(next, type) !== undefined);
      expect(classes.length, situation).toBeLessThanOrEqual(1);
    }
  });
});

describe('conditions', () => {
  it('lastTransitionTime moves only with status', () => {
    const first = fail(emptyStatus(), FAILED.refused);
    const second = fail(first, FAILED.unavailable, { nowMs: NOW + 60_000, failingForMs: 60_000 });
    expect(find(second, 'Ready')).toMatchObject({ reason: 'ServerUnavailable', lastTransitionTime: '2026-01-01T00:00:00Z' });
    const third = succeed(second, {}, { nowMs: NOW + 120_000 });
    expect(find(third, 'Ready')?.lastTransitionTime).toBe('2026-01-01T00:02:00Z');
  });

  it('a kept Ready keeps its words and tells the generation that was probed', () => {
    const before = succeed(emptyStatus());
    const after = statusAfterFailure(facts(before, { generation: 4, edit: 'cosmetic' }), {
      spec: specOf(),
      verdict: verdictOf(FAILED.unavailable),
      progress: judgeProgress({ spec: specOf(), previous: before, reset: false, failingForMs: 0 }, verdictOf(FAILED.unavailable)),
      attempts: 3,
      delayMs: 1000,
    });
    expect(find(after, 'Ready')).toMatchObject({ status: 'True', reason: 'Available', observedGeneration: 4 });
  });

  it('A13: declared tools that are not offered are named', () => {
    const status = succeed(emptyStatus(), { expect: { tools: ['echo', 'search', 'write'] } }, {}, ['echo'], ['search', 'write']);
    expect(find(status, 'ExpectationsUnmet')?.message).toContain('search');
    expect(find(status, 'ExpectationsUnmet')?.message).toContain('write');
  });

  it('E3: less than 300 s before a JWT expires CredentialsExpiring is True', () => {
    const until = (seconds: number) =>
      statusAfterSuccess(facts(emptyStatus()), specOf(), findingOf(['echo'], { credentialExpiresAtMs: NOW + seconds * 1000 }));
    expect(find(until(299), 'CredentialsExpiring')?.status).toBe('True');
    expect(find(until(300), 'CredentialsExpiring')).toBeUndefined();
  });
});

describe('snapshot', () => {
  it('C2: the last good snapshot survives every later failure unchanged, marked as stale', () => {
    const before = succeed(emptyStatus());
    for (const outcome of Object.values(FAILED)) {
      const after = fail(before, outcome, { nowMs: NOW + 60_000 });
      expect(after.capabilities).toEqual(before.capabilities);
      expect(after.server).toEqual(before.server);
      expect(find(after, 'CapabilitiesStale')?.status).toBe('True');
    }
  });

  it('C2: a success replaces it whole, and the digest before is told', () => {
    const before = succeed(emptyStatus());
    const same = succeed(before, {}, { nowMs: NOW + 60_000 });
    expect(same.capabilities?.capturedAt).toBe(before.capabilities?.capturedAt);
    const other = succeed(before, {}, { nowMs: NOW + 60_000 }, ['echo', 'delete']);
    expect(other.capabilities?.capturedAt).toBe('2026-01-01T00:01:00Z');
    expect(other.capabilities?.previousDigest).toBe(before.capabilities?.digest);
    expect(other.capabilities?.tools?.count).toBe(2);
  });

  it('another target clears it, an edit of settings does not', () => {
    const before = succeed(emptyStatus());
    expect(fail(before, FAILED.refused, { edit: 'target' }).capabilities).toBeUndefined();
    expect(fail(before, FAILED.refused, { edit: 'settings' }).capabilities).toBeDefined();
    const moved = succeed(before, {}, { edit: 'target' }, ['other']);
    expect(moved.capabilities?.previousDigest).toBeUndefined();
  });

  it('10,000 tools still fit in 64 KiB of status with an exact count', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `tool-${i}-${'x'.repeat(400)}`);
    const status = succeed(emptyStatus(), {}, {}, names);
    expect(Buffer.byteLength(JSON.stringify(status))).toBeLessThanOrEqual(MAX_STATUS_BYTES);
    expect(status.capabilities?.tools).toMatchObject({ count: 10_000, truncated: true });
  });

  it('a status that is full stays within 64 KiB whatever is added to it without a probe', () => {
    const names = Array.from({ length: 200 }, (_, i) => `tool-${i}-${'\u00e4'.repeat(480)}`);
    const full = fail(succeed(emptyStatus(), {}, {}, names), FAILED.refused);
    const bytes = (status: MCPServerStatus) => Buffer.byteLength(JSON.stringify(status));
    const { tools } = full.capabilities ?? {};
    // Up to the last byte: only a list can give way.
    const filled = { ...full, server: { name: 'a', version: 'b'.repeat(MAX_STATUS_BYTES - bytes(full)) } };
    expect(tools?.items.length).toBeGreaterThan(50);
    for (const next of [
      statusWhilePending(facts(filled, { generation: 2 })),
      statusWhileSuspended(facts(filled)),
      statusAfterDeadline(facts({ ...filled, conditions: [] }), specOf()),
    ]) {
      expect(bytes(next)).toBeLessThanOrEqual(MAX_STATUS_BYTES);
      expect(next.capabilities?.tools?.count).toBe(200);
    }
  });
});

describe('failure and history', () => {
  it('B5: success clears count and schedule and keeps the last failure readable', () => {
    const after = succeed(fail(emptyStatus(), FAILED.refused));
    expect(after.failure).toBeUndefined();
    expect(after.lastFailure).toEqual({ class: 'Transient', reason: 'ConnectionRefused', time: '2026-01-01T00:00:00Z' });
  });

  it('since is the first failure after a success, whatever the class becomes', () => {
    const first = fail(emptyStatus(), FAILED.refused);
    const second = fail(first, FAILED.denied, { nowMs: NOW + 60_000, failingForMs: 60_000 });
    expect(second.failure).toMatchObject({ class: 'Denied', consecutive: 1, since: '2026-01-01T00:00:00Z' });
  });

  it('C4: every transition has from, to, reason, time and a correlation id, and the history is bounded', () => {
    let status = succeed(emptyStatus());
    for (let i = 0; i < 20; i++) status = i % 2 === 0 ? fail(status, FAILED.denied) : succeed(status);
    expect(status.history).toHaveLength(MAX_HISTORY);
    expect(status.history?.at(-1)).toEqual({
      time: '2026-01-01T00:00:00Z',
      from: 'Denied',
      to: 'Available',
      reason: 'Available',
      probeID: 'p1',
    });
  });

  it('a state that stays is no transition', () => {
    const first = fail(emptyStatus(), FAILED.refused);
    expect(fail(first, FAILED.unavailable).history).toEqual(first.history);
  });

  it('the echo of a probe request is kept by later verdicts', () => {
    const asked = succeed(emptyStatus(), {}, { probeRequest: 'monday' });
    expect(fail(asked, FAILED.refused).lastHandledProbeRequest).toBe('monday');
  });

  it('A7: a progress deadline that is over is told without a probe, and everything else stays', () => {
    const failing = fail(emptyStatus(), FAILED.refused);
    const after = statusAfterDeadline(facts(failing, { nowMs: NOW + 600_000 }), specOf());
    expect(line(after)).toBe(
      'Ready=False/ConnectionRefused Stalled=True/ProgressDeadlineExceeded Permanent=True/ConnectionRefused',
    );
    const { message = '', ...failure } = after.failure ?? {};
    expect(failure).toEqual({ ...failing.failure, message: undefined, class: 'Permanent' });
    expect(message).toContain('needs attention');
    expect(message).not.toContain('will be retried');
    expect(find(after, 'Stalled')?.message).toBe(message);
  });

  it('A7: what needed attention before the deadline does so in the same words, with the field that is to blame', () => {
    const fact = {
      kind: 'reference',
      stage: 'credentials',
      problem: 'credentialsNotFound',
      field: 'auth.bearer.secretKeyRef',
    } as const;
    const failing = fail(emptyStatus(), failed(fact));
    expect(failing.failure?.message).toContain('(stage credentials, spec.auth.bearer.secretKeyRef)');
    const after = statusAfterDeadline(facts(failing, { nowMs: NOW + 600_000 }), specOf());
    expect(after.failure?.message).toBe(failing.failure?.message);
  });
});
