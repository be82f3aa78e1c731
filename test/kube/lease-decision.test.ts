import { expect, test } from 'vitest';
import {
  decideLease,
  formatMicroTime,
  holdLease,
  type LeaseSpec,
  releaseLease,
  sightLease,
} from '../../src/kube/lease-decision.ts';

const WALL_MS = Date.parse('2026-01-01T00:00:00.120Z');
const spec = (changes: Partial<LeaseSpec> = {}): LeaseSpec => ({
  holderIdentity: 'other',
  leaseDurationSeconds: 15,
  acquireTime: '2020-01-01T00:00:00.000000Z',
  renewTime: '2020-01-01T00:00:00.000000Z',
  leaseTransitions: 3,
  ...changes,
});
const decide = (of: LeaseSpec, sinceMs: number, nowMs: number) => decideLease({ spec: of, sinceMs }, { identity: 'me', nowMs });

test.each([
  ['nobody’s', { holderIdentity: '' }, 0, { kind: 'take' }],
  ['without a holder', { holderIdentity: null }, 0, { kind: 'take' }],
  ['ours', { holderIdentity: 'me' }, 1e9, { kind: 'renew' }],
  ['another’s, just seen', {}, 0, { kind: 'wait', untilMs: 15_000 }],
  ['another’s, seen unchanged a moment less than its duration', {}, 14_999.9, { kind: 'wait', untilMs: 15_000 }],
  ['another’s, seen unchanged for its whole duration', {}, 15_000, { kind: 'take' }],
  ['another’s with a duration of its own', { leaseDurationSeconds: 60 }, 59_999, { kind: 'wait', untilMs: 60_000 }],
  ['another’s without a duration', { leaseDurationSeconds: null }, 14_999, { kind: 'wait', untilMs: 15_000 }],
  ['another’s with a duration beyond sense', { leaseDurationSeconds: 1e9 }, 3_600_000, { kind: 'take' }],
])('a lease that is %s', (_, changes, nowMs, decision) => {
  expect(decide(spec(changes), 0, nowMs)).toEqual(decision);
});

test('the times inside a lease are not compared with our clock: one from the past is waited for, one from the future runs out', () => {
  expect(decide(spec({ renewTime: '1990-01-01T00:00:00.000000Z' }), 0, 1)).toEqual({ kind: 'wait', untilMs: 15_000 });
  expect(decide(spec({ renewTime: '2990-01-01T00:00:00.000000Z' }), 0, 15_000)).toEqual({ kind: 'take' });
});

test('a sighting lasts while the content is the same, and begins anew with any change of it', () => {
  const first = sightLease(undefined, spec(), 100);
  expect(first.sinceMs).toBe(100);
  expect(sightLease(first, spec(), 200).sinceMs).toBe(100);
  expect(sightLease(first, spec({ renewTime: '2020-01-01T00:00:00.000001Z' }), 200).sinceMs).toBe(200);
  expect(sightLease(first, spec({ holderIdentity: 'third' }), 200).sinceMs).toBe(200);
});

test('taking over counts a transition and sets both times; renewing keeps the acquire time; unknown fields stay', () => {
  const times = { identity: 'me', durationSeconds: 15, wallMs: WALL_MS };
  const now = '2026-01-01T00:00:00.120000Z';
  const taken = holdLease({ ...spec(), strategy: 'x' } as LeaseSpec, times);
  expect(taken).toEqual({
    holderIdentity: 'me',
    leaseDurationSeconds: 15,
    acquireTime: now,
    renewTime: now,
    leaseTransitions: 4,
    strategy: 'x',
  });
  const renewed = holdLease(taken, { ...times, wallMs: WALL_MS + 1 });
  expect(renewed).toEqual({ ...taken, renewTime: '2026-01-01T00:00:00.121000Z' });
  expect(holdLease({}, times)).toMatchObject({ leaseTransitions: 0, acquireTime: now });
});

test('a release names no holder and a duration of one second', () => {
  expect(releaseLease(spec(), WALL_MS)).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 3 });
});

test('a MicroTime has six digits', () => {
  expect(formatMicroTime(WALL_MS)).toBe('2026-01-01T00:00:00.120000Z');
  expect(formatMicroTime(Date.parse('2026-01-01T00:00:00Z'))).toBe('2026-01-01T00:00:00.000000Z');
});
