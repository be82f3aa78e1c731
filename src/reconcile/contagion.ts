/**
 * Recovery is contagious (page 5.4): when one server of an outage is back, the others probably are too. Finds the failing servers whose
 * failure began within 60 s of the one that recovered, each at most once per step of its ladder. It only names them: the cap of five
 * retries holds for them as for all.
 *
 * Failures are kept in buckets by the minute in which they began, and leave their bucket when they are named, so that a thousand
 * recoveries in a row look at each failing server once and not a thousand times.
 */

/** Failures that began this close to each other are taken for one outage. */
const SAME_OUTAGE_MS = 60_000;

export interface Outages {
  /** Notes that `key` fails since `sinceMs` (monotonic) and waits for its next retry. Replaces what was noted before. */
  failing(key: string, sinceMs: number): void;
  /** Forgets `key`: it recovered, was edited, or is gone. */
  forget(key: string): void;
  /** The keys whose failure began with the one of `sinceMs`; they are forgotten until they are noted as failing again. */
  recovered(sinceMs: number): string[];
}

/** Knows of no failure at first. Bounded by the objects that fail. */
export function createOutages(): Outages {
  const sinceOf = new Map<string, number>();
  const buckets = new Map<number, Set<string>>();
  const bucketOf = (sinceMs: number) => Math.floor(sinceMs / SAME_OUTAGE_MS);

  const forget = (key: string) => {
    const sinceMs = sinceOf.get(key);
    if (sinceMs === undefined) return;
    sinceOf.delete(key);
    const index = bucketOf(sinceMs);
    const bucket = buckets.get(index);
    bucket?.delete(key);
    if (bucket?.size === 0) buckets.delete(index);
  };

  return {
    failing(key, sinceMs) {
      forget(key);
      sinceOf.set(key, sinceMs);
      const index = bucketOf(sinceMs);
      const bucket = buckets.get(index) ?? new Set<string>();
      bucket.add(key);
      buckets.set(index, bucket);
    },
    forget,
    recovered(sinceMs) {
      const found: string[] = [];
      const index = bucketOf(sinceMs);
      for (const bucket of [index - 1, index, index + 1]) {
        for (const key of buckets.get(bucket) ?? []) {
          if (Math.abs((sinceOf.get(key) ?? Number.POSITIVE_INFINITY) - sinceMs) <= SAME_OUTAGE_MS) found.push(key);
        }
      }
      for (const key of found) forget(key);
      return found;
    },
  };
}
