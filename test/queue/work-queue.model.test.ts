import { strictEqual as equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLanes, type LaneHold } from '../../src/queue/lanes.ts';
import { createWorkQueue, type Ticket } from '../../src/queue/work-queue.ts';
import { Model, type Wish } from './work-queue-model.ts';

describe('a work queue against its model', () => {
  const limits: Record<string, number> = { p: 2, q: 1, free: 0, 'h:1': 1, 'h:2': 2, 'h:3': 1 };
  const names = fc.subarray(Object.keys(limits));
  const keyNames = fc.nat({ max: 7 });
  /** Few keys and lanes meet often, many seldom: each example draws how many take part. */
  const scope = fc.record({
    keys: fc.subarray(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], { minLength: 1 }),
    lanes: fc.subarray(Object.keys(limits), { minLength: 1 }),
  });
  const wish = fc.record({
    rank: fc.integer({ min: 0, max: 2 }),
    delayMs: fc.oneof(fc.constant(0), fc.integer({ min: -5, max: 20 })),
    lanes: fc.oneof(fc.constant<string[]>([]), names, fc.shuffledSubarray(Object.keys(limits), { minLength: 1, maxLength: 3 })),
  });
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), key: keyNames, wish }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('replace' as const), key: keyNames, wish }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), key: keyNames }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('next' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('drain' as const) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('done' as const), at: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 15 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('acquire' as const), lanes: names }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('exchange' as const), at: fc.nat(), take: names }) },
  );

  /** `equal` and `ok` of node:assert, because a million comparisons by `expect` take seconds. */
  function createPair() {
    const model = new Model((lane) => limits[lane] ?? 0);
    const clock = { wallMs: () => 0, monotonicMs: () => model.nowMs, setTimer: () => ({ cancel: () => {} }) };
    const lanes = createLanes({ fixed: { p: 2, q: 1, free: 0 }, families: { 'h:2': 2, 'h:': 1 } });
    const queue = createWorkQueue({ clock, lanes });
    const tickets: Ticket[] = [];
    const holds: LaneHold[] = [];
    /** Keys with an add that no run has begun after. */
    const owed = new Set<string>();

    const next = () => {
      const ticket = queue.next();
      const expected = model.next();
      equal(ticket?.key, expected?.key);
      equal(ticket?.booking.rank, expected?.wish.rank);
      equal(ticket?.booking.dueMs, expected?.wish.dueMs);
      equal(ticket?.hold.names().toSorted().join(), expected?.wish.lanes.toSorted().join());
      if (ticket === undefined) return false;
      ok(tickets.every(({ key }) => key !== ticket.key));
      tickets.push(ticket);
      owed.delete(ticket.key);
      return true;
    };
    const done = (at: number) => {
      const [ticket] = tickets.splice(at % Math.max(1, tickets.length), 1);
      if (ticket === undefined) return;
      model.hold(ticket.hold.names(), -1);
      model.done(ticket.key);
      ticket.done();
    };
    const release = (at: number) => {
      const [hold] = holds.splice(at % Math.max(1, holds.length), 1);
      if (hold === undefined) return;
      model.hold(hold.names(), -1);
      hold.release();
    };
    const exchange = (at: number, wanted: string[]) => {
      const hold = [...tickets.map((ticket) => ticket.hold), ...holds][at % Math.max(1, tickets.length + holds.length)];
      if (hold === undefined) return;
      const give = hold.names().slice(0, 1);
      const take = wanted.filter((name) => !hold.names().includes(name));
      const roomy = model.hasRoom(take);
      equal(hold.exchange({ give, take }), roomy);
      if (!roomy) return;
      model.hold(take, 1);
      model.hold(give, -1);
    };
    const book = (
      kind: 'add' | 'replace',
      key: string,
      { rank, delayMs, lanes: wanted }: Omit<Wish, 'dueMs'> & { delayMs: number },
    ) => {
      const booked = { rank, dueMs: model.nowMs + delayMs, lanes: wanted };
      model[kind](key, booked);
      queue[kind](key, booked);
      if (kind === 'add') owed.add(key);
    };
    const acquire = (wanted: string[]) => {
      const hold = lanes.tryAcquire(wanted);
      equal(hold !== undefined, model.hasRoom(wanted));
      if (hold === undefined) return;
      model.hold(wanted, 1);
      holds.push(hold);
    };
    const forget = (key: string) => {
      model.forget(key);
      queue.forget(key);
      owed.delete(key);
    };
    const check = () => {
      for (const [lane, limit] of Object.entries(limits)) {
        equal(lanes.occupancy(lane), model.held.get(lane) ?? 0);
        ok(limit === 0 || lanes.occupancy(lane) <= limit);
      }
      equal(queue.depth(), model.depth());
      equal(queue.nextDueMs(), model.nextDueMs());
      equal(queue.running(), tickets.length);
    };
    return { model, lanes, queue, tickets, holds, owed, next, done, release, exchange, book, acquire, forget, check };
  }

  test('every interleaving gives the order, the limits and the runs of the model, and everything added is run in the end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), scope, (steps, { keys, lanes }) => {
        const pair = createPair();
        const only = (names: string[]) => names.filter((name) => lanes.includes(name));
        for (const drawn of steps) {
          const one = 'key' in drawn ? { ...drawn, key: keys[drawn.key % keys.length] ?? 'a' } : drawn;
          if (one.kind === 'add' || one.kind === 'replace')
            pair.book(one.kind, one.key, { ...one.wish, lanes: only(one.wish.lanes) });
          else if (one.kind === 'forget') pair.forget(one.key);
          else if (one.kind === 'next') pair.next();
          else if (one.kind === 'drain') while (pair.next());
          else if (one.kind === 'done') pair.done(one.at);
          else if (one.kind === 'advance') pair.model.nowMs += one.ms;
          else if (one.kind === 'acquire') pair.acquire(only(one.lanes));
          else if (one.kind === 'release') pair.release(one.at);
          else pair.exchange(one.at, only(one.take));
          pair.check();
        }
        while (pair.holds.length > 0) pair.release(0);
        pair.model.nowMs += 1000;
        while (pair.next() || pair.tickets.length > 0) {
          pair.check();
          // Ending one at a time, so that lanes get room one by one.
          pair.done(pair.tickets.length >> 1);
        }
        expect([...pair.owed]).toEqual([]);
        expect(pair.queue.waiting()).toBe(0);
        expect(pair.queue.running()).toBe(0);
        expect(pair.lanes.occupied().size).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });
});
