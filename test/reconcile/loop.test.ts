import { describe, expect, it } from 'vitest';
import { createLanes } from '../../src/queue/lanes.ts';
import { createWorkQueue, type Ticket } from '../../src/queue/work-queue.ts';
import { createLoop, GRACE_MS } from '../../src/reconcile/loop.ts';
import { laneLimits } from '../../src/reconcile/plan.ts';
import type { ReconcileResult } from '../../src/reconcile/reconciler.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

function setUp(run: (ticket: Ticket) => Promise<ReconcileResult>) {
  const clock = createFakeClock();
  const queue = createWorkQueue({ clock, lanes: createLanes(laneLimits({ probes: 64, retries: 5, perHost: 0 })) });
  const ended = new AbortController();
  const told: string[] = [];
  let aborts = 0;
  let sweeps = 0;
  const reconciler = {
    run,
    noticed() {},
    abortAll() {
      aborts += 1;
    },
    sweep() {
      sweeps += 1;
    },
  };
  const observer = {
    reconciled: (result: string) => told.push(result),
    crashed: (key: string) => told.push(`crashed ${key}`),
    probed() {},
    stands() {},
    transition() {},
    writeFailed() {},
    forgotten() {},
  };
  const loop = createLoop({ clock, queue, reconciler, observer, ended });
  return { clock, queue, loop, ended, told, aborts: () => aborts, sweeps: () => sweeps };
}

const REST: ReconcileResult = { next: undefined, wake: [] };

describe('loop', () => {
  it('hands out nothing before it begins, then everything, and books what the runs return', async () => {
    const runs: string[] = [];
    const { clock, queue, loop, told } = setUp(async ({ key }) => {
      runs.push(key);
      if (key === 'a' && runs.length === 1)
        return { next: { rank: 2, dueMs: 1000 }, wake: [{ key: 'b', booking: { rank: 1, dueMs: 0 } }] };
      return REST;
    });
    queue.add('a', { rank: 0, dueMs: 0 });
    await clock.advance(10);
    expect(runs).toEqual([]);
    loop.begin();
    await clock.advance(10);
    expect(runs).toEqual(['a', 'b']);
    await clock.advance(1000);
    expect(runs).toEqual(['a', 'b', 'a']);
    expect(told).toEqual(['requeue_after', 'success', 'success']);
    await loop.end();
  });

  it('a run that throws is told and tried again, and no other key suffers', async () => {
    let tries = 0;
    const { clock, queue, loop, told } = setUp(async ({ key }) => {
      if (key === 'bad' && ++tries < 3) throw new Error('a bug');
      return REST;
    });
    loop.begin();
    queue.add('bad', { rank: 0, dueMs: 0 });
    queue.add('good', { rank: 0, dueMs: 0 });
    await clock.advance(1000);
    expect(told.toSorted()).toEqual(['crashed bad', 'crashed bad', 'success', 'success']);
    expect(told.indexOf('success')).toBeLessThan(told.lastIndexOf('crashed bad'));
    await loop.end();
  });

  it('B7: the end waits for what is in flight and starts nothing that is queued', async () => {
    const gate = Promise.withResolvers<ReconcileResult>();
    const runs: string[] = [];
    const { clock, queue, loop, ended, aborts } = setUp(async ({ key }) => {
      runs.push(key);
      return gate.promise;
    });
    loop.begin();
    queue.add('a', { rank: 0, dueMs: 0 });
    await clock.advance(10);
    let done = false;
    const ending = loop.end().then(() => {
      done = true;
    });
    queue.add('b', { rank: 0, dueMs: 0 });
    await clock.advance(GRACE_MS - 1);
    expect([done, ended.signal.aborted, aborts()]).toEqual([false, false, 0]);
    gate.resolve(REST);
    await ending;
    expect(runs).toEqual(['a']);
    expect(clock.armed()).toBe(0);
  });

  it('B7: after the grace what is in flight is aborted, and a little later writes, too', async () => {
    const gate = Promise.withResolvers<ReconcileResult>();
    const { clock, queue, loop, ended, aborts } = setUp(() => gate.promise);
    loop.begin();
    queue.add('a', { rank: 0, dueMs: 0 });
    await clock.advance(10);
    const ending = loop.end();
    await clock.advance(GRACE_MS);
    expect([aborts(), ended.signal.aborted]).toEqual([1, false]);
    await clock.advance(3000);
    expect(ended.signal.aborted).toBe(true);
    gate.resolve(REST);
    await ending;
  });

  it('ends at once when nothing is in flight', async () => {
    const { clock, loop } = setUp(async () => REST);
    loop.begin();
    await loop.end();
    expect(clock.armed()).toBe(0);
  });

  it('a lost lease drops everything before the next write', async () => {
    const gate = Promise.withResolvers<ReconcileResult>();
    const { clock, queue, loop, ended, aborts } = setUp(() => gate.promise);
    loop.begin();
    queue.add('a', { rank: 0, dueMs: 0 });
    await clock.advance(10);
    const dropping = loop.drop();
    expect([aborts(), ended.signal.aborted]).toEqual([1, true]);
    gate.resolve(REST);
    await dropping;
    expect(clock.armed()).toBe(0);
  });

  it('sweeps once a second', async () => {
    const { clock, loop, sweeps } = setUp(async () => REST);
    loop.begin();
    await clock.advance(3500);
    expect(sweeps()).toBe(4);
    await loop.end();
  });

  it('moves while it works or has nothing to do, and not when due work has stood still for two minutes', async () => {
    const { clock, queue, loop } = setUp(async () => REST);
    await clock.advance(1_000_000);
    expect(loop.moves()).toBe(true);
    // Never begun: due work that nobody takes.
    queue.add('a', { rank: 0, dueMs: 0 });
    await clock.advance(119_999);
    expect(loop.moves()).toBe(true);
    await clock.advance(2);
    expect(loop.moves()).toBe(false);
  });
});
