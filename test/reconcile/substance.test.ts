import { describe, expect, it } from 'vitest';
import type { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import { sameSubstance } from '../../src/reconcile/substance.ts';

const status = (overlay: Partial<MCPServerStatus>): MCPServerStatus => ({
  observedGeneration: 1,
  state: 'Available',
  ...overlay,
});

describe('sameSubstance', () => {
  it('times alone are no news, wherever they stand', () => {
    const at = (time: string) =>
      status({
        lastSuccessTime: time,
        conditions: [{ type: 'Ready', status: 'True', reason: 'Available', message: '', lastTransitionTime: time }],
        endpoint: {
          url: 'http://a/',
          transport: 'StreamableHTTP',
          era: 'Modern',
          protocolVersion: '2026-07-28',
          negotiatedAt: time,
        },
      });
    expect(sameSubstance(at('2026-01-01T00:00:00Z'), at('2026-02-01T00:00:00Z'))).toBe(true);
  });

  it('a field more, a field less, another value and another order of a list are news', () => {
    const base = status({ server: { name: 'a', version: '1' } });
    expect(sameSubstance(base, status({}))).toBe(false);
    expect(sameSubstance(status({}), base)).toBe(false);
    expect(sameSubstance(base, status({ server: { name: 'b', version: '1' } }))).toBe(false);
    const ready = { type: 'Ready', status: 'True' as const, reason: 'r', message: '', lastTransitionTime: 't' };
    const stale = { ...ready, type: 'CapabilitiesStale' };
    expect(sameSubstance(status({ conditions: [ready, stale] }), status({ conditions: [stale, ready] }))).toBe(false);
  });

  it('the order of fields does not matter', () => {
    expect(sameSubstance({ state: 'Available', observedGeneration: 1 }, { observedGeneration: 1, state: 'Available' })).toBe(
      true,
    );
  });
});
