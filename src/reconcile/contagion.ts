/**
 * Recovery is contagious (page 5.4): when one server of an outage is back, the others probably are too. Finds the failing servers whose
 * failure began within 60 s of the one that recovered, each at most once per step of its ladder. It only names them: the cap of five
 * retries holds for them as for all.
 *
 * Servers that failed together also climb their ladders together, so nobody may be due for most of a minute while all are back already.
 * Hence an outage of many has scouts: one server of it is tried at least every five seconds, another one each time.
 *
 * Failures are kept in buckets by the minute in which they began, and leave their bucket when they are named, so that a thousand
 * recoveries in a row look at each failing server once and not a thousand times.
 */
import type { Verdict } from '../probe/verdict.ts';

/** Failures that began this close to each other are taken for one outage. */
const SAME_OUTAGE_MS = 60_000;
/** Fewer than this are left to their own ladders: their retries fall apart enough, and each of them would be tried too often. */
const SCOUTED_FROM = 10;
const SCOUT_EVERY_MS = 5_000;

export interface Outages {
  /** Notes that `key` fails since `sinceMs` (monotonic), was found so at `nowMs`, and waits for its next retry. Replaces what was noted before. */
  failing(key: string, sinceMs: number, nowMs: number): void;
  /** Forgets `key`: it recovered, was edited, or is gone. */
  forget(key: string): void;
  /** The keys whose failure began with the one of `sinceMs`; they are forgotten until they are noted as failing again. */
  recovered(sinceMs: number): string[];
  /** One key of each large outage of which nobody was found failing for five seconds: the one that was noted longest ago. */
  scouts(nowMs: number): string[];
}

interface Outage {
  /** In the order in which they were noted. */
  readonly keys: Set<string>;
  newsMs: number;
}

/** Knows of no failure at first. Bounded by the objects that fail. */
export function createOutages(): Outages {
  const sinceOf = new Map<string, number>();
  const buckets = new Map<number, Outage>();
  const bucketOf = (sinceMs: number) => Math.floor(sinceMs / SAME_OUTAGE_MS);

  const forget = (key: string) => {
    const sinceMs = sinceOf.get(key);
    if (sinceMs === undefined) return;
    sinceOf.delete(key);
    const index = bucketOf(sinceMs);
    const bucket = buckets.get(index);
    bucket?.keys.delete(key);
    if (bucket?.keys.size === 0) buckets.delete(index);
  };

  return {
    failing(key, sinceMs, nowMs) {
      forget(key);
      sinceOf.set(key, sinceMs);
      const index = bucketOf(sinceMs);
      const bucket = buckets.get(index) ?? { keys: new Set<string>(), newsMs: nowMs };
      bucket.keys.add(key);
      bucket.newsMs = nowMs;
      buckets.set(index, bucket);
    },
    forget,
    recovered(sinceMs) {
      const found: string[] = [];
      const index = bucketOf(sinceMs);
      for (const bucket of [index - 1, index, index + 1]) {
        for (const key of buckets.get(bucket)?.keys ?? []) {
          if (Math.abs((sinceOf.get(key) ?? Number.POSITIVE_INFINITY) - sinceMs) <= SAME_OUTAGE_MS) found.push(key);
        }
      }
      for (const key of found) forget(key);
      return found;
    },
    scouts(nowMs) {
      return [...buckets.values()].flatMap((bucket) => {
        if (bucket.keys.size < SCOUTED_FROM || nowMs - bucket.newsMs < SCOUT_EVERY_MS) return [];
        bucket.newsMs = nowMs;
        const [longestAgo] = bucket.keys;
        return longestAgo === undefined ? [] : [longestAgo];
      });
    },
  };
}

/**
 * A recovery elsewhere says something about servers that may heal by themselves, and nothing about refused or misconfigured ones, nor
 * about those that said themselves when to come back.
 */
export function mayHeal(verdict: Verdict): boolean {
  return verdict.kind === 'failing' && verdict.retryAfterMs === undefined && (verdict.class === 'Transient' || verdict.settles);
}
