import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLanes, type LaneHold } from '../../src/queue/lanes.ts';

const LIMITS = { fixed: { probe: 3, retry: 1, parked: 1, free: 0 }, families: { 'host:': 2, 'any:': 0 } };

describe('lanes', () => {
  test('a lane has as many holders as its limit, and room again after a release', () => {
    const lanes = createLanes(LIMITS);
    const holds = [1, 2, 3].map(() => lanes.tryAcquire(['probe']));
    expect(holds.every((hold) => hold !== undefined)).toBe(true);
    expect(lanes.hasRoom('probe')).toBe(false);
    expect(lanes.tryAcquire(['probe'])).toBeUndefined();
    holds[1]?.release();
    expect(lanes.occupancy('probe')).toBe(2);
    expect(lanes.tryAcquire(['probe'])).toBeDefined();
  });

  test('several lanes are taken all or none', () => {
    const lanes = createLanes(LIMITS);
    lanes.tryAcquire(['retry']);
    expect(lanes.tryAcquire(['probe', 'host:a', 'retry'])).toBeUndefined();
    expect(lanes.occupied()).toEqual(new Map([['retry', 1]]));
  });

  test('releasing twice gives back once', () => {
    const lanes = createLanes(LIMITS);
    const hold = lanes.tryAcquire(['probe']);
    lanes.tryAcquire(['probe']);
    hold?.release();
    hold?.release();
    expect(lanes.occupancy('probe')).toBe(1);
    expect(hold?.names()).toEqual([]);
  });

  test('a name given twice counts once', () => {
    const lanes = createLanes(LIMITS);
    const hold = lanes.tryAcquire(['retry', 'retry']);
    expect(lanes.occupancy('retry')).toBe(1);
    hold?.release();
    expect(lanes.occupancy('retry')).toBe(0);
  });

  test('limit 0 means no limit, and is counted all the same', () => {
    const lanes = createLanes(LIMITS);
    for (let count = 1; count <= 100; count++) expect(lanes.tryAcquire(['free', 'any:x'])).toBeDefined();
    expect(lanes.occupancy('free')).toBe(100);
    expect(lanes.occupancy('any:x')).toBe(100);
  });

  test('each member of a family has the limit for itself, and leaves nothing behind when unused', () => {
    const lanes = createLanes(LIMITS);
    const holds = Array.from({ length: 10_000 }, (_, index) => lanes.tryAcquire([`host:${index % 5000}`]));
    expect(holds.every((hold) => hold !== undefined)).toBe(true);
    expect(lanes.hasRoom('host:0')).toBe(false);
    for (const hold of holds) hold?.release();
    expect(lanes.occupied().size).toBe(0);
    expect(lanes.hasRoom('host:0')).toBe(true);
  });

  test('an exchange gives and takes in one step, and changes nothing when a lane to take is full', () => {
    const lanes = createLanes(LIMITS);
    const first = lanes.tryAcquire(['probe', 'host:a']);
    const second = lanes.tryAcquire(['probe', 'host:a']);
    expect(first?.exchange({ give: ['probe'], take: ['parked'] })).toBe(true);
    expect(first?.names()).toEqual(['host:a', 'parked']);
    expect(second?.exchange({ give: ['probe'], take: ['parked'] })).toBe(false);
    expect(second?.names()).toEqual(['probe', 'host:a']);
    expect(lanes.occupied()).toEqual(
      new Map([
        ['probe', 1],
        ['host:a', 2],
        ['parked', 1],
      ]),
    );
    first?.release();
    expect(lanes.occupancy('parked')).toBe(0);
    expect(second?.exchange({ give: ['probe'], take: ['parked'] })).toBe(true);
  });

  test('a released hold exchanges nothing', () => {
    const lanes = createLanes(LIMITS);
    const hold = lanes.tryAcquire(['probe']);
    hold?.release();
    expect(hold?.exchange({ take: ['retry'] })).toBe(false);
    expect(lanes.occupied().size).toBe(0);
  });

  test('an empty hold can take lanes', () => {
    const lanes = createLanes(LIMITS);
    const hold = lanes.tryAcquire([]);
    expect(hold?.exchange({ take: ['retry', 'host:a'] })).toBe(true);
    expect(lanes.hasRoom('retry')).toBe(false);
    hold?.release();
    expect(lanes.occupied().size).toBe(0);
  });

  test('onRoom tells of lanes that were full, once all lanes of that step are back', () => {
    const lanes = createLanes(LIMITS);
    const told: string[] = [];
    const stop = lanes.onRoom((name) => told.push(`${name}, probe ${lanes.occupancy('probe')}`));
    const hold = lanes.tryAcquire(['retry', 'probe']);
    lanes.tryAcquire(['probe'])?.release();
    expect(told).toEqual([]);
    hold?.release();
    expect(told).toEqual(['retry, probe 0']);
    stop();
    lanes.tryAcquire(['retry'])?.release();
    expect(told).toHaveLength(1);
  });

  test('an unknown name, a broken limit, and an exchange of what is not so are bugs', () => {
    const lanes = createLanes(LIMITS);
    expect(() => lanes.tryAcquire(['nothing'])).toThrow('no lane is called nothing');
    expect(() => lanes.isFixed('__proto__')).toThrow('no lane');
    expect(() => createLanes({ fixed: { probe: -1 } })).toThrow('whole number');
    const hold = lanes.tryAcquire(['probe']);
    expect(() => hold?.exchange({ give: ['retry'] })).toThrow('not held');
    expect(() => hold?.exchange({ take: ['probe'] })).toThrow('already held');
    expect(lanes.occupied()).toEqual(new Map([['probe', 1]]));
  });

  test('no interleaving of acquire, exchange and release exceeds a limit or loses a count', () => {
    const limits: Record<string, number> = { probe: 3, retry: 1, parked: 1, 'host:a': 2, 'host:b': 2 };
    const names = fc.uniqueArray(fc.constantFrom(...Object.keys(limits)), { maxLength: 3 });
    const step = fc.record({ at: fc.nat(), kind: fc.constantFrom('acquire', 'release', 'exchange'), names });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const lanes = createLanes(LIMITS);
        const holds: LaneHold[] = [];
        for (const { at, kind, names } of steps) {
          const hold = holds[at % Math.max(1, holds.length)];
          const before = lanes.occupied();
          if (kind === 'acquire') {
            const acquired = lanes.tryAcquire(names);
            expect(acquired !== undefined).toBe(names.every((name) => (before.get(name) ?? 0) < (limits[name] ?? 0)));
            if (acquired) holds.push(acquired);
          } else if (kind === 'release') hold?.release();
          else if (hold && hold.names().length > 0) {
            const take = names.filter((name) => !hold.names().includes(name));
            const moved = hold.exchange({ give: hold.names().slice(0, 1), take });
            expect(moved).toBe(take.every((name) => (before.get(name) ?? 0) < (limits[name] ?? 0)));
            if (!moved) expect(lanes.occupied()).toEqual(before);
          }
          const counted = new Map<string, number>();
          for (const name of holds.flatMap((one) => one.names())) counted.set(name, (counted.get(name) ?? 0) + 1);
          expect(lanes.occupied()).toEqual(counted);
          for (const [name, count] of counted) expect(count).toBeLessThanOrEqual(limits[name] ?? 0);
        }
      }),
    );
  });
});
