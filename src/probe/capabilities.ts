/**
 * Brings a snapshot into the shape and size of `status.capabilities`: digests of lists and of the whole stay full, counts stay exact,
 * shown items are bounded. Pure; the caller knows when the content was first seen and what it was before.
 */
import type { Capabilities, CapabilityList } from '../api/v1alpha1/status.ts';
import { MAX_LISTED_ITEMS } from '../api/v1alpha1/status.ts';
import type { Snapshot, SnapshotList } from './outcome.ts';
import { LIST_KINDS } from './snapshot.ts';

/** Of an item's digest that are shown, as hex digits: 64 bits tell any two definitions of one server apart. */
const SHOWN_DIGEST_BYTES = 8;

/** What only the caller knows. `capturedAt` is an RFC 3339 time: when this content was first seen (page 9, C1). */
export interface Capture {
  readonly capturedAt: string;
  readonly previousDigest?: string;
}

/** The status form of a snapshot: at most 128 items per list, `truncated` where there were more. */
export function toCapabilities(snapshot: Snapshot, { capturedAt, previousDigest }: Capture): Capabilities {
  const capabilities: Capabilities = {
    digest: snapshot.digest,
    capturedAt,
    ...(previousDigest !== undefined && { previousDigest }),
    features: [...snapshot.features],
  };
  for (const kind of LIST_KINDS) {
    const list = snapshot[kind];
    if (list !== undefined) capabilities[kind] = toCapabilityList(list);
  }
  return capabilities;
}

/**
 * The same capabilities in at most `maxBytes` of JSON (UTF-8): items are dropped from the end of the longest list until it fits (page 2),
 * then features. Counts and digests are never touched. Without any item it takes about 800 bytes, which is the least it can promise.
 */
export function fitCapabilities(capabilities: Capabilities, maxBytes: number): Capabilities {
  let excessBytes = jsonBytes(capabilities) - maxBytes;
  if (excessBytes <= 0) return capabilities;
  const fitted: Capabilities = { ...capabilities, features: [...capabilities.features] };
  for (const kind of LIST_KINDS) {
    const list = fitted[kind];
    if (list !== undefined) fitted[kind] = { ...list, items: [...list.items] };
  }
  // At most 4 × 128 items and 64 features: each round drops one.
  while (excessBytes > 0) {
    const list = longestList(fitted);
    const dropped = list === undefined ? fitted.features.pop() : list.items.pop();
    if (dropped === undefined) break;
    excessBytes -= jsonBytes(dropped) + separatorBytes((list?.items ?? fitted.features).length);
    if (list !== undefined && list.truncated !== true) {
      list.truncated = true;
      excessBytes += ',"truncated":true'.length;
    }
  }
  return fitted;
}

function toCapabilityList({ items, invalid, digest }: SnapshotList): CapabilityList {
  return {
    count: items.length,
    invalid,
    digest,
    items: items.slice(0, MAX_LISTED_ITEMS).map((item) => ({ name: item.name, digest: shownDigest(item.digest) })),
    ...(items.length > MAX_LISTED_ITEMS && { truncated: true }),
  };
}

/** The list with the most shown items, the first of equals; undefined when none shows any. */
function longestList(capabilities: Capabilities): CapabilityList | undefined {
  let longest: CapabilityList | undefined;
  for (const kind of LIST_KINDS) {
    const list = capabilities[kind];
    if (list !== undefined && list.items.length > (longest?.items.length ?? 0)) longest = list;
  }
  return longest;
}

/** The comma before an element, unless it was the only one. */
function separatorBytes(remaining: number): number {
  return remaining > 0 ? 1 : 0;
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** A string of its own: a slice would keep the whole digest alive for as long as the status is remembered. */
function shownDigest(digest: string): string {
  return Buffer.from(digest, 'hex').toString('hex', 0, SHOWN_DIGEST_BYTES);
}
