/**
 * Objects that wait for the first verdict on their generation. A first verdict is one write (page 2): only who waits long is told to be
 * Pending, and only while the API server has time for it, because a verdict says the same better.
 */
import type { Clock } from '../platform/clock.ts';
import type { Memory } from './memory.ts';

/** An object that waits longer than this for its first verdict is told to be Pending. */
export const PENDING_AFTER_MS = 2000;

/** Pending rows are written only while fewer writes than this are under way. */
const SPARE_WRITES = 8;

export interface Waiting {
  /** Notes that a first verdict is awaited, from now on or from an earlier call on. */
  add(key: string, memory: Memory): void;
  delete(key: string): void;
  /** The keys that have waited long, each named once; fewer while many writes are under way. */
  takeOverdue(memoryOf: (key: string) => Memory | undefined, writing: number): string[];
}

/** Nobody waits at first. */
export function createWaiting(clock: Clock): Waiting {
  /** In the order in which they began to wait: the first is the one that has waited longest. Bounded by the objects that exist. */
  const keys = new Set<string>();
  return {
    add(key, memory) {
      if (memory.awaitedSinceMs !== undefined) return;
      memory.awaitedSinceMs = clock.monotonicMs();
      // To the end of the order, also when an earlier generation of it was waiting.
      keys.delete(key);
      if (memory.status.observedGeneration !== memory.generation) keys.add(key);
    },
    delete: (key) => keys.delete(key),
    takeOverdue(memoryOf, writing) {
      const overdue: string[] = [];
      const limitMs = clock.monotonicMs() - PENDING_AFTER_MS;
      for (const key of keys) {
        const memory = memoryOf(key);
        if (memory !== undefined && (memory.awaitedSinceMs ?? 0) > limitMs) break;
        if (writing + overdue.length >= SPARE_WRITES) break;
        keys.delete(key);
        if (memory?.awaitedSinceMs === undefined) continue;
        if (memory.writing === undefined && memory.unwritten === undefined) overdue.push(key);
      }
      return overdue;
    },
  };
}
