/**
 * Everything that is due, and the choice of what runs next: the first by rank, due time and arrival among those whose lanes all
 * have room. An item whose lane is full never delays one whose lanes have room.
 *
 * Items that need the same fixed lanes stand in one *line*: they are blocked together, so only the first of each line is looked
 * at. Lanes of families (one per host) can block an item within its line; such an item is *set aside* at that lane, and when the
 * lane gets room, the first of each line there steps back into its line.
 * Invariant: while a family lane has room, whatever is set aside there comes after an item that stands in the line and needs it.
 *
 * Cost of one choice: O(lines + log n) amortised. Lines are at most 2^(fixed lanes), so a handful. Each item is set aside at most
 * once for each time it came or stepped back, and each release or departure lets one item per line step back. (An item of several
 * family lanes may move between them more often; the order is right all the same.)
 */
import { assert } from '../platform/assert.ts';
import type { Booking } from './booking.ts';
import { Heap, type HeapItem } from './heap.ts';
import type { LaneHold, Lanes } from './lanes.ts';

export interface ReadyItem extends HeapItem {
  booking: Booking;
  /** Arrival: first come, first served between equal ranks and due times. */
  order: number;
  /** Where the item stands. Written by the ready set alone. */
  spot: Spot | undefined;
}

export interface Spot {
  readonly line: string;
  readonly familyLanes: readonly string[];
  /** The full lane at which the item is set aside; undefined while it stands in its line. */
  asideAt: string | undefined;
}

interface Line<T extends ReadyItem> {
  readonly fixedLanes: readonly string[];
  readonly items: Heap<T>;
  /** Items in the line and set aside. */
  size: number;
}

/** The keys that are due, by what they still wait for. */
export class ReadySet<T extends ReadyItem> {
  readonly #lanes: Lanes;
  /** By the sorted names of the fixed lanes; kept when empty, see the bound above. */
  readonly #lines = new Map<string, Line<T>>();
  /** Items set aside, by family lane and line; nothing empty stays. */
  readonly #aside = new Map<string, Map<string, Heap<T>>>();
  #size = 0;

  constructor(lanes: Lanes) {
    this.#lanes = lanes;
  }

  get size(): number {
    return this.#size;
  }

  /** How many family lanes have items set aside: what the set remembers of them. */
  get asideLanes(): number {
    return this.#aside.size;
  }

  put(item: T): void {
    assert(item.spot === undefined, 'an item stands in the ready set once');
    const names = new Set(item.booking.lanes);
    const fixedLanes = [...names].filter((name) => this.#lanes.isFixed(name)).sort();
    const familyLanes = [...names].filter((name) => !this.#lanes.isFixed(name));
    const name = fixedLanes.join('\n');
    const line = this.#lines.get(name) ?? { fixedLanes, items: new Heap<T>(runsBefore), size: 0 };
    this.#lines.set(name, line);
    item.spot = { line: name, familyLanes, asideAt: undefined };
    line.items.push(item);
    line.size += 1;
    this.#size += 1;
  }

  /** Takes out the first item whose lanes all have room, and takes those lanes. */
  take(): { readonly item: T; readonly hold: LaneHold } | undefined {
    for (let item = this.#first(); item !== undefined; item = this.#first()) {
      const fullLane = item.spot?.familyLanes.find((name) => !this.#lanes.hasRoom(name));
      if (fullLane !== undefined) {
        this.#setAside(item, fullLane);
        continue;
      }
      const hold = this.#lanes.tryAcquire(item.booking.lanes ?? []);
      assert(hold !== undefined, 'every lane of the item has room');
      this.remove(item);
      return { item, hold };
    }
    return undefined;
  }

  /** Takes out an item that stands here, before its booking changes. */
  remove(item: T): void {
    const { spot } = item;
    assert(spot !== undefined, 'the item stands in the ready set');
    const line = this.#line(spot.line);
    line.size -= 1;
    this.#size -= 1;
    item.spot = undefined;
    if (spot.asideAt === undefined) {
      line.items.remove(item);
      this.#letNextStepBack(spot);
    } else {
      const heap = this.#aside.get(spot.asideAt)?.get(spot.line);
      assert(heap !== undefined, 'the item is set aside at that lane');
      heap.remove(item);
      this.#forgetIfEmpty(spot.asideAt, spot.line, heap);
    }
  }

  /** To be called after the full lane `name` got room. */
  gotRoom(name: string): void {
    for (const line of [...(this.#aside.get(name)?.keys() ?? [])]) this.#stepBack(name, line);
  }

  /**
   * How many items wait for the full lane `name`: all that need it when it is fixed; those that have been set aside there when it
   * is of a family. 0 while it has room.
   */
  waitingFor(name: string): number {
    if (this.#lanes.hasRoom(name)) return 0;
    let count = 0;
    for (const line of this.#lines.values()) if (line.fixedLanes.includes(name)) count += line.size;
    for (const heap of this.#aside.get(name)?.values() ?? []) count += heap.size;
    return count;
  }

  /** The first item of all lines whose fixed lanes have room. */
  #first(): T | undefined {
    let first: T | undefined;
    for (const { fixedLanes, items } of this.#lines.values()) {
      const head = items.peek();
      if (head === undefined || (first !== undefined && !runsBefore(head, first))) continue;
      if (fixedLanes.every((name) => this.#lanes.hasRoom(name))) first = head;
    }
    return first;
  }

  #setAside(item: T, lane: string): void {
    const { spot } = item;
    assert(spot !== undefined, 'the item stands in the ready set');
    this.#line(spot.line).items.remove(item);
    spot.asideAt = lane;
    const heaps = this.#aside.get(lane) ?? new Map<string, Heap<T>>();
    const heap = heaps.get(spot.line) ?? new Heap<T>(runsBefore);
    this.#aside.set(lane, heaps.set(spot.line, heap));
    heap.push(item);
    this.#letNextStepBack(spot);
  }

  /** Keeps the invariant after an item left its line: it may have been the one that stood for those set aside. */
  #letNextStepBack(spot: Spot): void {
    for (const lane of spot.familyLanes) if (this.#lanes.hasRoom(lane)) this.#stepBack(lane, spot.line);
  }

  #stepBack(lane: string, lineName: string): void {
    const heap = this.#aside.get(lane)?.get(lineName);
    const item = heap?.pop();
    if (heap === undefined || item?.spot === undefined) return;
    item.spot.asideAt = undefined;
    this.#line(lineName).items.push(item);
    this.#forgetIfEmpty(lane, lineName, heap);
  }

  #forgetIfEmpty(lane: string, line: string, heap: Heap<T>): void {
    if (heap.size > 0) return;
    const heaps = this.#aside.get(lane);
    heaps?.delete(line);
    if (heaps?.size === 0) this.#aside.delete(lane);
  }

  #line(name: string): Line<T> {
    const line = this.#lines.get(name);
    assert(line !== undefined, 'an item stands in a line that exists');
    return line;
  }
}

function runsBefore(a: ReadyItem, b: ReadyItem): boolean {
  if (a.booking.rank !== b.booking.rank) return a.booking.rank < b.booking.rank;
  if (a.booking.dueMs !== b.booking.dueMs) return a.booking.dueMs < b.booking.dueMs;
  return a.order < b.order;
}
