import { describe, expect, it } from 'vitest';
import { createOutages } from '../../src/reconcile/contagion.ts';

describe('outages', () => {
  it('a recovery names the servers whose failure began within 60 s of its own, and no other', () => {
    const outages = createOutages();
    outages.failing('before', 39_999, 0);
    outages.failing('early', 40_000, 0);
    outages.failing('same', 100_000, 0);
    outages.failing('late', 160_000, 0);
    outages.failing('after', 160_001, 0);
    expect(outages.recovered(100_000).sort()).toEqual(['early', 'late', 'same']);
  });

  it('each is named once until it fails again', () => {
    const outages = createOutages();
    outages.failing('a', 1000, 0);
    expect(outages.recovered(0)).toEqual(['a']);
    expect(outages.recovered(0)).toEqual([]);
    outages.failing('a', 1000, 0);
    expect(outages.recovered(0)).toEqual(['a']);
  });

  it('what is forgotten is not named', () => {
    const outages = createOutages();
    outages.failing('a', 0, 0);
    outages.forget('a');
    expect(outages.recovered(0)).toEqual([]);
  });

  it('of ten that failed together one is tried after five seconds without news, the next time another one', () => {
    const outages = createOutages();
    for (let n = 0; n < 10; n++) outages.failing(`server-${n}`, n * 1000, n * 1000);
    expect(outages.scouts(13_999)).toEqual([]);
    expect(outages.scouts(14_000)).toEqual(['server-0']);
    outages.forget('server-0');
    outages.failing('server-0', 0, 14_100);
    expect(outages.scouts(19_099)).toEqual([]);
    expect(outages.scouts(19_100)).toEqual(['server-1']);
    expect(outages.scouts(19_101)).toEqual([]);
  });

  it('nine are left to their ladders, and so are ten that did not fail together', () => {
    const outages = createOutages();
    for (let n = 0; n < 9; n++) outages.failing(`server-${n}`, 0, 0);
    expect(outages.scouts(60_000)).toEqual([]);
    outages.failing('hour-later', 3_600_000, 3_600_000);
    expect(outages.scouts(7_200_000)).toEqual([]);
  });
});
