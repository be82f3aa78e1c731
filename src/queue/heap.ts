/**
 * A binary heap whose items know their place, so that any of them can be taken out in O(log n).
 * The queue moves entries between heaps when bookings merge; a heap that only marks them as dead would grow with every merge.
 *
 * It promises the first item by `before` in O(1), and push, pop and remove in O(log n) calls of `before`.
 * It never looks at anything of an item but its index, and an item is in at most one heap at a time.
 */
import { assert } from '../platform/assert.ts';

/** What an item must carry. The heap alone writes it. */
export interface HeapItem {
  /** Position in the heap that holds the item, or -1 when no heap does. */
  heapIndex: number;
}

/** A binary heap: push, peek, and removal of any item that knows its index, in O(log n). */
export class Heap<T extends HeapItem> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  /** `before(a, b)` tells whether `a` leaves before `b`: a strict order that does not change while an item is inside. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The first item, which stays inside. */
  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    assert(item.heapIndex === -1, 'an item is in one heap at most');
    this.#rise(item, this.#items.length);
  }

  /** Takes the first item out. */
  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Takes `item` out, wherever it stands. It must be inside. */
  remove(item: T): void {
    const index = item.heapIndex;
    assert(this.#items[index] === item, 'only an item of this heap can be removed');
    const last = this.#items.pop();
    item.heapIndex = -1;
    if (last === undefined || last === item) return;
    // The last item fills the gap. It may belong further down or, coming from another branch, further up.
    this.#sink(last, index);
    if (last.heapIndex === index) this.#rise(last, index);
  }

  #rise(item: T, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#items[parentIndex];
      if (parent === undefined || !this.#before(item, parent)) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(item, index);
  }

  #sink(item: T, from: number): void {
    let index = from;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = this.#items[leftIndex];
      if (left === undefined) break;
      const right = this.#items[leftIndex + 1];
      const rightFirst = right !== undefined && this.#before(right, left);
      const child = rightFirst ? right : left;
      if (!this.#before(child, item)) break;
      this.#place(child, index);
      index = rightFirst ? leftIndex + 1 : leftIndex;
    }
    this.#place(item, index);
  }

  #place(item: T, index: number): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }
}
