import { describe, expect, it } from 'vitest';
import { createConditionSet } from '../../src/reconcile/conditions.ts';

const old = {
  type: 'Ready',
  status: 'False' as const,
  reason: 'Old',
  message: 'old',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  observedGeneration: 1,
};

describe('condition set', () => {
  it('lists what was set, in one order, and drops what was not', () => {
    const set = createConditionSet([old, { ...old, type: 'Stalled' }], 2, '2026-01-02T00:00:00Z');
    set.set('Denied', 'True', 'AccessDenied', 'm');
    set.set('Ready', 'False', 'AccessDenied', 'm');
    expect(set.list().map(({ type }) => type)).toEqual(['Ready', 'Denied']);
  });

  it('keeps lastTransitionTime while status stays and moves it when status moves', () => {
    const set = createConditionSet([old], 2, '2026-01-02T00:00:00Z');
    set.set('Ready', 'False', 'New', 'new');
    expect(set.list()[0]).toEqual({ ...old, reason: 'New', message: 'new', observedGeneration: 2 });
    set.set('Ready', 'True', 'New', 'new');
    expect(set.list()[0]?.lastTransitionTime).toBe('2026-01-02T00:00:00Z');
  });

  it('carries over only what is there', () => {
    const set = createConditionSet([old], 2, '2026-01-02T00:00:00Z');
    expect(set.keep('Stalled')).toBe(false);
    expect(set.keep('Ready')).toBe(true);
    expect(set.list()).toEqual([{ ...old, observedGeneration: 2 }]);
  });
});
