/**
 * How many bytes one probe may still read, and in how many pieces, over all of its attempts, requests and pages. Values of JSON that are
 * shorter than what they cost count for more than their bytes. A bound on each answer alone would let a hostile server make us parse one after the other until the
 * deadline; a bound on each probe alone would let a thousand of them fill the memory together, so what goes beyond a probe's own share
 * comes out of a pool that all probes of a process have in common.
 */
import { LIMITS } from './limits.ts';

export interface ByteBudget {
  /** Spends `bytes`; false once more was spent than there was, or than the pool had. */
  spend(bytes: number): boolean;
  /** Counts pieces of a body; false once there were more than {@link LIMITS.pieces}. */
  takePieces(count: number): boolean;
  /** Whether the pool was empty: then nothing was learned about the server. */
  crowded(): boolean;
  /** Gives back what came out of the pool. To be called when the probe ends. */
  close(): void;
}

/** Bytes that the probes of one process share. */
export interface BytePool {
  /** Takes `bytes`, or nothing when there are not so many. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** A full pool of `LIMITS.sharedBytes` unless told otherwise. */
export function createBytePool(totalBytes: number = LIMITS.sharedBytes): BytePool {
  let leftBytes = totalBytes;
  return {
    take(bytes) {
      if (bytes > leftBytes) return false;
      leftBytes -= bytes;
      return true;
    },
    give(bytes) {
      leftBytes += bytes;
    },
  };
}

/** A full budget of `LIMITS.probeBytes` unless told otherwise, and a pool of its own unless it is to share one. */
export function createByteBudget(totalBytes: number = LIMITS.probeBytes, pool: BytePool = createBytePool()): ByteBudget {
  let spentBytes = 0;
  let sharedBytes = 0;
  let crowded = false;
  let pieces = 0;
  return {
    spend(bytes) {
      spentBytes += bytes;
      if (crowded || spentBytes > totalBytes) return false;
      const missingBytes = spentBytes - LIMITS.ownBytes - sharedBytes;
      if (missingBytes <= 0) return true;
      crowded = !pool.take(missingBytes);
      if (!crowded) sharedBytes += missingBytes;
      return !crowded;
    },
    takePieces(count) {
      pieces += count;
      return pieces <= LIMITS.pieces;
    },
    crowded: () => crowded,
    close() {
      pool.give(sharedBytes);
      sharedBytes = 0;
    },
  };
}
