import { expect, test } from 'vitest';
import { runPool } from './pool.ts';

test('every item has its turn, never more than the width at once', async () => {
  const done: number[] = [];
  let open = 0;
  let peak = 0;
  await runPool(20, 3, async (index) => {
    peak = Math.max(peak, ++open);
    await Promise.resolve();
    open--;
    done.push(index);
  });
  expect(done.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(peak).toBe(3);
});

test('the first error ends it: no further item is begun', async () => {
  const begun: number[] = [];
  const running = runPool(100, 2, async (index) => {
    begun.push(index);
    await Promise.resolve();
    if (index === 1) throw new Error('no');
  });
  await expect(running).rejects.toThrow('no');
  await Promise.resolve();
  expect(begun.length).toBeLessThan(10);
});
