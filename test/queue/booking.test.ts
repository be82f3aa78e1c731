import { describe, expect, test } from 'vitest';
import { checkBooking, mergeBookings } from '../../src/queue/booking.ts';

const EDIT = 0;
const RETRY = 1;
const REFRESH = 2;

describe('mergeBookings', () => {
  test('the booking that is due earlier decides, whatever its rank', () => {
    const retry = { rank: RETRY, dueMs: 300, lanes: ['retry'] };
    const refresh = { rank: REFRESH, dueMs: 200 };
    expect(mergeBookings(retry, refresh, 0)).toBe(refresh);
    expect(mergeBookings(refresh, retry, 0)).toBe(refresh);
  });

  test('an event over a retry in backoff is due at once and needs no lane', () => {
    expect(mergeBookings({ rank: RETRY, dueMs: 300, lanes: ['retry'] }, { rank: EDIT, dueMs: 10 }, 10)).toEqual({
      rank: EDIT,
      dueMs: 10,
    });
  });

  test('an event does not wait for the lane of a retry that became due before it', () => {
    expect(mergeBookings({ rank: RETRY, dueMs: 5, lanes: ['retry'] }, { rank: EDIT, dueMs: 10 }, 10)).toEqual({
      rank: EDIT,
      dueMs: 5,
    });
  });

  test('a due booking is never put off: neither a higher rank nor lanes replace it', () => {
    expect(mergeBookings({ rank: EDIT, dueMs: 8 }, { rank: RETRY, dueMs: 5, lanes: ['retry'] }, 10)).toEqual({
      rank: EDIT,
      dueMs: 5,
    });
  });

  test('between two due bookings with lanes the newer one knows which', () => {
    const old = { rank: RETRY, dueMs: 5, lanes: ['retry'] };
    expect(mergeBookings(old, { rank: REFRESH, dueMs: 6, lanes: ['probe'] }, 10)).toEqual({
      rank: RETRY,
      dueMs: 5,
      lanes: ['probe'],
    });
  });

  test('an event that brings nothing new leaves what waits untouched', () => {
    const waiting = { rank: EDIT, dueMs: 5 };
    expect(mergeBookings(waiting, { rank: EDIT, dueMs: 9 }, 10)).toBe(waiting);
  });
});

describe('checkBooking', () => {
  test('a booking without a finite time or rank is a bug', () => {
    expect(() => checkBooking({ rank: EDIT, dueMs: Number.NaN })).toThrow('due time');
    expect(() => checkBooking({ rank: EDIT, dueMs: Number.POSITIVE_INFINITY })).toThrow('due time');
    expect(() => checkBooking({ rank: Number.NaN, dueMs: 0 })).toThrow('rank');
    expect(() => checkBooking({ rank: REFRESH, dueMs: -5 })).not.toThrow();
  });
});
