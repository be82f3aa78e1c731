/**
 * Who may look up a name now: the system's resolver holds a thread for each, it can not be called back, and a name whose DNS server is
 * silent holds one for 10 s and longer. Pure. Names known to answer may fill every place, new ones three quarters, and those that hung a
 * quarter, so that names that hang never take the places of names that answer. It looks up nothing and knows no addresses.
 */

/** How a name behaved when it was last looked up. In this order the waiting get free places. */
const RANKS = ['quick', 'unknown', 'slow'] as const;
type Rank = (typeof RANKS)[number];

/** A look-up that took longer held its thread as long as a thousand usual ones. */
const QUICK_MS = 1_000;
/** Names remembered, the longest unasked forgotten first: some 150 bytes each, 1.5 MB in all. A forgotten name is `unknown`. */
const MAX_NAMES = 10_000;

/** libuv: threads without and at most with UV_THREADPOOL_SIZE. */
const DEFAULT_THREADS = 4;
const MAX_THREADS = 1_024;

export interface LookupPlaces {
  /** Asks for a place for a name that has none: true when its look-up may begin; else it waits until {@link leave} names it. */
  enter(host: string): boolean;
  /** Waits no longer. */
  withdraw(host: string): void;
  /** A look-up ended after `heldMs`. Returns the names whose look-ups begin now, in order. */
  leave(host: string, heldMs: number): readonly string[];
}

/** Places for `maxInFlight` (at least 1) look-ups at once. Who waits is bounded by the callers: one name for each probe under way. */
export function createLookupPlaces(maxInFlight: number): LookupPlaces {
  const limits: Record<Rank, number> = {
    quick: maxInFlight,
    unknown: Math.max(1, Math.floor((maxInFlight * 3) / 4)),
    slow: Math.max(1, Math.floor(maxInFlight / 4)),
  };
  const waiting: Record<Rank, Set<string>> = { quick: new Set(), unknown: new Set(), slow: new Set() };
  const known = new Map<string, Rank>();
  let inFlight = 0;
  const rankOf = (host: string): Rank => known.get(host) ?? 'unknown';

  const remember = (host: string, rank: Rank) => {
    known.delete(host);
    known.set(host, rank);
    const [oldest] = known.keys();
    if (known.size > MAX_NAMES && oldest !== undefined) known.delete(oldest);
  };

  return {
    enter(host) {
      const rank = rankOf(host);
      if (inFlight >= limits[rank]) {
        waiting[rank].add(host);
        return false;
      }
      inFlight += 1;
      return true;
    },
    withdraw(host) {
      for (const rank of RANKS) waiting[rank].delete(host);
    },
    leave(host, heldMs) {
      inFlight -= 1;
      remember(host, heldMs <= QUICK_MS ? 'quick' : 'slow');
      const begun: string[] = [];
      for (const rank of RANKS) {
        for (const next of waiting[rank]) {
          if (inFlight >= limits[rank]) break;
          waiting[rank].delete(next);
          inFlight += 1;
          begun.push(next);
        }
      }
      return begun;
    },
  };
}

/**
 * How many look-ups libuv runs at once in a pool of this size (`UV_THREADPOOL_SIZE`, or undefined): half of its threads, the rest being
 * kept for files (`slow_work_thread_threshold` of its threadpool.c). One more would wait where nobody could take it back.
 */
export function countLookupPlaces(poolSize: string | undefined): number {
  const threads = Math.min(Math.max(Number.parseInt(poolSize ?? '', 10) || DEFAULT_THREADS, 1), MAX_THREADS);
  return Math.max(1, Math.floor(threads / 2));
}
