/**
 * Named counting limits: how many may do one thing at the same time, for example 5 retries, or 8 probes of one host.
 *
 * They promise that no lane is ever held more often than its limit, that several lanes are taken all or none, and that a lane
 * that nobody holds costs no memory, so a family of lanes may have as many members as there are hosts.
 * They never wait and know no queue: who finds a lane full comes again when `onRoom` tells.
 */
import { assert } from '../platform/assert.ts';

/** How many holders a lane has at most; 0 = unlimited (it is still counted). */
export interface LaneLimits {
  /** Limits by name. A handful: the ready set looks at each combination in use (see ready-set.ts). */
  readonly fixed: Readonly<Record<string, number>>;
  /** Limit of *each* lane whose name begins with the prefix: `{'host:': 8}`. Such lanes come and go. */
  readonly families?: Readonly<Record<string, number>>;
}

/** Lanes that somebody holds. */
export interface LaneHold {
  /** What is held now. */
  names(): readonly string[];
  /** Gives everything back. Idempotent. */
  release(): void;
  /**
   * Takes and gives lanes in one step: on true both happened, on false (a lane to take is full, or the hold was released) nothing.
   * Giving what is not held and taking what is already held are bugs.
   */
  exchange(change: { readonly give?: readonly string[]; readonly take?: readonly string[] }): boolean;
}

export interface Lanes {
  /** True for a lane of `fixed`, false for a member of a family. Any other name is a bug. */
  isFixed(name: string): boolean;
  hasRoom(name: string): boolean;
  /** How many hold the lane. */
  occupancy(name: string): number;
  /** Every lane that somebody holds, with the number of holders: a copy. */
  occupied(): ReadonlyMap<string, number>;
  /** Takes all of `names` (a name given twice counts once), or none of them when one is full. */
  tryAcquire(names: readonly string[]): LaneHold | undefined;
  /** Calls `listener` after a full lane got room, when everything given back in that step is back. Returns how to stop listening. */
  onRoom(listener: (name: string) => void): () => void;
}

/** All lanes are empty at first. A limit that is no whole number ≥ 0 is a bug. */
export function createLanes(limits: LaneLimits): Lanes {
  const fixed = new Map(Object.entries(limits.fixed));
  const families = Object.entries(limits.families ?? {});
  for (const limit of [...fixed.values(), ...families.map(([, each]) => each)]) {
    assert(Number.isInteger(limit) && limit >= 0, 'the limit of a lane is a whole number, 0 for none');
  }
  /** Holders by lane; only lanes that are held. */
  const holders = new Map<string, number>();
  const listeners = new Set<(name: string) => void>();

  function limitOf(name: string): number {
    const limit = fixed.get(name) ?? families.find(([prefix]) => name.startsWith(prefix))?.[1];
    assert(limit !== undefined, `no lane is called ${name}`);
    return limit;
  }

  function hasRoom(name: string): boolean {
    const limit = limitOf(name);
    return limit === 0 || (holders.get(name) ?? 0) < limit;
  }

  function take(names: Iterable<string>): void {
    for (const name of names) holders.set(name, (holders.get(name) ?? 0) + 1);
  }

  function give(names: readonly string[]): void {
    const wereFull = names.filter((name) => !hasRoom(name));
    for (const name of names) {
      const left = (holders.get(name) ?? 0) - 1;
      assert(left >= 0, `lane ${name} is given back more often than taken`);
      if (left === 0) holders.delete(name);
      else holders.set(name, left);
    }
    for (const name of wereFull) for (const listener of listeners) listener(name);
  }

  function createHold(held: Set<string>): LaneHold {
    let released = false;
    return {
      names: () => [...held],
      release() {
        released = true;
        const names = [...held];
        held.clear();
        give(names);
      },
      exchange(change) {
        if (released) return false;
        const taken = new Set(change.take);
        const given = new Set(change.give);
        for (const name of given) assert(held.has(name), `lane ${name} is not held and cannot be given`);
        for (const name of taken) assert(!held.has(name), `lane ${name} is already held`);
        if (![...taken].every(hasRoom)) return false;
        for (const name of given) held.delete(name);
        for (const name of taken) held.add(name);
        take(taken);
        give([...given]);
        return true;
      },
    };
  }

  return {
    isFixed(name) {
      limitOf(name);
      return fixed.has(name);
    },
    hasRoom,
    occupancy: (name) => holders.get(name) ?? 0,
    occupied: () => new Map(holders),
    tryAcquire(names) {
      const wanted = new Set(names);
      if (![...wanted].every(hasRoom)) return undefined;
      take(wanted);
      return createHold(wanted);
    },
    onRoom(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
