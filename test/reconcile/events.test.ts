import { describe, expect, it } from 'vitest';
import type { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import type { Finding } from '../../src/probe/outcome.ts';
import { eventsOf } from '../../src/reconcile/events.ts';
import {
  type StatusFacts,
  statusAfterFailure,
  statusAfterSuccess,
  statusWhilePending,
  statusWhileSuspended,
} from '../../src/reconcile/next-status.ts';
import { judgeProgress } from '../../src/reconcile/progress.ts';
import { emptyStatus, FAILED, type failed, findingOf, specOf, verdictOf } from './samples.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const facts = (previous: MCPServerStatus, overlay: Partial<StatusFacts> = {}): StatusFacts => ({
  generation: 1,
  previous,
  edit: undefined,
  nowMs: NOW_MS,
  probeID: 'p',
  ...overlay,
});
const success = (previous: MCPServerStatus, finding: Finding = findingOf(), spec = specOf()) =>
  statusAfterSuccess(facts(previous), spec, finding);
const failure = (previous: MCPServerStatus, outcome: ReturnType<typeof failed> = FAILED.refused, failingForMs = 0) => {
  const verdict = verdictOf(outcome);
  const progress = judgeProgress({ spec: specOf(), previous, reset: false, failingForMs }, verdict);
  return statusAfterFailure(facts(previous), { spec: specOf(), verdict, progress, attempts: 1, delayMs: 1000 });
};
const told = (previous: MCPServerStatus, status: MCPServerStatus) =>
  eventsOf({ previous, status, probeID: 'p' }).map(({ type, reason }) => `${type} ${reason}`);

const available = success(emptyStatus());

describe('eventsOf', () => {
  it.each<[string, MCPServerStatus, string]>([
    ['a first success', available, 'Normal Available'],
    ['a transient failure', failure(emptyStatus()), 'Warning TransientFailure'],
    ['a permanent one', failure(emptyStatus(), FAILED.badRequest), 'Warning PermanentFailure'],
    ['a refusal', failure(emptyStatus(), FAILED.denied), 'Warning Denied'],
  ])('%s is one event', (_what, status, event) => {
    expect(told(emptyStatus(), status)).toEqual([event]);
  });

  it('a failing server that answers has recovered, also when it was edited or suspended in between', () => {
    const failing = failure(available);
    expect(told(failing, success(failing))).toEqual(['Normal Recovered']);
    const suspended = statusWhileSuspended(facts(failing));
    expect(told(suspended, success(suspended))).toEqual(['Normal Recovered']);
  });

  it('what goes on is no event: a second failure of the same class, a second success', () => {
    const failing = failure(emptyStatus());
    expect(told(failing, failure(failing, FAILED.unavailable))).toEqual([]);
    expect(told(available, success(available))).toEqual([]);
  });

  it('a transient failure that has lasted too long is permanent: one more event', () => {
    const failing = failure(emptyStatus());
    expect(told(failing, failure(failing, FAILED.refused, 601_000))).toEqual(['Warning PermanentFailure']);
  });

  it('Pending and Suspended are no news', () => {
    expect(told(available, statusWhilePending(facts(available, { generation: 2 })))).toEqual([]);
    expect(told(available, statusWhileSuspended(facts(available)))).toEqual([]);
  });

  it('another catalogue of the same target is a change, with its counts and no name of a tool', () => {
    const next = success(available, findingOf(['echo', 'canary-tool']));
    const [event, ...rest] = eventsOf({ previous: available, status: next, probeID: 'p' });
    expect(rest).toEqual([]);
    expect(event).toMatchObject({ type: 'Normal', reason: 'CapabilitiesChanged' });
    expect(event?.note).toMatch(/^What the server offers changed: tools 1 -> 2\. /);
    expect(event?.note).not.toContain('canary-tool');
  });

  it('a catalogue that changed while the server failed is told with the recovery', () => {
    const failing = failure(available);
    expect(told(failing, success(failing, findingOf(['other'])))).toEqual(['Normal Recovered', 'Normal CapabilitiesChanged']);
  });

  it('what another target offers is no change', () => {
    const status = statusAfterSuccess(facts(available, { edit: 'target', generation: 2 }), specOf(), findingOf(['other']));
    expect(told(available, status)).toEqual([]);
  });

  it('missing tools, a pinned digest that differs and an expiring credential are warnings, once; their end is a recovery', () => {
    const spec = specOf({ drift: { policy: 'Report', digest: `sha256:${'0'.repeat(64)}` } });
    const finding = findingOf(['echo'], { missingTools: ['absent'], credentialExpiresAtMs: NOW_MS + 60_000 });
    const unmet = success(available, finding, spec);
    expect(told(available, unmet)).toEqual(['Warning ToolsMissing', 'Warning DigestMismatch', 'Warning CredentialsExpiring']);
    expect(told(unmet, success(unmet, finding, spec))).toEqual([]);
    expect(told(unmet, success(unmet))).toEqual(['Normal Recovered']);
  });

  it('C4: an event bears the probe that found it; without one it was judged', () => {
    const change = { previous: emptyStatus(), status: available };
    expect(eventsOf({ ...change, probeID: 'p1' })).toMatchObject([{ action: 'Probe', probeID: 'p1' }]);
    const [judged] = eventsOf({ ...change, probeID: undefined });
    expect(judged).toMatchObject({ action: 'Judge' });
    expect(judged).not.toHaveProperty('probeID');
  });
});
