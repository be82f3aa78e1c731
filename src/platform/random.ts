/**
 * Chance, as an argument. The only file that may call `Math.random` or make identifiers by chance.
 */
import { randomUUID } from 'node:crypto';

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A new identifier, unique enough to correlate log lines: 8 lower-case hex digits. */
  id(): string;
}

export const systemRandom: Random = {
  next: () => Math.random(),
  id: () => randomUUID().slice(0, 8),
};

/** Uniform in [low, high). */
export function uniform(random: Random, low: number, high: number): number {
  return low + (high - low) * random.next();
}
