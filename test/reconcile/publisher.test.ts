import { describe, expect, it } from 'vitest';
import type { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import { recall } from '../../src/reconcile/memory.ts';
import type { EventNotice, ObjectReader, TransitionNotice, WriteResult, WriteTarget } from '../../src/reconcile/ports.ts';
import { createPublisher } from '../../src/reconcile/publisher.ts';
import { createFakeClock, fixedRandom } from '../platform/fake-clock.ts';
import { rawOf } from './samples.ts';

function setUp(
  results: WriteResult[],
  read: ObjectReader['readObject'] = async () => ({ kind: 'unavailable' }),
  gate?: Promise<void>,
) {
  const targets: WriteTarget[] = [];
  const transitions: TransitionNotice[] = [];
  const events: (WriteTarget & EventNotice)[] = [];
  const failures: number[] = [];
  let leading = true;
  const ended = new AbortController();
  const raw = rawOf({ resourceVersion: '1' });
  const memory = recall(raw, { wallMs: 0, monotonicMs: 0 });
  const publisher = createPublisher({
    writer: {
      async writeStatus(target) {
        targets.push(target);
        await gate;
        return results.shift() ?? { kind: 'unavailable' };
      },
    },
    reader: { readObject: read },
    clock: createFakeClock(),
    random: fixedRandom(1),
    observer: {
      reconciled() {},
      crashed() {},
      probed() {},
      forbidden() {},
      stands() {},
      transition: (notice) => transitions.push(notice),
      writeFailed: (_metadata, _result, retryInMs) => failures.push(retryInMs),
      forgotten() {},
    },
    events: { record: (object, notice) => events.push({ ...object, ...notice }) },
    mayWrite: () => leading,
    signal: ended.signal,
    lastSuccessRefreshMs: 3_600_000,
  });
  const status = (): MCPServerStatus => ({
    ...memory.status,
    state: 'Available',
    history: [{ time: '2026-01-01T00:00:00Z', from: 'Pending', to: 'Available', reason: 'Available', probeID: 'p' }],
  });
  return {
    publish: (decide = status) => publisher.publish(raw, memory, decide, 'p'),
    publisher,
    memory,
    targets,
    transitions,
    events,
    failures,
    ended,
    resign: () => {
      leading = false;
    },
  };
}

describe('publish', () => {
  it('writes to exactly the version that was seen, remembers what it wrote, and tells the transition', async () => {
    const { publish, memory, targets, transitions, events } = setUp([{ kind: 'written', resourceVersion: '2' }]);
    expect(await publish()).toEqual({ kind: 'done' });
    expect(events).toMatchObject([{ reason: 'Available', uid: 'uid-a', resourceVersion: '2', probeID: 'p' }]);
    expect(targets).toEqual([{ namespace: 'default', name: 'a', uid: 'uid-a', resourceVersion: '1' }]);
    expect(memory).toMatchObject({ resourceVersion: '2', status: { state: 'Available' }, writing: undefined });
    expect(transitions).toMatchObject([{ from: 'Pending', to: 'Available', reason: 'Available', probeID: 'p' }]);
  });

  it('writes nothing when nothing of substance is new', async () => {
    const { publish, memory, targets } = setUp([]);
    expect(await publish(() => ({ ...memory.status }))).toEqual({ kind: 'done' });
    expect(targets).toEqual([]);
  });

  it('decides again on the fresh object after a conflict', async () => {
    const { publish, targets } = setUp([{ kind: 'conflict' }, { kind: 'written', resourceVersion: '8' }], async () => ({
      kind: 'found',
      value: rawOf({ resourceVersion: '7', status: { observedGeneration: 1, state: 'Denied' } }),
    }));
    expect(await publish()).toEqual({ kind: 'done' });
    expect(targets.map(({ resourceVersion }) => resourceVersion)).toEqual(['1', '7']);
  });

  it('drops the decision when the object is another one, another generation, or gone', async () => {
    for (const value of [rawOf({ uid: 'new', resourceVersion: '7' }), rawOf({ generation: 2, resourceVersion: '7' })]) {
      const { publish, targets } = setUp([{ kind: 'conflict' }], async () => ({ kind: 'found', value }));
      expect(await publish()).toEqual({ kind: 'superseded' });
      expect(targets).toHaveLength(1);
    }
    expect(await setUp([{ kind: 'conflict' }], async () => ({ kind: 'notFound' })).publish()).toEqual({ kind: 'superseded' });
    expect(await setUp([{ kind: 'gone' }]).publish()).toEqual({ kind: 'superseded' });
  });

  it('gives up for a while when somebody else keeps being faster', async () => {
    let version = 10;
    const conflicts = Array.from({ length: 10 }, (): WriteResult => ({ kind: 'conflict' }));
    const { publish, targets } = setUp(conflicts, async () => ({
      kind: 'found',
      value: rawOf({ resourceVersion: String(version++) }),
    }));
    expect(await publish()).toMatchObject({ kind: 'later' });
    expect(targets).toHaveLength(4);
  });

  it('backs off from 0.5 s to a minute, never below Retry-After', async () => {
    const { publish, failures } = setUp([]);
    for (let i = 0; i < 9; i++) await publish();
    expect(failures).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    const polite = setUp([{ kind: 'unavailable', retryAfterMs: 90_000 }]);
    expect(await polite.publish()).toEqual({ kind: 'later', afterMs: 90_000 });
  });

  it('a status that the API server refuses is told once, and the object rests from a minute to an hour', async () => {
    const refusals = Array.from({ length: 9 }, (): WriteResult => ({ kind: 'rejected', httpStatus: 422 }));
    const { publish, failures, memory } = setUp(refusals);
    const rests: unknown[] = [];
    for (let i = 0; i < 8; i++) rests.push(await publish());
    const minutes = [1, 2, 4, 8, 16, 32, 60, 60];
    expect(rests).toEqual(minutes.map((each) => ({ kind: 'refused', afterMs: each * 60_000 })));
    expect(memory.refusedUntilMs).toBe(3_600_000);
    expect(failures).toEqual([60_000]);
  });

  it('writes nothing after the lead is lost', async () => {
    const { publish, targets, resign } = setUp([{ kind: 'written', resourceVersion: '2' }]);
    resign();
    expect(await publish()).toEqual({ kind: 'fenced' });
    expect(targets).toEqual([]);
  });

  it('sends one write after the other for each object, and the second knows what the first has written', async () => {
    const gate = Promise.withResolvers<void>();
    const { publish, memory, targets, publisher } = setUp(
      [
        { kind: 'written', resourceVersion: '2' },
        { kind: 'written', resourceVersion: '3' },
      ],
      undefined,
      gate.promise,
    );
    const first = publish(() => ({ ...memory.status, state: 'Pending', observedGeneration: 0 }));
    const second = publish();
    await Promise.resolve();
    expect([publisher.writing(), targets.length]).toEqual([2, 1]);
    gate.resolve();
    expect(await Promise.all([first, second])).toEqual([{ kind: 'done' }, { kind: 'done' }]);
    expect(targets.map(({ resourceVersion }) => resourceVersion)).toEqual(['1', '2']);
    expect([publisher.writing(), memory.writing]).toEqual([0, undefined]);
  });

  it('a third waits for the second, although the first is done', async () => {
    const written = ['2', '3', '4'].map((resourceVersion) => ({ kind: 'written' as const, resourceVersion }));
    const { publish, memory, targets } = setUp(written);
    const named = (name: string) => () => ({ ...memory.status, server: { name, version: '1' } });
    const first = publish(named('first'));
    const second = publish(named('second'));
    await first;
    expect(memory.writing).toBeDefined();
    await Promise.all([second, publish(named('third'))]);
    expect(targets.map(({ resourceVersion }) => resourceVersion)).toEqual(['1', '2', '3']);
  });

  it('a write that arrives ends the backoff, whatever it was for', async () => {
    const { publish, failures } = setUp([
      { kind: 'unavailable' },
      { kind: 'unavailable' },
      { kind: 'written', resourceVersion: '2' },
    ]);
    await publish();
    await publish();
    await publish();
    await publish(() => ({ observedGeneration: 1, state: 'Denied' }));
    expect(failures).toEqual([500, 1000, 500]);
  });

  it('a write that our own end cut off is no trouble of the API server', async () => {
    const gate = Promise.withResolvers<void>();
    const { publish, ended, failures } = setUp([{ kind: 'unavailable' }], undefined, gate.promise);
    const published = publish();
    ended.abort();
    gate.resolve();
    expect(await published).toEqual({ kind: 'fenced' });
    expect(failures).toEqual([]);
  });

  it('tells a transition once, not again with each later write of the same state', async () => {
    const { publish, memory, transitions } = setUp([
      { kind: 'written', resourceVersion: '2' },
      { kind: 'written', resourceVersion: '3' },
    ]);
    await publish();
    await publish(() => ({ ...memory.status, server: { name: 'other', version: '1' } }));
    expect(transitions).toHaveLength(1);
  });

  it('a decision that throws frees the object for the next', async () => {
    const { publish, memory, publisher } = setUp([{ kind: 'written', resourceVersion: '2' }]);
    const thrown = publish(() => {
      throw new Error('bug');
    });
    const next = publish();
    await expect(thrown).rejects.toThrow('bug');
    expect(await next).toEqual({ kind: 'done' });
    expect([publisher.writing(), memory.writing]).toEqual([0, undefined]);
  });
});
