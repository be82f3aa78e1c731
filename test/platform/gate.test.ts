import { describe, expect, it } from 'vitest';
import { createGate } from '../../src/platform/gate.ts';

describe('gate', () => {
  it('lets its width through at once, and the others in the order in which they came', async () => {
    const gate = createGate(2);
    const begun: number[] = [];
    let inside = 0;
    let peak = 0;
    const ends: (() => void)[] = [];
    const calls = [0, 1, 2, 3, 4].map((i) =>
      gate.pass(async () => {
        begun.push(i);
        inside += 1;
        peak = Math.max(peak, inside);
        await new Promise<void>((resolve) => ends.push(resolve));
        inside -= 1;
        return i;
      }),
    );
    await Promise.resolve();
    expect([begun, gate.waiting()]).toEqual([[0, 1], 3]);
    while (ends.length > 0) {
      ends.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await Promise.all(calls)).toEqual([0, 1, 2, 3, 4]);
    expect([begun, peak, gate.waiting()]).toEqual([[0, 1, 2, 3, 4], 2, 0]);
  });

  it('a call that fails gives its place on', async () => {
    const gate = createGate(1);
    const failing = gate.pass(async () => {
      throw new Error('no');
    });
    const next = gate.pass(async () => 'yes');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
    expect(await gate.pass(async () => 'again')).toBe('again');
  });
});
