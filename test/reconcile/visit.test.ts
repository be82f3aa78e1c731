import { describe, expect, it } from 'vitest';
import { classifyOutcome } from '../../src/probe/classify.ts';
import type { ProbeReport } from '../../src/probe/ports.ts';
import { createLanes } from '../../src/queue/lanes.ts';
import type { Edit } from '../../src/reconcile/edit.ts';
import { recall } from '../../src/reconcile/memory.ts';
import { statusAfterSuccess } from '../../src/reconcile/next-status.ts';
import { laneLimits, type ProbePlan } from '../../src/reconcile/plan.ts';
import { holdExactly, PARK_AFTER_MS, requestOf, visitServer } from '../../src/reconcile/visit.ts';
import { createFakeClock, fixedRandom } from '../platform/fake-clock.ts';
import { emptyStatus, findingOf, rawOf, specOf, succeeded } from './samples.ts';

const report: ProbeReport = {
  outcome: succeeded(),
  verdict: classifyOutcome(succeeded()),
  attempts: 1,
  durationMs: 1,
  stageMs: {},
};
const plan = (cause: ProbePlan['cause']): ProbePlan => ({ do: 'probe', cause, spec: specOf(), lanes: ['probe'] });
const limits = (parked = 1024) => {
  const { fixed } = laneLimits({ probes: 2, retries: 1, perHost: 0 });
  return createLanes({ fixed: { ...fixed, parked } });
};

describe('visitServer', () => {
  function visit(cause: ProbePlan['cause'], lanes = limits()) {
    const clock = createFakeClock();
    const memory = recall(rawOf(), { wallMs: 0, monotonicMs: 0 });
    const hold = lanes.tryAcquire(cause === 'retry' ? ['probe', 'retry'] : ['probe']);
    if (hold === undefined) throw new Error('no room');
    const ended = Promise.withResolvers<ProbeReport>();
    const prober = { probe: () => ended.promise };
    const request = requestOf(rawOf().metadata, memory, plan(cause), { clock, random: fixedRandom() });
    const visited = visitServer({ prober, clock }, hold, memory, request);
    return { clock, lanes, memory, visited, end: () => ended.resolve(report), fail: () => ended.reject(new Error('bug')) };
  }

  it('gives its slot back after 1 s and frees everything at the end', async () => {
    const { clock, lanes, memory, visited, end } = visit('refresh');
    await clock.advance(PARK_AFTER_MS - 1);
    expect(lanes.occupancy('probe')).toBe(1);
    await clock.advance(1);
    expect([lanes.occupancy('probe'), lanes.occupancy('parked')]).toEqual([0, 1]);
    end();
    await visited;
    expect([lanes.occupancy('parked'), clock.armed(), memory.abort]).toEqual([0, 0, undefined]);
  });

  it('keeps the place of its verdict when it is over, unless it was parked', async () => {
    const lanes = limits();
    const clock = createFakeClock();
    const memory = recall(rawOf(), { wallMs: 0, monotonicMs: 0 });
    const request = requestOf(rawOf().metadata, memory, plan('refresh'), { clock, random: fixedRandom() });
    const held = () => [lanes.occupancy('probe'), lanes.occupancy('verdict')];
    const quick = lanes.tryAcquire(['probe', 'verdict']);
    const slow = lanes.tryAcquire(['probe', 'verdict']);
    if (quick === undefined || slow === undefined) throw new Error('no room');
    await visitServer({ prober: { probe: async () => report }, clock }, quick, memory, request);
    expect(held()).toEqual([1, 2]);
    const ended = Promise.withResolvers<ProbeReport>();
    const visited = visitServer({ prober: { probe: () => ended.promise }, clock }, slow, memory, request);
    await clock.advance(PARK_AFTER_MS);
    ended.resolve(report);
    await visited;
    expect(held()).toEqual([0, 1]);
  });

  it('keeps its slot when there is no room to park', async () => {
    const lanes = limits(1);
    lanes.tryAcquire(['parked']);
    const { clock, visited, end } = visit('refresh', lanes);
    await clock.advance(PARK_AFTER_MS * 2);
    expect(lanes.occupancy('probe')).toBe(1);
    end();
    await visited;
    expect(lanes.occupancy('probe')).toBe(0);
  });

  it('keeps a retry in its place of the five', async () => {
    const { clock, lanes, visited, end } = visit('retry');
    await clock.advance(PARK_AFTER_MS * 10);
    expect([lanes.occupancy('retry'), lanes.occupancy('parked')]).toEqual([1, 0]);
    end();
    await visited;
  });

  it('frees everything when the prober throws', async () => {
    const { clock, lanes, visited, fail } = visit('edit');
    fail();
    await expect(visited).rejects.toThrow('bug');
    expect([lanes.occupancy('probe'), clock.armed()]).toEqual([0, 0]);
  });
});

describe('requestOf', () => {
  const DAY = 86_400_000;
  const asked = (change: (memory: ReturnType<typeof recall>) => void) => {
    const clock = createFakeClock();
    const status = statusAfterSuccess(
      { generation: 1, previous: emptyStatus(), edit: undefined, nowMs: clock.wallMs() },
      specOf(),
      findingOf(),
    );
    const memory = recall(rawOf({ status }), { wallMs: clock.wallMs(), monotonicMs: 0 });
    change(memory);
    return requestOf(rawOf().metadata, memory, plan('refresh'), { clock, random: fixedRandom() }).remembered?.era;
  };

  it('C3: offers what was detected, for a day, and only while target and settings are the same', () => {
    const shift = (ms: number) => (memory: { detectedAtMs: number | undefined }) => {
      memory.detectedAtMs = (memory.detectedAtMs ?? 0) - ms;
    };
    expect(asked(() => {})).toBe('Modern');
    expect(asked(shift(DAY - 1))).toBe('Modern');
    expect(asked(shift(DAY))).toBeUndefined();
    const edited = (edit: Edit) => (memory: { edit: Edit | undefined }) => {
      memory.edit = edit;
    };
    expect(asked(edited('settings'))).toBeUndefined();
    expect(asked(edited('cosmetic'))).toBe('Modern');
  });
});

describe('holdExactly', () => {
  it('takes what is missing, gives what is too much, or gives everything when it can not', () => {
    const lanes = limits();
    const hold = lanes.tryAcquire(['probe', 'retry']);
    if (hold === undefined) throw new Error('no room');
    expect(holdExactly(hold, ['probe'])).toBe(true);
    expect([lanes.occupancy('probe'), lanes.occupancy('retry')]).toEqual([1, 0]);
    lanes.tryAcquire(['retry']);
    expect(holdExactly(hold, ['probe', 'retry'])).toBe(false);
    expect(lanes.occupancy('probe')).toBe(0);
  });
});
