import { expect, it } from 'vitest';
import { createByteBudget, createBytePool } from '../../src/probe/byte-budget.ts';
import { LIMITS } from '../../src/probe/limits.ts';

it('is of 32 MiB unless told otherwise', () => {
  const budget = createByteBudget();
  expect([budget.spend(32 * 2 ** 20), budget.spend(1)]).toEqual([true, false]);
});

it('counts pieces apart from bytes, and lets the last of them pass and no more', () => {
  const budget = createByteBudget(10);
  expect([budget.takePieces(LIMITS.pieces - 1), budget.takePieces(1), budget.takePieces(1)]).toEqual([true, true, false]);
  expect(budget.spend(10)).toBe(true);
});

it('lets the last byte pass and no more', () => {
  const budget = createByteBudget(10);
  expect([budget.spend(4), budget.spend(6), budget.spend(0), budget.spend(1), budget.spend(0)]).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

it('beyond its own share it takes from what all probes have, and gives it back when it closes', () => {
  const pool = createBytePool(100);
  const [first, second] = [createByteBudget(LIMITS.probeBytes, pool), createByteBudget(LIMITS.probeBytes, pool)];
  expect([first.spend(LIMITS.ownBytes), first.spend(60), second.spend(LIMITS.ownBytes + 40)]).toEqual([true, true, true]);
  expect([second.spend(1), second.crowded(), first.crowded()]).toEqual([false, true, false]);
  second.close();
  second.close();
  expect([first.spend(40), first.spend(1), first.crowded()]).toEqual([true, false, true]);
});

it('a probe that asked for more than its own bound is too large, not crowded', () => {
  const budget = createByteBudget(10, createBytePool(0));
  expect([budget.spend(11), budget.crowded()]).toEqual([false, false]);
});
