import { describe, expect, test } from 'vitest';
import type { Booking } from '../../src/queue/booking.ts';
import { createLanes, type LaneHold, type Lanes } from '../../src/queue/lanes.ts';
import { type ReadyItem, ReadySet } from '../../src/queue/ready-set.ts';

const LIMITS = { fixed: { probe: 64, retry: 5, 'retry-timeout': 3 }, families: { 'host:': 1 } };
const MANY = 10_000;

/** A ready set of many items that counts how often their ranks are read: twice or four times per comparison. */
function setUp(lanesOf: (index: number) => string[]): {
  lanes: Lanes;
  set: ReadySet<ReadyItem>;
  items: ReadyItem[];
  reads: () => number;
} {
  let reads = 0;
  const lanes = createLanes(LIMITS);
  const set = new ReadySet<ReadyItem>(lanes);
  lanes.onRoom((name) => set.gotRoom(name));
  const items = Array.from({ length: MANY }, (_, order): ReadyItem => {
    const booking: Booking = {
      get rank() {
        reads += 1;
        return 1;
      },
      dueMs: (order * 7919) % MANY,
      lanes: lanesOf(order),
    };
    return { booking, order, heapIndex: -1, spot: undefined };
  });
  for (const item of items) set.put(item);
  return {
    lanes,
    set,
    items,
    reads: () => {
      const count = reads;
      reads = 0;
      return count;
    },
  };
}

const acquire = (lanes: Lanes, names: string[]): LaneHold => {
  const hold = lanes.tryAcquire(names);
  if (hold === undefined) throw new Error(`no room in ${names.join()}`);
  return hold;
};

/** log2(10,000) is 13.3; a heap step costs two comparisons per level, and one comparison reads up to four ranks. */
const PICK_READS = 14 * 2 * 4 * 2;

describe('ReadySet', () => {
  test('10,000 items of 10,000 hosts that need the full retry lane: each pick costs O(log n)', () => {
    const { lanes, set, reads } = setUp((index) => ['probe', 'retry', `host:${index}`]);
    const holds = Array.from({ length: 5 }, () => acquire(lanes, ['retry']));
    reads();
    expect(set.take()).toBeUndefined();
    expect(reads()).toBeLessThan(10);
    let worst = 0;
    for (let due = 0; due < MANY; due++) {
      holds.shift()?.release();
      const taken = set.take();
      expect(taken?.item.booking.dueMs).toBe(due);
      expect(set.take()).toBeUndefined();
      if (taken) holds.push(taken.hold);
      worst = Math.max(worst, reads());
    }
    expect(worst).toBeLessThan(PICK_READS);
    expect(set.size).toBe(0);
  });

  test('two lanes that get room in turns move no crowd back and forth', () => {
    const { lanes, set, reads } = setUp((index) => ['retry', 'retry-timeout', `host:${index}`]);
    const hold = (name: string, count: number) => Array.from({ length: count }, () => acquire(lanes, [name]));
    let timeouts = hold('retry-timeout', 3);
    reads();
    for (let turn = 0; turn < 100; turn++) {
      const retries = hold('retry', 5);
      for (const each of timeouts) each.release();
      expect(set.take()).toBeUndefined();
      timeouts = hold('retry-timeout', 3);
      for (const each of retries) each.release();
      expect(set.take()).toBeUndefined();
    }
    expect(reads()).toBeLessThan(100 * PICK_READS);
  });

  test('10,000 items of one full host: the crowd is set aside once, and each pick after that costs O(log n)', () => {
    const { lanes, set, reads } = setUp(() => ['probe', 'host:a']);
    let hold = acquire(lanes, ['host:a']);
    expect(set.take()).toBeUndefined();
    expect(reads()).toBeLessThan(MANY * PICK_READS);
    expect(set.waitingFor('host:a')).toBe(MANY);
    let worst = 0;
    for (let due = 0; due < MANY; due++) {
      hold.release();
      const taken = set.take();
      expect(taken?.item.booking.dueMs).toBe(due);
      expect(set.take()).toBeUndefined();
      if (taken) hold = taken.hold;
      worst = Math.max(worst, reads());
    }
    expect(worst).toBeLessThan(2 * PICK_READS);
    expect(set.asideLanes).toBe(0);
  });

  test('hosts leave nothing behind, neither when their items run nor when they are taken out', () => {
    const { lanes, set, items } = setUp((index) => ['probe', `host:${index % 5000}`]);
    const holds = Array.from({ length: 5000 }, (_, host) => acquire(lanes, [`host:${host}`]));
    expect(set.take()).toBeUndefined();
    expect(set.asideLanes).toBe(5000);
    for (const item of items.slice(0, 5000)) set.remove(item);
    expect(set.asideLanes).toBe(5000);
    for (const item of items.slice(5000, 6000)) set.remove(item);
    expect(set.asideLanes).toBe(4000);
    for (const hold of holds) hold.release();
    for (let taken = set.take(); taken !== undefined; taken = set.take()) taken.hold.release();
    expect(set.size).toBe(0);
    expect(set.asideLanes).toBe(0);
    expect(lanes.occupied().size).toBe(0);
  });

  test('waitingFor counts who needs a full lane, and nobody while the lane has room', () => {
    const { lanes, set } = setUp((index) => (index % 4 === 0 ? ['probe', 'retry', 'host:a'] : ['probe']));
    expect(set.waitingFor('retry')).toBe(0);
    Array.from({ length: 5 }, () => acquire(lanes, ['retry']));
    expect(set.waitingFor('retry')).toBe(MANY / 4);
    expect(set.waitingFor('probe')).toBe(0);
  });
});
