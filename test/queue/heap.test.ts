import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Heap, type HeapItem } from '../../src/queue/heap.ts';

interface Item extends HeapItem {
  value: number;
}

const item = (value: number): Item => ({ value, heapIndex: -1 });

describe('Heap', () => {
  test('an empty heap has no first item', () => {
    const heap = new Heap<Item>((a, b) => a.value < b.value);
    expect(heap.peek()).toBeUndefined();
    expect(heap.pop()).toBeUndefined();
    expect(heap.size).toBe(0);
  });

  test('behaves like a sorted list under any pushes, pops and removals', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ push: fc.integer({ min: 0, max: 50 }) }) },
      { weight: 1, arbitrary: fc.constant('pop' as const) },
      { weight: 2, arbitrary: fc.record({ remove: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const heap = new Heap<Item>((a, b) => a.value < b.value);
        const inside: Item[] = [];
        for (const one of steps) {
          if (one === 'pop') {
            const popped = heap.pop();
            expect(popped?.value).toBe(inside.length === 0 ? undefined : Math.min(...inside.map(({ value }) => value)));
            if (popped) inside.splice(inside.indexOf(popped), 1);
          } else if ('push' in one) {
            const pushed = item(one.push);
            heap.push(pushed);
            inside.push(pushed);
          } else if (inside.length > 0) {
            const [removed] = inside.splice(one.remove % inside.length, 1);
            if (removed) heap.remove(removed);
            expect(removed?.heapIndex).toBe(-1);
          }
          expect(heap.size).toBe(inside.length);
          expect(heap.peek()?.value).toBe(inside.length === 0 ? undefined : Math.min(...inside.map(({ value }) => value)));
        }
        const sorted = inside.map(({ value }) => value).toSorted((a, b) => a - b);
        expect(sorted.map(() => heap.pop()?.value)).toEqual(sorted);
      }),
    );
  });

  test('push, pop and remove compare at most 2·log2(n) + 2 times', () => {
    let comparisons = 0;
    const heap = new Heap<Item>((a, b) => {
      comparisons += 1;
      return a.value < b.value;
    });
    const items = Array.from({ length: 16_384 }, (_, index) => item((index * 7919) % 16_384));
    const worst = (actions: (() => void)[]) =>
      Math.max(
        ...actions.map((action) => {
          comparisons = 0;
          action();
          return comparisons;
        }),
      );
    expect(worst(items.map((one) => () => heap.push(one)))).toBeLessThanOrEqual(15);
    expect(worst(items.slice(0, 8000).map((one) => () => heap.remove(one)))).toBeLessThanOrEqual(30);
    expect(worst(items.slice(8000).map(() => () => heap.pop()))).toBeLessThanOrEqual(30);
  });

  test('an item that is inside cannot be pushed again, and one that is not cannot be removed', () => {
    const heap = new Heap<Item>((a, b) => a.value < b.value);
    const one = item(1);
    heap.push(one);
    expect(() => heap.push(one)).toThrow('one heap at most');
    heap.remove(one);
    expect(() => heap.remove(one)).toThrow('of this heap');
  });
});
