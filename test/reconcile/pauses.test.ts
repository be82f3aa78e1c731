import { expect, it } from 'vitest';
import { bookingAfter, undecidedPauseMs } from '../../src/reconcile/pauses.ts';
import { RANK } from '../../src/reconcile/plan.ts';
import { fixedRandom } from '../platform/fake-clock.ts';

it('a status that was not written comes back when its trouble may be over, with the rank of its cause', () => {
  expect(bookingAfter({ kind: 'done' }, 'retry', 10)).toBeUndefined();
  expect(bookingAfter({ kind: 'later', afterMs: 500 }, 'retry', 10)).toEqual({ rank: RANK.retry, dueMs: 510 });
  expect(bookingAfter({ kind: 'fenced' }, 'edit', 10)).toEqual({ rank: RANK.edit, dueMs: 1010 });
  expect(bookingAfter({ kind: 'superseded' }, 'refresh', 10)).toEqual({ rank: RANK.refresh, dueMs: 120_010 });
});

it('a probe that can not be decided waits 1 s, then twice as long each time, at most a minute, never less than half', () => {
  const series = (chance: number) => {
    const memory = { apiFailures: 0 };
    return Array.from({ length: 8 }, () => undecidedPauseMs(memory, fixedRandom(chance)));
  };
  expect(series(1)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  expect(series(0)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});
