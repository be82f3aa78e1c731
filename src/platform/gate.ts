/**
 * A gate that lets a bounded number of calls through at once and the others wait in the order in which they came. Waiting costs a
 * promise and nothing else: no timer, no socket, so whoever waits has not begun yet.
 */
import { assert } from './assert.ts';

export interface Gate {
  /** Runs `work` when there is room, after all that came before. Rejects only as `work` does. */
  pass<T>(work: () => Promise<T>): Promise<T>;
  /** Calls that wait for room. */
  waiting(): number;
}

/** `width` calls at once, at least 1. */
export function createGate(width: number): Gate {
  assert(Number.isInteger(width) && width > 0, 'the width of a gate is a whole number above 0');
  let inside = 0;
  /** In order of arrival; bounded by the callers. A Set keeps the order, and taking its first is O(1). */
  const queue = new Set<() => void>();

  const leave = () => {
    const [next] = queue;
    if (next === undefined) inside -= 1;
    else {
      // The place is handed on: nobody who comes now can slip in between.
      queue.delete(next);
      next();
    }
  };

  return {
    async pass(work) {
      if (inside < width) inside += 1;
      else await new Promise<void>((resolve) => queue.add(resolve));
      try {
        return await work();
      } finally {
        leave();
      }
    },
    waiting: () => queue.size,
  };
}
