import { describe, expect, test } from 'vitest';
import type { Booking } from '../../src/queue/booking.ts';
import { createLanes } from '../../src/queue/lanes.ts';
import { createRunner } from '../../src/queue/runner.ts';
import { createWorkQueue, type Ticket } from '../../src/queue/work-queue.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

const EDIT = 0;
const RETRY = 1;

function setUp(run: (ticket: Ticket) => Promise<Booking | undefined>) {
  const clock = createFakeClock();
  const lanes = createLanes({ fixed: { probe: 64, retry: 5 }, families: { 'host:': 8 } });
  const queue = createWorkQueue({ clock, lanes });
  const errors: { key: string; error: unknown; atMs: number }[] = [];
  const runner = createRunner({
    queue,
    clock,
    run,
    onError: (key, error) => errors.push({ key, error, atMs: clock.monotonicMs() }),
  });
  return { clock, lanes, queue, runner, errors };
}

/** A run that lasts until the test ends it. */
function createGates() {
  const open = new Map<string, () => void>();
  return {
    keys: () => [...open.keys()],
    wait: (key: string) => new Promise<void>((resolve) => open.set(key, resolve)),
    end(key: string) {
      open.get(key)?.();
      open.delete(key);
    },
  };
}

describe('createRunner', () => {
  test('runs what is due, waits with one timer for what is not, and leaves none when idle', async () => {
    const ran: string[] = [];
    const { clock, queue } = setUp(async ({ key }) => {
      ran.push(`${key} at ${clock.monotonicMs()}`);
      return undefined;
    });
    queue.add('b', { rank: EDIT, dueMs: 500 });
    queue.add('c', { rank: EDIT, dueMs: 900 });
    queue.add('a', { rank: EDIT, dueMs: 0 });
    await clock.advance(0);
    expect(ran).toEqual(['a at 0']);
    expect(clock.armed()).toBe(1);
    queue.add('d', { rank: EDIT, dueMs: 200 });
    await clock.advance(1000);
    expect(ran).toEqual(['a at 0', 'd at 200', 'b at 500', 'c at 900']);
    expect(clock.armed()).toBe(0);
  });

  test('runs a key again at the time the run returned', async () => {
    const ran: number[] = [];
    const { clock, queue } = setUp(async () => {
      ran.push(clock.monotonicMs());
      return ran.length < 4 ? { rank: RETRY, dueMs: clock.monotonicMs() + 30_000, lanes: ['retry'] } : undefined;
    });
    queue.add('a', { rank: EDIT, dueMs: 0 });
    await clock.advance(200_000);
    expect(ran).toEqual([0, 30_000, 60_000, 90_000]);
  });

  test('adds during a run give exactly one more run, after it', async () => {
    const gates = createGates();
    let runs = 0;
    const { clock, queue } = setUp(async ({ key }) => {
      runs += 1;
      await gates.wait(key);
      return { rank: RETRY, dueMs: clock.monotonicMs() + 1000 };
    });
    queue.add('a', { rank: EDIT, dueMs: 0 });
    await clock.advance(0);
    for (let count = 0; count < 3; count++) queue.add('a', { rank: EDIT, dueMs: 0 });
    await clock.advance(0);
    expect(runs).toBe(1);
    gates.end('a');
    await clock.advance(0);
    expect(runs).toBe(2);
    gates.end('a');
    await clock.advance(999);
    expect(runs).toBe(2);
  });

  test('a lane that gets room starts the next run, also when a run gives it back before its end', async () => {
    const gates = createGates();
    const { clock, lanes, queue } = setUp(async (ticket) => {
      await gates.wait(ticket.key);
      ticket.hold.exchange({ give: ['retry'] });
      await gates.wait(`${ticket.key} parked`);
      return undefined;
    });
    for (let n = 1; n <= 7; n++) queue.add(`s${n}`, { rank: RETRY, dueMs: 0, lanes: ['retry'] });
    await clock.advance(0);
    expect(gates.keys()).toEqual(['s1', 's2', 's3', 's4', 's5']);
    gates.end('s3');
    await clock.advance(0);
    expect(gates.keys()).toEqual(['s1', 's2', 's4', 's5', 's3 parked', 's6']);
    gates.end('s3 parked');
    await clock.advance(0);
    expect(lanes.occupancy('retry')).toBe(5);
    expect(queue.running()).toBe(5);
  });

  test('B2: at most 5 retries in flight; 8 due = 5 + 3; FIFO by due time, nobody starves', async () => {
    const gates = createGates();
    const started: string[] = [];
    let inFlight = 0;
    let most = 0;
    const { clock, queue } = setUp(async ({ key }) => {
      started.push(key);
      inFlight += 1;
      most = Math.max(most, inFlight);
      await gates.wait(key);
      inFlight -= 1;
      return undefined;
    });
    for (let n = 8; n >= 1; n--) queue.add(`s${n}`, { rank: RETRY, dueMs: n, lanes: ['probe', 'retry', 'host:one'] });
    await clock.advance(10);
    expect(started).toEqual(['s1', 's2', 's3', 's4', 's5']);
    expect(queue.waitingFor('retry')).toBe(3);
    for (const key of ['s4', 's1', 's5', 's2', 's3']) gates.end(key);
    await clock.advance(0);
    expect(started.slice(5)).toEqual(['s6', 's7', 's8']);
    for (const key of ['s6', 's7', 's8']) gates.end(key);
    await clock.advance(0);
    expect(inFlight).toBe(0);
    expect(most).toBe(5);
    expect(clock.armed()).toBe(0);
  });

  test('a run that throws is reported and booked again after 5, 10, 20 … ms; a run that ends well resets that', async () => {
    const ran: number[] = [];
    const held: (readonly string[])[] = [];
    const broken = new Error('a bug');
    const { clock, queue, errors, lanes } = setUp(async ({ hold }) => {
      ran.push(clock.monotonicMs());
      held.push(hold.names());
      if (ran.length !== 4 && ran.length < 6) throw broken;
      return undefined;
    });
    queue.add('a', { rank: EDIT, dueMs: 0, lanes: ['probe'] });
    await clock.advance(100);
    expect(ran).toEqual([0, 5, 15, 35]);
    expect(held).toEqual([['probe'], [], [], []]);
    queue.add('a', { rank: EDIT, dueMs: 100 });
    await clock.advance(100);
    expect(ran.slice(4)).toEqual([100, 105]);
    expect(errors.map(({ key, error, atMs }) => [key, error === broken, atMs])).toEqual([
      ['a', true, 0],
      ['a', true, 5],
      ['a', true, 15],
      ['a', true, 100],
    ]);
    expect(lanes.occupied().size).toBe(0);
  });

  test('a run that throws before it waits, or returns a booking without a time, loses no key either', async () => {
    let runs = 0;
    const { clock, queue, errors } = setUp((): Promise<Booking | undefined> => {
      runs += 1;
      if (runs === 1) throw new Error('at once');
      return Promise.resolve(runs === 2 ? { rank: EDIT, dueMs: Number.NaN } : undefined);
    });
    queue.add('a', { rank: EDIT, dueMs: 0 });
    await clock.advance(100);
    expect(runs).toBe(3);
    expect(errors).toHaveLength(2);
    expect(queue.waiting()).toBe(0);
  });

  test('a key that was forgotten during a run that throws does not come back', async () => {
    let runs = 0;
    const { clock, queue, errors } = setUp(async ({ key }) => {
      runs += 1;
      queue.forget(key);
      throw new Error('gone');
    });
    queue.add('a', { rank: EDIT, dueMs: 0 });
    await clock.advance(10_000);
    expect(runs).toBe(1);
    expect(errors).toHaveLength(1);
    expect(queue.waiting()).toBe(0);
  });

  test('10,000 adds at once leave the event loop its turns, and all run', async () => {
    let runs = 0;
    const { clock, queue } = setUp(async () => {
      runs += 1;
      return undefined;
    });
    for (let n = 0; n < 10_000; n++) queue.add(`k${n}`, { rank: EDIT, dueMs: 0 });
    // Promises settle without a timer firing: this is all that happens before the loop turns.
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs).toBe(100);
    await clock.advance(0);
    expect(runs).toBe(10_000);
    expect(clock.armed()).toBe(0);
  });

  test('a run that always wants to run again at once does not block the event loop', async () => {
    let runs = 0;
    const { clock, queue, runner } = setUp(async () => {
      runs += 1;
      return { rank: EDIT, dueMs: clock.monotonicMs() };
    });
    queue.add('a', { rank: EDIT, dueMs: 0 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs).toBe(100);
    await runner.stop();
  });

  test('runs whose first step is slow end the batch after 5 ms', async () => {
    const real = createFakeClock();
    let nowMs = 0;
    const clock = { ...real, monotonicMs: () => nowMs };
    const queue = createWorkQueue({ clock, lanes: createLanes({ fixed: {} }) });
    let runs = 0;
    const run = async () => {
      runs += 1;
      nowMs += 2;
      return undefined;
    };
    const runner = createRunner({ queue, clock, run, onError: () => {} });
    for (let n = 0; n < 10; n++) queue.add(`k${n}`, { rank: EDIT, dueMs: 0 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs).toBe(3);
    await real.advance(0);
    await real.advance(0);
    expect(runs).toBeGreaterThan(3);
    await runner.stop();
  });

  test('B7: stop starts nothing more, waits for the runs in flight, and leaves no timer', async () => {
    const gates = createGates();
    const started: string[] = [];
    const { clock, queue, runner } = setUp(async ({ key }) => {
      started.push(key);
      await gates.wait(key);
      return { rank: RETRY, dueMs: 0 };
    });
    for (let n = 1; n <= 7; n++) queue.add(`s${n}`, { rank: RETRY, dueMs: 0, lanes: ['retry'] });
    queue.add('later', { rank: EDIT, dueMs: 5000 });
    await clock.advance(0);
    let stopped = false;
    const stopping = runner.stop().then(() => {
      stopped = true;
    });
    expect(clock.armed()).toBe(0);
    for (const key of ['s1', 's2', 's3', 's4']) gates.end(key);
    await clock.advance(10_000);
    expect(stopped).toBe(false);
    gates.end('s5');
    await stopping;
    await clock.advance(10_000);
    expect(started).toEqual(['s1', 's2', 's3', 's4', 's5']);
    expect(queue.waiting()).toBe(0);
    await runner.stop();
  });

  test('stop leaves no listener at the queue', async () => {
    const clock = createFakeClock();
    const queue = createWorkQueue({ clock, lanes: createLanes({ fixed: {} }) });
    let listeners = 0;
    const listen = queue.onWork.bind(queue);
    queue.onWork = (listener) => {
      const stop = listen(listener);
      listeners += 1;
      return () => {
        listeners -= 1;
        stop();
      };
    };
    const runner = createRunner({ queue, clock, run: async () => undefined, onError: () => {} });
    expect(listeners).toBe(1);
    await runner.stop();
    expect(listeners).toBe(0);
  });

  test('B7: stop resolves at once when nothing is in flight', async () => {
    const { clock, queue, runner } = setUp(async () => undefined);
    queue.add('later', { rank: EDIT, dueMs: 5000 });
    await clock.advance(0);
    await runner.stop();
    expect(clock.armed()).toBe(0);
  });
});
