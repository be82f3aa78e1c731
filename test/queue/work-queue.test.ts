import { describe, expect, test } from 'vitest';
import { createLanes, type LaneHold, type Lanes } from '../../src/queue/lanes.ts';
import { createWorkQueue, type QueueObserver, type WorkQueue } from '../../src/queue/work-queue.ts';
import { createFakeClock, type FakeClock } from '../platform/fake-clock.ts';

const EDIT = 0;
const RETRY = 1;
const REFRESH = 2;
const LIMITS = { fixed: { probe: 64, retry: 5 }, families: { 'host:': 8 } };

function setUp(observer?: QueueObserver): { clock: FakeClock; lanes: Lanes; queue: WorkQueue; keys: () => string[] } {
  const clock = createFakeClock();
  const lanes = createLanes(LIMITS);
  const queue = createWorkQueue({ clock, lanes, ...(observer ? { observer } : {}) });
  /** Hands out and ends everything that can run now. */
  const keys = () => {
    const handedOut: string[] = [];
    for (let ticket = queue.next(); ticket !== undefined; ticket = queue.next()) {
      handedOut.push(ticket.key);
      ticket.done();
    }
    return handedOut;
  };
  return { clock, lanes, queue, keys };
}

const fill = (lanes: Lanes, name: string): (LaneHold | undefined)[] => {
  const holds: (LaneHold | undefined)[] = [];
  while (lanes.hasRoom(name)) holds.push(lanes.tryAcquire([name]));
  return holds;
};

describe('the contract of client-go', () => {
  test('a key never runs twice at once, and any number of adds during a run give exactly one more', () => {
    const { queue, keys } = setUp();
    queue.add('a', { rank: EDIT, dueMs: 0 });
    const ticket = queue.next();
    for (let count = 0; count < 5; count++) queue.add('a', { rank: EDIT, dueMs: 0 });
    expect(queue.next()).toBeUndefined();
    ticket?.done();
    expect(keys()).toEqual(['a']);
    expect(queue.waiting()).toBe(0);
  });

  test('adds before a run give one run, in the order of the first adds', () => {
    const { queue, keys } = setUp();
    for (const key of ['a', 'b', 'a', 'c', 'b', 'a']) queue.add(key, { rank: EDIT, dueMs: 0 });
    expect(queue.depth()).toBe(3);
    expect(keys()).toEqual(['a', 'b', 'c']);
  });

  test('done is idempotent: a late second call does not end the next run', () => {
    const { queue } = setUp();
    queue.add('a', { rank: EDIT, dueMs: 0 });
    const first = queue.next();
    queue.add('a', { rank: EDIT, dueMs: 0 });
    first?.done();
    queue.next();
    first?.done();
    queue.add('a', { rank: EDIT, dueMs: 0 });
    expect(queue.next()).toBeUndefined();
    expect(queue.running()).toBe(1);
  });

  test('after shutDown nothing is handed out or taken, what waits is forgotten, and drained resolves after the last run', async () => {
    const { queue } = setUp();
    for (const key of ['a', 'b', 'c']) queue.add(key, { rank: EDIT, dueMs: 0 });
    const tickets = [queue.next(), queue.next()];
    let drained = false;
    const done = queue.drained().then(() => {
      drained = true;
    });
    queue.add('a', { rank: EDIT, dueMs: 0 });
    queue.shutDown();
    queue.add('d', { rank: EDIT, dueMs: 0 });
    expect(queue.next()).toBeUndefined();
    expect(queue.waiting()).toBe(0);
    tickets[0]?.done();
    await Promise.resolve();
    expect(drained).toBe(false);
    tickets[1]?.done();
    await done;
    expect(queue.next()).toBeUndefined();
  });

  test('drained resolves at once when nothing runs, and not before shutDown', async () => {
    const { queue } = setUp();
    let drained = false;
    const done = queue.drained().then(() => {
      drained = true;
    });
    await Promise.resolve();
    expect(drained).toBe(false);
    queue.shutDown();
    await done;
  });
});

describe('delay and priority', () => {
  test('a key is never handed out before it is due', async () => {
    const { queue, clock, keys } = setUp();
    queue.add('a', { rank: EDIT, dueMs: 1000 });
    await clock.advance(999);
    expect(keys()).toEqual([]);
    expect(queue.depth()).toBe(0);
    expect(queue.nextDueMs()).toBe(1000);
    await clock.advance(1);
    expect(keys()).toEqual(['a']);
  });

  test('among due keys the rank decides, then the due time, then who came first', async () => {
    const { queue, clock, keys } = setUp();
    queue.add('refresh', { rank: REFRESH, dueMs: 1 });
    queue.add('late', { rank: RETRY, dueMs: 3 });
    queue.add('early', { rank: RETRY, dueMs: 2 });
    queue.add('second', { rank: EDIT, dueMs: 4 });
    queue.add('third', { rank: EDIT, dueMs: 4 });
    queue.add('first', { rank: EDIT, dueMs: 3 });
    await clock.advance(10);
    expect(keys()).toEqual(['first', 'second', 'third', 'early', 'late', 'refresh']);
  });

  test('the earlier of two due times wins', async () => {
    const { queue, clock, keys } = setUp();
    queue.add('a', { rank: RETRY, dueMs: 300 });
    queue.add('a', { rank: RETRY, dueMs: 100 });
    queue.add('a', { rank: RETRY, dueMs: 200 });
    await clock.advance(100);
    expect(keys()).toEqual(['a']);
    await clock.advance(1000);
    expect(keys()).toEqual([]);
  });

  test('an event hands out a key in backoff at once, and the run books the retry again at its old time', async () => {
    const { queue, clock } = setUp();
    const retry = { rank: RETRY, dueMs: 300_000, lanes: ['retry'] };
    queue.add('a', retry);
    queue.add('a', { rank: EDIT, dueMs: 0 });
    const question = queue.next();
    expect(question?.hold.names()).toEqual([]);
    queue.replace('a', retry);
    question?.done();
    expect(queue.next()).toBeUndefined();
    await clock.advance(300_000);
    expect(queue.next()?.hold.names()).toEqual(['retry']);
  });

  test('replace puts off what waits', async () => {
    const { queue, clock, keys } = setUp();
    queue.add('a', { rank: EDIT, dueMs: 0 });
    queue.replace('a', { rank: RETRY, dueMs: 500 });
    expect(keys()).toEqual([]);
    await clock.advance(500);
    expect(keys()).toEqual(['a']);
  });

  test('an add during the run beats the plan of that run, before and after it', () => {
    const { queue, keys } = setUp();
    for (const order of ['add first', 'plan first']) {
      queue.add('a', { rank: EDIT, dueMs: 0 });
      const ticket = queue.next();
      if (order === 'add first') queue.add('a', { rank: EDIT, dueMs: 0 });
      queue.replace('a', { rank: REFRESH, dueMs: 300_000, lanes: ['probe'] });
      if (order === 'plan first') queue.add('a', { rank: EDIT, dueMs: 0 });
      ticket?.done();
      expect(keys()).toEqual(['a']);
    }
  });

  test('forget drops what waits, and the plan of the run in which it happens', () => {
    const { queue, keys } = setUp();
    queue.add('a', { rank: EDIT, dueMs: 0 });
    queue.forget('a');
    expect(keys()).toEqual([]);
    queue.add('a', { rank: EDIT, dueMs: 0 });
    const ticket = queue.next();
    queue.add('a', { rank: EDIT, dueMs: 0 });
    queue.forget('a');
    queue.replace('a', { rank: REFRESH, dueMs: 0 });
    ticket?.done();
    expect(keys()).toEqual([]);
    expect(queue.waiting()).toBe(0);
  });

  test('B8: an add after forget counts: a key that was deleted and created again during a run starts from nothing', () => {
    const { queue } = setUp();
    queue.add('a', { rank: EDIT, dueMs: 0 });
    queue.next()?.done('failed');
    queue.add('a', { rank: EDIT, dueMs: 0 });
    const ticket = queue.next();
    queue.forget('a');
    queue.add('a', { rank: EDIT, dueMs: 0 });
    queue.replace('a', { rank: RETRY, dueMs: 0, lanes: ['retry'] });
    ticket?.done('failed');
    const fresh = queue.next();
    expect(fresh?.booking).toEqual({ rank: EDIT, dueMs: 0 });
    expect(fresh?.failures).toBe(0);
  });

  test('failures in a row are counted as long as the key waits, and reset by a run that ends well', () => {
    const { queue } = setUp();
    const seen: (number | undefined)[] = [];
    for (const outcome of ['failed', 'failed', undefined, undefined] as const) {
      queue.add('a', { rank: EDIT, dueMs: 0 });
      const ticket = queue.next();
      seen.push(ticket?.failures);
      queue.replace('a', { rank: EDIT, dueMs: 10 });
      ticket?.done(outcome);
    }
    expect(seen).toEqual([0, 1, 2, 0]);
  });
});

describe('what an observer learns', () => {
  test('each key that begins to wait, each hand-out with its wait since due, each run with its length, each failed run', async () => {
    const told: unknown[] = [];
    const { queue, clock } = setUp({
      added: () => told.push('added'),
      handedOut: ({ waitedMs }) => told.push({ waitedMs }),
      done: ({ tookMs }) => told.push({ tookMs }),
      retried: () => told.push('retried'),
    });
    queue.add('a', { rank: EDIT, dueMs: 100 });
    queue.add('a', { rank: EDIT, dueMs: 200 });
    await clock.advance(130);
    const ticket = queue.next();
    await clock.advance(7);
    queue.replace('a', { rank: EDIT, dueMs: 0 });
    ticket?.done('failed');
    await clock.advance(3);
    queue.next();
    expect(told).toEqual(['added', { waitedMs: 30 }, { tookMs: 7 }, 'retried', 'added', { waitedMs: 3 }]);
  });

  test('onWork tells of adds, ended runs and lanes with room, until it is stopped', () => {
    const { queue, lanes } = setUp();
    let told = 0;
    const stop = queue.onWork(() => {
      told += 1;
    });
    const toldBy = (action: () => void) => {
      told = 0;
      action();
      return told > 0;
    };
    const holds = fill(lanes, 'retry');
    expect(toldBy(() => queue.add('a', { rank: EDIT, dueMs: 0 }))).toBe(true);
    const ticket = queue.next();
    expect(toldBy(() => ticket?.done())).toBe(true);
    expect(toldBy(() => holds[0]?.release())).toBe(true);
    expect(toldBy(() => holds[1]?.release())).toBe(false);
    stop();
    expect(toldBy(() => queue.add('b', { rank: EDIT, dueMs: 0 }))).toBe(false);
  });
});

describe('after shutDown', () => {
  test('the queue no longer listens to its lanes', () => {
    const { queue, lanes } = setUp();
    const holds = fill(lanes, 'retry');
    let told = 0;
    queue.onWork(() => {
      told += 1;
    });
    queue.shutDown();
    holds[0]?.release();
    expect(told).toBe(0);
  });
});
