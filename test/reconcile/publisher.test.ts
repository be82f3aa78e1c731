import { describe, expect, it } from 'vitest';
import type { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import { recall } from '../../src/reconcile/memory.ts';
import type { ObjectReader, TransitionNotice, WriteResult, WriteTarget } from '../../src/reconcile/ports.ts';
import { createPublisher } from '../../src/reconcile/publisher.ts';
import { fixedRandom } from '../platform/fake-clock.ts';
import { rawOf } from './samples.ts';

function setUp(results: WriteResult[], read: ObjectReader['readObject'] = async () => ({ kind: 'unavailable' })) {
  const targets: WriteTarget[] = [];
  const transitions: TransitionNotice[] = [];
  const failures: number[] = [];
  let leading = true;
  const ended = new AbortController();
  const raw = rawOf({ resourceVersion: '1' });
  const memory = recall(raw, { wallMs: 0, monotonicMs: 0 });
  const publisher = createPublisher({
    writer: {
      async writeStatus(target) {
        targets.push(target);
        return results.shift() ?? { kind: 'unavailable' };
      },
    },
    reader: { readObject: read },
    random: fixedRandom(1),
    observer: {
      reconciled() {},
      crashed() {},
      probed() {},
      stands() {},
      transition: (notice) => transitions.push(notice),
      writeFailed: (_metadata, _result, retryInMs) => failures.push(retryInMs),
      forgotten() {},
    },
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
    publish: (decide = status) => publisher.publish(raw, memory, decide),
    publisher,
    memory,
    targets,
    transitions,
    failures,
    ended,
    resign: () => {
      leading = false;
    },
  };
}

describe('publish', () => {
  it('writes to exactly the version that was seen, remembers what it wrote, and tells the transition', async () => {
    const { publish, memory, targets, transitions } = setUp([{ kind: 'written', resourceVersion: '2' }]);
    expect(await publish()).toEqual({ kind: 'done' });
    expect(targets).toEqual([{ namespace: 'default', name: 'a', uid: 'uid-a', resourceVersion: '1' }]);
    expect(memory).toMatchObject({ resourceVersion: '2', status: { state: 'Available' }, writing: false });
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

  it('writes nothing after the lead is lost', async () => {
    const { publish, targets, resign } = setUp([{ kind: 'written', resourceVersion: '2' }]);
    resign();
    expect(await publish()).toEqual({ kind: 'fenced' });
    expect(targets).toEqual([]);
  });
});
