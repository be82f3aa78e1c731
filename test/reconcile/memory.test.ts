import { describe, expect, it } from 'vitest';
import type { RawMCPServer } from '../../src/api/v1alpha1/mcpserver.ts';
import { adoptStatus, noteWritten, recall, refreshMemory } from '../../src/reconcile/memory.ts';
import { emptyStatus, rawOf } from './samples.ts';

const NOW = { wallMs: Date.parse('2026-01-01T00:00:00Z'), monotonicMs: 5000 };
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
    const memory = recall(rawOf({ status: { observedGeneration: 1, state: 'Denied', failure } }), NOW);
    expect((memory.dueMs ?? 0) - NOW.monotonicMs).toBe(86_400_000 * 1.1);
    expect(memory.failingSinceMs).toBe(NOW.monotonicMs);
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
    refreshMemory(memory, first);
    expect(memory.status.state).toBe('Available');
    noteWritten(memory, { ...emptyStatus(), observedGeneration: 1, state: 'Denied' }, '3');
    refreshMemory(memory, at(first, '2', { status: available }));
    expect(memory.status.state).toBe('Denied');
    refreshMemory(memory, at(first, '4', { status: available }));
    expect(memory.status.state).toBe('Available');
    expect(memory.overtaken.size).toBe(0);
  });

  it('several edits before one probe count as the widest of them', () => {
    const memory = recall(rawOf({ status: available }), NOW);
    const edit = (generation: number, spec: Record<string, unknown>) =>
      refreshMemory(memory, rawOf({ generation, spec, status: available }));
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
    refreshMemory(memory, rawOf({ generation: 2 }));
    expect(memory.unwritten).toBeUndefined();
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
