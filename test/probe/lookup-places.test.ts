import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countLookupPlaces, createLookupPlaces } from '../../src/probe/lookup-places.ts';

const QUICK_MS = 5;
const HUNG_MS = 10_000;
const names = (word: string, count: number) => Array.from({ length: count }, (_, index) => `${word}-${index}`);

describe('places', () => {
  it('new names fill three quarters, and wait in turn for what is left', () => {
    const places = createLookupPlaces(8);
    expect(names('new', 9).map(places.enter)).toEqual([true, true, true, true, true, true, false, false, false]);
    expect(places.leave('new-0', QUICK_MS)).toEqual(['new-6']);
    expect(places.leave('new-1', QUICK_MS)).toEqual(['new-7']);
  });

  it('a name known to answer passes all that wait, and may have the last place', () => {
    const places = createLookupPlaces(8);
    places.enter('good');
    places.leave('good', QUICK_MS);
    names('new', 50).map(places.enter);
    expect(places.enter('good')).toBe(true);
    expect(places.leave('good', QUICK_MS)).toEqual([]);
  });

  it('a name that hung has a quarter of the places, until it answers quickly again', () => {
    const places = createLookupPlaces(8);
    const hung = names('hung', 6);
    hung.map(places.enter);
    for (const name of hung) places.leave(name, HUNG_MS);
    expect(hung.map(places.enter)).toEqual([true, true, false, false, false, false]);
    expect(places.leave('hung-0', QUICK_MS)).toEqual(['hung-2']);
    expect(places.leave('hung-1', HUNG_MS)).toEqual(['hung-3']);
    expect([places.enter('hung-0'), places.enter('new')]).toEqual([true, true]);
  });

  it('who withdraws is passed over', () => {
    const places = createLookupPlaces(1);
    names('new', 3).map(places.enter);
    places.withdraw('new-1');
    expect(places.leave('new-0', QUICK_MS)).toEqual(['new-2']);
  });

  it('even a single place serves every kind of name', () => {
    const places = createLookupPlaces(1);
    expect(places.enter('a')).toBe(true);
    places.leave('a', HUNG_MS);
    expect(places.enter('a')).toBe(true);
    expect(places.enter('b')).toBe(false);
    expect(places.leave('a', HUNG_MS)).toEqual(['b']);
  });

  it('whatever happens, no more begin than there are places, and nobody who may begin waits', () => {
    const step = fc.record({ host: fc.nat(20), action: fc.constantFrom('ask', 'end', 'withdraw'), hung: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 200 }), (maxInFlight, steps) => {
        const places = createLookupPlaces(maxInFlight);
        const running = new Set<string>();
        const waiting = new Set<string>();
        for (const { host: number, action, hung } of steps) {
          const host = `h${number}`;
          if (action === 'ask' && !running.has(host) && !waiting.has(host)) (places.enter(host) ? running : waiting).add(host);
          if (action === 'withdraw' && waiting.delete(host)) places.withdraw(host);
          if (action === 'end' && running.delete(host)) {
            for (const next of places.leave(host, hung ? HUNG_MS : QUICK_MS)) {
              expect(waiting.delete(next)).toBe(true);
              running.add(next);
            }
          }
          expect(running.size).toBeLessThanOrEqual(maxInFlight);
          if (running.size === 0) expect(waiting.size).toBe(0);
        }
      }),
    );
  });
});

it('look-ups get half of the threads of libuv, whatever the variable says', () => {
  const sizes = [undefined, '', 'many', '1', '2', '5', '256', '1024', '9999', '-3'];
  expect(sizes.map(countLookupPlaces)).toEqual([2, 2, 2, 1, 1, 2, 128, 512, 512, 1]);
});
