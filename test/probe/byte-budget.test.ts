import { expect, it } from 'vitest';
import { createByteBudget } from '../../src/probe/byte-budget.ts';

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
