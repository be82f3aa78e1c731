/**
 * What the work queue should do, written as plainly as possible: a list that is searched from end to end.
 * It promises the order and the limits; it cares for nothing else.
 */
export interface Wish {
  rank: number;
  dueMs: number;
  lanes: string[];
}

interface ModelKey {
  waits: (Wish & { arrival: number }) | undefined;
  runs: boolean;
  event: Wish | undefined;
  plan: Wish | undefined;
  forgotten: boolean;
}

export class Model {
  nowMs = 0;
  readonly keys = new Map<string, ModelKey>();
  readonly held = new Map<string, number>();
  readonly limitOf: (lane: string) => number;
  #arrivals = 0;

  constructor(limitOf: (lane: string) => number) {
    this.limitOf = limitOf;
  }

  hasRoom(lanes: readonly string[]): boolean {
    return lanes.every((lane) => this.limitOf(lane) === 0 || (this.held.get(lane) ?? 0) < this.limitOf(lane));
  }

  hold(lanes: readonly string[], change: 1 | -1): void {
    for (const lane of lanes) this.held.set(lane, (this.held.get(lane) ?? 0) + change);
  }

  add(key: string, wish: Wish): void {
    const at = this.#at(key);
    if (at.runs) at.event = at.event ? this.#merge(at.event, wish) : wish;
    else if (at.waits) at.waits = { ...this.#merge(at.waits, wish), arrival: at.waits.arrival };
    else at.waits = { ...wish, arrival: this.#arrivals++ };
  }

  replace(key: string, wish: Wish): void {
    const at = this.#at(key);
    if (at.runs) at.plan = at.forgotten ? undefined : wish;
    else at.waits = { ...wish, arrival: at.waits?.arrival ?? this.#arrivals++ };
  }

  forget(key: string): void {
    const at = this.#at(key);
    at.waits = undefined;
    at.event = undefined;
    at.plan = undefined;
    at.forgotten = at.runs;
  }

  /** The key that must be handed out now. */
  next(): { key: string; wish: Wish } | undefined {
    const able = [...this.keys]
      .flatMap(([key, { waits }]) => (waits ? [{ key, wish: waits }] : []))
      .filter(({ wish }) => wish.dueMs <= this.nowMs && this.hasRoom(wish.lanes))
      .sort((a, b) => a.wish.rank - b.wish.rank || a.wish.dueMs - b.wish.dueMs || a.wish.arrival - b.wish.arrival);
    const first = able[0];
    if (first === undefined) return undefined;
    const at = this.#at(first.key);
    at.waits = undefined;
    at.runs = true;
    this.hold(first.wish.lanes, 1);
    return first;
  }

  done(key: string): void {
    const at = this.#at(key);
    const { event, plan } = at;
    const wish = event && plan ? this.#merge(plan, event) : (event ?? plan);
    this.keys.set(key, { waits: undefined, runs: false, event: undefined, plan: undefined, forgotten: false });
    if (wish) this.add(key, wish);
  }

  /** Due keys that are not handed out. */
  depth(): number {
    return [...this.keys.values()].filter(({ waits }) => waits !== undefined && waits.dueMs <= this.nowMs).length;
  }

  nextDueMs(): number | undefined {
    const times = [...this.keys.values()].flatMap(({ waits }) => (waits && waits.dueMs > this.nowMs ? [waits.dueMs] : []));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #at(key: string): ModelKey {
    const at = this.keys.get(key) ?? { waits: undefined, runs: false, event: undefined, plan: undefined, forgotten: false };
    this.keys.set(key, at);
    return at;
  }

  #merge(old: Wish, added: Wish): Wish {
    const oldMs = Math.max(old.dueMs, this.nowMs);
    const addedMs = Math.max(added.dueMs, this.nowMs);
    if (oldMs !== addedMs) return oldMs < addedMs ? old : added;
    return {
      rank: Math.min(old.rank, added.rank),
      dueMs: Math.min(old.dueMs, added.dueMs),
      lanes: old.lanes.length === 0 ? [] : added.lanes,
    };
  }
}
