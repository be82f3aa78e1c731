/**
 * How many bytes one probe may still read, over all of its attempts, requests and pages. A bound on each answer alone would let a hostile
 * server make us parse one after the other until the deadline.
 */
import { LIMITS } from './limits.ts';

export interface ByteBudget {
  /** Spends `bytes`; false once more was spent than there was. */
  spend(bytes: number): boolean;
}

/** A full budget of `LIMITS.probeBytes` unless told otherwise. */
export function createByteBudget(totalBytes: number = LIMITS.probeBytes): ByteBudget {
  let leftBytes = totalBytes;
  return {
    spend(bytes) {
      leftBytes -= bytes;
      return leftBytes >= 0;
    },
  };
}
