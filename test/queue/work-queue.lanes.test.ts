import { describe, expect, test } from 'vitest';
import { createLanes, type LaneHold, type Lanes } from '../../src/queue/lanes.ts';
import { createWorkQueue, type Ticket, type WorkQueue } from '../../src/queue/work-queue.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

const EDIT = 0;
const RETRY = 1;
const REFRESH = 2;
const LIMITS = { fixed: { probe: 64, retry: 5 }, families: { 'host:': 8 } };

function setUp() {
  const clock = createFakeClock();
  const lanes = createLanes(LIMITS);
  return { clock, lanes, queue: createWorkQueue({ clock, lanes }) };
}

const fill = (lanes: Lanes, name: string): (LaneHold | undefined)[] => {
  const holds: (LaneHold | undefined)[] = [];
  while (lanes.hasRoom(name)) holds.push(lanes.tryAcquire([name]));
  return holds;
};

/** Hands out everything that can run now. */
const take = (queue: WorkQueue): Ticket[] => {
  const tickets: Ticket[] = [];
  for (let ticket = queue.next(); ticket !== undefined; ticket = queue.next()) tickets.push(ticket);
  return tickets;
};

describe('a work queue with lanes', () => {
  test('a key is handed out when all its lanes have room, holds them until done, and waiting holds none', () => {
    const { queue, lanes } = setUp();
    const retries = fill(lanes, 'retry');
    queue.add('a', { rank: RETRY, dueMs: 0, lanes: ['probe', 'retry', 'host:x'] });
    expect(queue.next()).toBeUndefined();
    expect(lanes.occupancy('probe')).toBe(0);
    expect(lanes.occupancy('host:x')).toBe(0);
    expect(queue.waitingFor('retry')).toBe(1);
    retries[0]?.release();
    const ticket = queue.next();
    expect(ticket?.hold.names()).toEqual(['probe', 'retry', 'host:x']);
    expect(lanes.occupancy('retry')).toBe(5);
    expect(queue.waitingFor('retry')).toBe(0);
    ticket?.done();
    expect(lanes.occupied()).toEqual(new Map([['retry', 4]]));
  });

  test('a full lane delays nobody who does not need it, whatever the rank', () => {
    const { queue, lanes } = setUp();
    fill(lanes, 'retry');
    fill(lanes, 'host:x');
    queue.add('blocked by lane', { rank: EDIT, dueMs: 0, lanes: ['retry'] });
    queue.add('blocked by host', { rank: EDIT, dueMs: 0, lanes: ['probe', 'host:x'] });
    queue.add('other host', { rank: REFRESH, dueMs: 0, lanes: ['probe', 'host:y'] });
    queue.add('no lane', { rank: REFRESH, dueMs: 0 });
    expect(take(queue).map(({ key }) => key)).toEqual(['other host', 'no lane']);
  });

  test('a key that is blocked by a second host does not keep the room of the first host from the next key', () => {
    const clock = createFakeClock();
    const lanes = createLanes({ fixed: {}, families: { 'host:': 1 } });
    const queue = createWorkQueue({ clock, lanes });
    const [holdX] = fill(lanes, 'host:x');
    queue.add('x and y', { rank: EDIT, dueMs: 0, lanes: ['host:x', 'host:y'] });
    queue.add('x', { rank: RETRY, dueMs: 0, lanes: ['host:x'] });
    expect(queue.next()).toBeUndefined();
    fill(lanes, 'host:y');
    holdX?.release();
    expect(queue.next()?.key).toBe('x');
  });

  test('an event for a key that is blocked at a full lane is handed out at once', () => {
    const { queue, lanes } = setUp();
    fill(lanes, 'retry');
    queue.add('a', { rank: RETRY, dueMs: 0, lanes: ['retry'] });
    expect(queue.next()).toBeUndefined();
    queue.add('a', { rank: EDIT, dueMs: 0 });
    expect(queue.next()?.booking).toEqual({ rank: EDIT, dueMs: 0 });
  });

  test('a run that parks makes room for the next', () => {
    const clock = createFakeClock();
    const lanes = createLanes({ fixed: { probe: 1, parked: 1 } });
    const queue = createWorkQueue({ clock, lanes });
    for (const key of ['a', 'b', 'c']) queue.add(key, { rank: EDIT, dueMs: 0, lanes: ['probe'] });
    const first = queue.next();
    expect(queue.next()).toBeUndefined();
    expect(first?.hold.exchange({ give: ['probe'], take: ['parked'] })).toBe(true);
    const second = queue.next();
    expect(second?.key).toBe('b');
    expect(second?.hold.exchange({ give: ['probe'], take: ['parked'] })).toBe(false);
    first?.done();
    expect(second?.hold.exchange({ give: ['probe'], take: ['parked'] })).toBe(true);
    expect(queue.next()?.key).toBe('c');
  });

  test('B2: at most 5 retries in flight; 8 due = 5 + 3', () => {
    const { queue, lanes } = setUp();
    for (let n = 1; n <= 8; n++) queue.add(`s${n}`, { rank: RETRY, dueMs: -n, lanes: ['probe', 'retry', `host:${n}`] });
    const first = take(queue);
    expect(first.map(({ key }) => key)).toEqual(['s8', 's7', 's6', 's5', 's4']);
    expect(lanes.occupancy('retry')).toBe(5);
    expect(queue.waitingFor('retry')).toBe(3);
    for (const ticket of first) ticket.done();
    expect(take(queue).map(({ key }) => key)).toEqual(['s3', 's2', 's1']);
  });

  test('B2: retries are first in, first out by due time, and none starves while others keep failing', async () => {
    const { queue, clock } = setUp();
    const runs = new Map<string, number>();
    const dueTimes: number[] = [];
    for (let n = 0; n < 40; n++) queue.add(`s${n}`, { rank: RETRY, dueMs: n, lanes: ['retry'] });
    for (let round = 0; round < 80; round++) {
      await clock.advance(100);
      const tickets = take(queue);
      expect(tickets).toHaveLength(5);
      for (const ticket of tickets) {
        runs.set(ticket.key, (runs.get(ticket.key) ?? 0) + 1);
        dueTimes.push(ticket.booking.dueMs);
        queue.replace(ticket.key, { rank: RETRY, dueMs: clock.monotonicMs() + 50, lanes: ['retry'] });
        ticket.done();
      }
    }
    expect([...runs.values()]).toEqual(Array.from({ length: 40 }, () => 10));
    expect(dueTimes).toEqual(dueTimes.toSorted((a, b) => a - b));
  });
});
