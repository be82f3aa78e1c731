import { describe, expect, it } from 'vitest';
import { createOutages } from '../../src/reconcile/contagion.ts';

describe('outages', () => {
  it('a recovery names the servers whose failure began within 60 s of its own, and no other', () => {
    const outages = createOutages();
    outages.failing('before', 39_999);
    outages.failing('early', 40_000);
    outages.failing('same', 100_000);
    outages.failing('late', 160_000);
    outages.failing('after', 160_001);
    expect(outages.recovered(100_000).sort()).toEqual(['early', 'late', 'same']);
  });

  it('each is named once until it fails again', () => {
    const outages = createOutages();
    outages.failing('a', 1000);
    expect(outages.recovered(0)).toEqual(['a']);
    expect(outages.recovered(0)).toEqual([]);
    outages.failing('a', 1000);
    expect(outages.recovered(0)).toEqual(['a']);
  });

  it('what is forgotten is not named', () => {
    const outages = createOutages();
    outages.failing('a', 0);
    outages.forget('a');
    expect(outages.recovered(0)).toEqual([]);
  });
});
