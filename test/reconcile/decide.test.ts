import { describe, expect, it } from 'vitest';
import { decideAfterProbe, isWorthWriting } from '../../src/reconcile/decide.ts';
import { type Finished, recall } from '../../src/reconcile/memory.ts';
import { fixedRandom } from '../platform/fake-clock.ts';
import { emptyStatus, FAILED, findingOf, rawOf, specOf, verdictOf } from './samples.ts';

const NOW = { wallMs: Date.parse('2026-01-01T00:00:00Z'), monotonicMs: 1000 };
const finished = (overlay: Partial<Finished>): Finished => ({
  generation: 1,
  cause: 'edit',
  verdict: { kind: 'available', finding: findingOf() },
  attempts: 1,
  probeID: 'p1',
  probeRequest: undefined,
  atMs: 1000,
  ...overlay,
});
const decide = (overlay: Partial<Finished>) => {
  const raw = rawOf();
  const memory = recall(raw, NOW);
  return decideAfterProbe(
    { metadata: raw.metadata, memory, spec: specOf(), now: NOW, random: fixedRandom(0.5) },
    finished(overlay),
  );
};

describe('decideAfterProbe', () => {
  it('a refresh keeps its rhythm, a first success takes its own place in the period', () => {
    expect(decide({ cause: 'refresh' }).delayMs).toBe(300_000);
    const first = decide({ cause: 'edit' }).delayMs;
    expect(first).toBeLessThan(300_000);
    expect(decide({ cause: 'retry' }).delayMs).toBe(first);
  });

  it('the delay of a failure is the one that its status tells', () => {
    const { status, delayMs } = decide({ verdict: verdictOf(FAILED.refused) });
    expect(delayMs).toBe(5250);
    expect(status.failure?.nextProbeTime).toBe('2026-01-01T00:00:05Z');
  });

  it('judges as of the end of the probe, however long its status had to wait for the API server', () => {
    const raw = rawOf();
    const memory = recall(raw, NOW);
    const late = { wallMs: NOW.wallMs + 3_600_000, monotonicMs: NOW.monotonicMs + 3_600_000 };
    const facts = { metadata: raw.metadata, memory, spec: specOf(), now: late, random: fixedRandom(0.5) };
    expect(decideAfterProbe(facts, finished({})).status.lastSuccessTime).toBe('2026-01-01T00:00:00Z');
    memory.status = decide({ verdict: verdictOf(FAILED.refused) }).status;
    memory.edit = undefined;
    memory.failingSinceMs = NOW.monotonicMs;
    const again = decideAfterProbe(facts, finished({ verdict: verdictOf(FAILED.refused), atMs: NOW.monotonicMs + 5000 }));
    expect(again.status).toMatchObject({
      state: 'Transient',
      failure: { consecutive: 2, nextProbeTime: '2026-01-01T00:00:15Z' },
    });
  });

  it('C6: the probe request that was answered is echoed', () => {
    expect(decide({ probeRequest: 'monday' }).status.lastHandledProbeRequest).toBe('monday');
  });
});

describe('isWorthWriting', () => {
  const HOUR = 3_600_000;
  const at = (lastSuccessTime: string, overlay = {}) => ({ ...emptyStatus(), lastSuccessTime, ...overlay });

  it('a steady server is written once an hour', () => {
    expect(isWorthWriting(at('2026-01-01T00:00:00Z'), at('2026-01-01T00:59:59Z'), HOUR)).toBe(false);
    expect(isWorthWriting(at('2026-01-01T00:00:00Z'), at('2026-01-01T01:00:00Z'), HOUR)).toBe(true);
  });

  it('a success that a clock set back left in the future is put right', () => {
    expect(isWorthWriting(at('2026-01-01T06:00:00Z'), at('2026-01-01T05:00:01Z'), HOUR)).toBe(false);
    expect(isWorthWriting(at('2026-01-01T06:00:00Z'), at('2026-01-01T05:00:00Z'), HOUR)).toBe(true);
  });

  it('anything of substance is written at once', () => {
    expect(
      isWorthWriting(at('2026-01-01T00:00:00Z'), at('2026-01-01T00:00:01Z', { server: { name: 'a', version: '1' } }), HOUR),
    ).toBe(true);
  });
});
