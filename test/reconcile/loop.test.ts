import { describe, expect, it } from 'vitest';
import { createLanes } from '../../src/queue/lanes.ts';
import { createWorkQueue, type Ticket } from '../../src/queue/work-queue.ts';
import { createLoop, GRACE_MS } from '../../src/reconcile/loop.ts';
import { laneLimits } from '../../src/reconcile/plan.ts';
import type { ReconcileResult } from '../../src/reconcile/reconciler.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

function setUp(run: (ticket: Ticket) => Promise<ReconcileResult>) {
  const clock = createFakeClock();
  const lanes = createLanes(laneLimits({ probes: 64, retries: 5, perHost: 1 }));
  const queue = createWorkQueue({ clock, lanes });
  const ended = new AbortController();
  const told: string[] = [];
  let aborts = 0;
  let sweeps = 0;
  const scouts: ReconcileResult['wake'][number][] = [];
  const objects: string[] = [];
  const noticed: string[] = [];
  const reconciler = {
    run,
    noticed: (key: string) => noticed.push(key),
    credentialsChanged: (key: string) => noticed.push(`credentials of ${key}`),
    abortAll() {
      aborts += 1;
    },
    sweep() {
      sweeps += 1;
      return scouts.splice(0);
    },
  };
  const observer = {
    reconciled: (result: string) => told.push(result),
    crashed: (key: string) => told.push(`crashed ${key}`),
    probed() {},
    forbidden() {},
    stands() {},
    transition() {},
    writeFailed() {},
    forgotten() {},
  };
  let stops = 0;
  const credentials = {
    stop() {
      stops += 1;
    },
  };
  const loop = createLoop({ clock, keys: () => objects, queue, reconciler, credentials, observer, ended });
  return {
    clock,
    queue,
    lanes,
    objects,
    noticed,
    loop,
    ended,
    told,
    aborts: () => aborts,
    sweeps: () => sweeps,
    scouts,
    stops: () => stops,
  };
}

const REST: ReconcileResult = { next: undefined, wake: [] };

describe('loop', () => {
  it('hands out nothing before it begins, then every object there is, and books what the runs return', async () => {
    const runs: string[] = [];
    const { clock, objects, loop, told } = setUp(async ({ key }) => {
      runs.push(key);
      if (key === 'a' && runs.length === 1)
        return { next: { rank: 2, dueMs: 1000 }, wake: [{ key: 'b', booking: { rank: 1, dueMs: 0 } }] };
      return REST;
    });
    objects.push('a');
    loop.noticed('a');
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

  it('who waits for the lead is healthy, however long, and keeps nothing of objects that come and go', async () => {
    const { clock, queue, objects, noticed, loop } = setUp(async () => REST);
    for (let i = 0; i < 100; i++) {
      objects.push(`ci/${i}`);
      loop.noticed(`ci/${i}`);
      objects.pop();
      loop.noticed(`ci/${i}`);
    }
    objects.push('a');
    loop.noticed('a');
    await clock.advance(1_000_000);
    expect(loop.moves()).toBe(true);
    expect(queue.waiting()).toBe(0);
    expect(noticed).toEqual([]);
  });

  it('runs what is noticed while it works, and nothing after its end, not even when the lead comes then', async () => {
    const runs: string[] = [];
    const { clock, objects, noticed, loop } = setUp(async ({ key }) => {
      runs.push(key);
      return REST;
    });
    loop.begin();
    loop.noticed('a');
    await clock.advance(10);
    await loop.end();
    objects.push('b');
    loop.noticed('c');
    loop.begin();
    await clock.advance(10);
    expect([runs, noticed.slice(0, 1), clock.armed()]).toEqual([['a'], ['a'], 0]);
  });

  it('a lease that is lost while it ends drops what was allowed to finish', async () => {
    const gate = Promise.withResolvers<ReconcileResult>();
    const { clock, queue, loop, ended, aborts } = setUp(() => gate.promise);
    loop.begin();
    queue.add('a', { rank: 0, dueMs: 0 });
    await clock.advance(10);
    const ending = loop.end();
    const dropping = loop.drop();
    expect([aborts(), ended.signal.aborted]).toEqual([1, true]);
    gate.resolve(REST);
    await Promise.all([ending, dropping]);
    expect(clock.armed()).toBe(0);
  });

  it('a changed credential is noted and runs at once, as an edit', async () => {
    const ranks: unknown[] = [];
    const { clock, noticed, loop } = setUp(async ({ key, booking }) => {
      ranks.push([key, booking.rank]);
      return REST;
    });
    loop.begin();
    loop.credentialsChanged('a');
    await clock.advance(10);
    expect([noticed, ranks]).toEqual([['credentials of a'], [['a', 0]]]);
    await loop.end();
  });

  it('looks at no credential once it ends, in order or at once', async () => {
    for (const how of ['end', 'drop'] as const) {
      const { loop, stops } = setUp(async () => REST);
      loop.begin();
      expect(stops()).toBe(0);
      await loop[how]();
      expect(stops()).toBe(1);
    }
  });

  it('moves while a run lasts, however long others wait for what it holds', async () => {
    const gate = Promise.withResolvers<ReconcileResult>();
    const { clock, queue, loop } = setUp(() => gate.promise);
    loop.begin();
    for (const key of ['a', 'b']) queue.add(key, { rank: 0, dueMs: 0, lanes: ['host:a'] });
    await clock.advance(10);
    expect([queue.running(), queue.depth()]).toEqual([1, 1]);
    expect(loop.moves()).toBe(true);
    await clock.advance(600_000);
    expect(loop.moves()).toBe(true);
    gate.resolve(REST);
    await loop.end();
  });

  it('an end before the beginning is one', async () => {
    const { clock, objects, loop } = setUp(async () => REST);
    objects.push('a');
    await loop.end();
    loop.begin();
    expect(clock.armed()).toBe(0);
  });

  it('sweeps once a second', async () => {
    const { clock, loop, sweeps } = setUp(async () => REST);
    loop.begin();
    await clock.advance(3500);
    expect(sweeps()).toBe(4);
    await loop.end();
  });

  it('runs the scouts that a sweep names', async () => {
    const ran: string[] = [];
    const { clock, loop, scouts } = setUp(async ({ key }) => {
      ran.push(key);
      return REST;
    });
    loop.begin();
    scouts.push({ key: 'a', booking: { rank: 1, dueMs: 0 } });
    await clock.advance(1500);
    expect(ran).toEqual(['a']);
    await loop.end();
  });

  it('moves while it works or has nothing to do, and not when due work has stood still for two minutes', async () => {
    const { clock, queue, lanes, loop } = setUp(async () => REST);
    await clock.advance(1_000_000);
    expect(loop.moves()).toBe(true);
    loop.begin();
    await clock.advance(1_000_000);
    expect(loop.moves()).toBe(true);
    // A lane that nobody gives back, and nobody runs who could.
    lanes.tryAcquire(['host:a']);
    queue.add('a', { rank: 0, dueMs: 0, lanes: ['host:a'] });
    await clock.advance(119_999);
    expect(loop.moves()).toBe(true);
    await clock.advance(2);
    expect(loop.moves()).toBe(false);
  });
});
