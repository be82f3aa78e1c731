import { describe, expect, it } from 'vitest';
import type { RawMCPServer } from '../../src/api/v1alpha1/mcpserver.ts';
import { isNewer } from '../../src/kube/mirror.ts';
import { adoptStatus, type Memory, noteVerdict, noteWritten, recall, refreshMemory } from '../../src/reconcile/memory.ts';
import { emptyStatus, FAILED, findingOf, rawOf, verdictOf } from './samples.ts';

const NOW = { wallMs: Date.parse('2026-01-01T00:00:00Z'), monotonicMs: 5000 };
const refresh = (memory: Memory, raw: RawMCPServer) => refreshMemory(memory, raw, isNewer);
const available = { observedGeneration: 1, state: 'Available' as const };
const at = (raw: RawMCPServer, resourceVersion: string, overlay: Partial<RawMCPServer> = {}): RawMCPServer => ({
  ...raw,
  ...overlay,
  metadata: { ...raw.metadata, resourceVersion },
});

describe('recall', () => {
  it('takes schedule and progress clock from the status', () => {
    const failure = {
      class: 'Transient',
      reason: 'ProbeTimeout',
      message: '',
      since: '2025-12-31T23:59:00Z',
      consecutive: 2,
      attempts: 1,
      nextProbeTime: '2026-01-01T00:00:30Z',
    };
    const memory = recall(rawOf({ status: { observedGeneration: 1, state: 'Transient', failure } }), NOW);
    expect(memory).toMatchObject({ dueMs: 35_000, failingSinceMs: -55_000, timedOut: true, edit: undefined });
  });

  it('trusts no time of a status further than a day: a clock that jumped must not silence a server', () => {
    const failure = {
      class: 'Denied',
      reason: 'AccessDenied',
      message: '',
      since: '2026-06-01T00:00:00Z',
      consecutive: 2,
      attempts: 1,
      nextProbeTime: '2199-01-01T00:00:00Z',
    };
    const status = { observedGeneration: 1, state: 'Denied', failure };
    const memory = recall(rawOf({ spec: { url: 'ftp://unreadable' }, status }), NOW);
    expect((memory.dueMs ?? 0) - NOW.monotonicMs).toBe(86_400_000 * 1.1);
    expect(memory.failingSinceMs).toBe(NOW.monotonicMs);
    expect((recall(rawOf({ status }), NOW).dueMs ?? 0) - NOW.monotonicMs).toBeCloseTo(660_000);
  });

  it('waits no longer than the schedule of the spec can have said: a clock that was set back an hour must not silence a server', () => {
    const failing = (overlay: object, spec: object = {}) => {
      const failure = {
        class: 'Transient',
        reason: 'ServerUnavailable',
        message: '',
        since: '2025-12-31T23:59:00Z',
        consecutive: 2,
        attempts: 1,
        nextProbeTime: '2026-01-01T01:00:02Z',
        ...overlay,
      };
      const status = { observedGeneration: 1, state: failure.class, failure };
      const memory = recall(rawOf({ spec: { url: 'http://127.0.0.1:9/mcp', ...spec }, status }), NOW);
      return (memory.dueMs ?? 0) - NOW.monotonicMs;
    };
    const ladder = { retry: { initialBackoffSeconds: 1, maxBackoffSeconds: 2 } };
    expect(failing({}, ladder)).toBe(2_200);
    expect(failing({ class: 'Denied' }, { probe: { recheckSeconds: 100 } })).toBeCloseTo(110_000);
    // The server may have asked for that long, unless the failure began in the future.
    expect(failing({ httpStatus: 503, nextProbeTime: '2026-01-01T00:59:00Z' }, ladder)).toBe(3_540_000);
    expect(failing({ httpStatus: 503, since: '2026-01-01T00:59:00Z' }, ladder)).toBe(2_200);
  });

  it('takes a generation that nobody saw being edited for another target', () => {
    expect(recall(rawOf({ generation: 2, status: available }), NOW).edit).toBe('target');
  });
});

describe('refreshMemory', () => {
  it('our own write stands until the watch shows it, whatever older versions come before', () => {
    const first = rawOf({ resourceVersion: '1' });
    const memory = recall(first, NOW);
    noteWritten(memory, { ...emptyStatus(), ...available }, '2');
    refresh(memory, first);
    expect(memory.status.state).toBe('Available');
    noteWritten(memory, { ...emptyStatus(), observedGeneration: 1, state: 'Denied' }, '30');
    for (const version of ['2', '9', '29']) refresh(memory, at(first, version, { status: available }));
    expect(memory.status.state).toBe('Denied');
    refresh(memory, at(first, '31', { status: available }));
    expect(memory.status.state).toBe('Available');
  });

  it('once the watch has caught up, any other version counts, also an older one: so a restored backup looks', () => {
    const first = rawOf({ resourceVersion: '100' });
    const memory = recall(first, NOW);
    noteWritten(memory, { ...emptyStatus(), ...available }, '101');
    refresh(memory, at(first, '101', { status: available }));
    refresh(memory, at(first, '7', { status: { ...available, state: 'Denied' } }));
    expect(memory).toMatchObject({ resourceVersion: '7', status: { state: 'Denied' } });
  });

  it('keeps nothing of a write once it was shown, however many there were', () => {
    const first = rawOf({ resourceVersion: '1' });
    const memory = recall(first, NOW);
    // What is private shows through `spec` and `status` alone: one object of the store, or one status of ours.
    const size = () => JSON.stringify({ ...memory, spec: memory.spec, status: memory.status }).length;
    const before = size();
    for (let version = 2; version < 1000; version++) {
      noteWritten(memory, { ...emptyStatus(), ...available }, String(version));
      refresh(memory, at(first, String(version), { status: available }));
    }
    expect(size()).toBeLessThan(before + 50);
  });

  it('between two runs the status is left to the object that showed it, and is the same when it is read again', () => {
    let reads = 0;
    const shown = {
      ...rawOf({ status: available }),
      get status() {
        reads += 1;
        return available;
      },
    };
    const memory = recall(shown, NOW);
    expect([memory.status.state, memory.status.state, reads]).toEqual(['Available', 'Available', 1]);
    memory.rest();
    expect([memory.status.state, memory.status.state, reads]).toEqual(['Available', 'Available', 2]);
  });

  it('a status of ours outlives the run that wrote it, until the watch has shown it', () => {
    const first = rawOf({ resourceVersion: '1' });
    const memory = recall(first, NOW);
    noteWritten(memory, { ...emptyStatus(), ...available }, '2');
    memory.rest();
    refresh(memory, first);
    memory.rest();
    expect(memory.status.state).toBe('Available');
    refresh(memory, at(first, '2', { status: available }));
    memory.rest();
    expect(memory.status.state).toBe('Available');
  });

  it('what was stored as less than we wrote is not taken for what stands there: it would be written again at each probe', () => {
    const first = rawOf({ resourceVersion: '1' });
    const memory = recall(first, NOW);
    noteWritten(memory, { ...emptyStatus(), ...available, lastHandledProbeRequest: 'now' }, '2');
    refresh(memory, at(first, '2', { status: available }));
    memory.rest();
    expect(memory.status.lastHandledProbeRequest).toBe('now');
    refresh(memory, at(first, '3', { status: available }));
    expect(memory.status.lastHandledProbeRequest).toBeUndefined();
  });

  it('several edits before one probe count as the widest of them', () => {
    const memory = recall(rawOf({ status: available }), NOW);
    const edit = (generation: number, spec: Record<string, unknown>) =>
      refresh(memory, rawOf({ generation, spec, status: available }));
    edit(2, { expect: { tools: ['a'] } });
    expect(memory.edit).toBe('cosmetic');
    edit(3, { url: 'http://127.0.0.1:10/mcp', expect: { tools: ['a'] } });
    expect(memory.edit).toBe('target');
    edit(4, { url: 'http://127.0.0.1:10/mcp' });
    expect(memory.edit).toBe('target');
  });

  it('a newer generation makes an unwritten verdict worthless', () => {
    const memory = recall(rawOf({ status: available }), NOW);
    memory.unwritten = {
      generation: 1,
      cause: 'edit',
      verdict: { kind: 'available', finding: {} as never },
      attempts: 1,
      probeID: 'p',
      probeRequest: undefined,
      atMs: 0,
    };
    refresh(memory, rawOf({ generation: 2 }));
    expect(memory.unwritten).toBeUndefined();
  });
});

describe('refreshMemory, for a newer generation', () => {
  it('begins to await its verdict anew', () => {
    const memory = recall(rawOf(), NOW);
    memory.awaitedSinceMs = 5;
    refresh(memory, rawOf());
    expect(memory.awaitedSinceMs).toBe(5);
    refresh(memory, rawOf({ generation: 2 }));
    expect(memory.awaitedSinceMs).toBeUndefined();
  });
});

describe('noteVerdict', () => {
  const next = { delayMs: 1000, continues: true };
  const base = { generation: 1, cause: 'retry', attempts: 1, probeID: 'p', probeRequest: undefined } as const;

  it('counts a failure from its first probe, and a new one from its own', () => {
    const memory = recall(rawOf(), NOW);
    const verdict = verdictOf(FAILED.timeout);
    noteVerdict(memory, { ...base, verdict, atMs: 10_000 }, { ...next, continues: false }, 0);
    expect(memory).toMatchObject({ failingSinceMs: 10_000, dueMs: 11_000, timedOut: true });
    noteVerdict(memory, { ...base, verdict, atMs: 20_000 }, next, 0);
    expect(memory).toMatchObject({ failingSinceMs: 10_000, dueMs: 21_000 });
    noteVerdict(memory, { ...base, verdict, atMs: 30_000 }, { ...next, continues: false }, 0);
    expect(memory.failingSinceMs).toBe(30_000);
  });

  it('takes era and transport for detected only when they were', () => {
    const memory = recall(rawOf(), NOW);
    const found = (negotiated: boolean) => ({ kind: 'available' as const, finding: findingOf([], { negotiated }) });
    memory.timedOut = true;
    noteVerdict(memory, { ...base, verdict: found(true), atMs: 0 }, next, 7);
    noteVerdict(memory, { ...base, verdict: found(false), atMs: 0 }, next, 9);
    expect(memory).toMatchObject({ detectedAtMs: 7, timedOut: false, failingSinceMs: undefined });
  });
});

describe('adoptStatus', () => {
  it('takes a fresh status of the same object and generation, and refuses any other', () => {
    const raw = rawOf();
    const memory = recall(raw, NOW);
    expect(adoptStatus(memory, at(raw, '9', { status: available }))).toBe(true);
    expect(memory).toMatchObject({ resourceVersion: '9', status: { state: 'Available' } });
    expect(adoptStatus(memory, rawOf({ uid: 'other' }))).toBe(false);
    expect(adoptStatus(memory, rawOf({ generation: 2 }))).toBe(false);
  });
});
