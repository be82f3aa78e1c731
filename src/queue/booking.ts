/**
 * When and how a key wants to run, and what becomes of two wishes for the same key.
 *
 * A key has one booking at most. Merging promises that whatever is due first decides, and that a wish that is due is never put
 * off by another that is due: it keeps the lower rank, the older due time, and no lanes if either wish needs none.
 * Pure: the time is an argument.
 */
import { assert } from '../platform/assert.ts';

export interface Booking {
  /** Among bookings that are due, the lower rank runs first. A small whole number. */
  readonly rank: number;
  /** Monotonic time of the clock; a time in the past is due, and goes before a later one. Never handed out early. */
  readonly dueMs: number;
  /** Lanes that must have room before the key is handed out, and that the run then holds. None by default: the run is a question. */
  readonly lanes?: readonly string[];
}

/** Throws for a booking that no order could hold. */
export function checkBooking(booking: Booking): void {
  assert(Number.isFinite(booking.dueMs), 'a booking has a due time');
  assert(Number.isFinite(booking.rank), 'a booking has a rank');
}

/**
 * What `waiting` becomes when `added` comes. Times count from `nowMs` on, because a booking that is due may be blocked by a lane:
 * an event that comes after a retry became due must not wait for that retry's lane.
 */
export function mergeBookings(waiting: Booking, added: Booking, nowMs: number): Booking {
  const waitingMs = Math.max(waiting.dueMs, nowMs);
  const addedMs = Math.max(added.dueMs, nowMs);
  if (addedMs > waitingMs) return waiting;
  if (addedMs < waitingMs) return added;
  if (!needsLanes(waiting) && waiting.rank <= added.rank && waiting.dueMs <= added.dueMs) return waiting;
  const merged = { rank: Math.min(waiting.rank, added.rank), dueMs: Math.min(waiting.dueMs, added.dueMs) };
  return needsLanes(waiting) && needsLanes(added) && added.lanes !== undefined ? { ...merged, lanes: added.lanes } : merged;
}

function needsLanes(booking: Booking): boolean {
  return booking.lanes !== undefined && booking.lanes.length > 0;
}
