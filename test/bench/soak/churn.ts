/**
 * What happens to the fleet during a soak, as an endless plan that the seed alone decides: objects come, go and are edited, servers flap
 * between health and every way to fail, the API server is restarted. Pure. The fleet stays as large and as ill as it is at first, but
 * for chance, so whatever grows is the operator's.
 */
import type { Behaviour } from '../farm/messages.ts';
import type { SeededRandom } from './seeded-random.ts';

/** One thing that happens. Indices are those of servers, and each server has at most one object. */
export type Action =
  | { readonly kind: 'create'; readonly index: number }
  | { readonly kind: 'delete'; readonly index: number }
  /** A spec of the next generation: its period is this many seconds. */
  | { readonly kind: 'edit'; readonly index: number; readonly periodSeconds: number }
  | { readonly kind: 'flap'; readonly index: number; readonly behaviour: Behaviour }
  /** Of the API server: killed, or ended in order. */
  | { readonly kind: 'restart'; readonly isSudden: boolean };

export interface ChurnOptions {
  /** Servers; half of them have an object, at first those of even indices. */
  readonly servers: number;
  /** Of the servers that fail at a time, about. */
  readonly failingShare: number;
  /** Actions between two restarts of the API server. */
  readonly restartEvery: number;
}

/** The least and the most that an edit may ask for, seconds. */
const PERIODS = { least: 10, most: 30 };

const FAILURES: readonly Behaviour[] = [{ kind: 'refused' }, { kind: 'tarpit' }, { kind: 'unavailable', delayMs: 50 }];

/** The indices of the objects that exist before the first action. */
export function firstObjects({ servers }: Pick<ChurnOptions, 'servers'>): number[] {
  return Array.from({ length: Math.ceil(servers / 2) }, (_, half) => 2 * half);
}

/** The actions, one after the other, without end. Every tenth is a create or a delete, four of ten are edits, the others flap. */
export function* planChurn(random: SeededRandom, options: ChurnOptions): Generator<Action, never> {
  const { servers, failingShare, restartEvery } = options;
  const present = new Set(firstObjects(options));
  const failing = new Set<number>();
  const pick = (indices: ReadonlySet<number>) => [...indices][random.below(indices.size)] ?? 0;
  const absent = () => new Set(Array.from({ length: servers }, (_, index) => index).filter((index) => !present.has(index)));
  for (let made = 1; ; made++) {
    const chance = random.next();
    if (made % restartEvery === 0) yield { kind: 'restart', isSudden: chance < 0.5 };
    else if (chance < 0.1) {
      // Back to half: a walk by chance would wander.
      if (present.size > servers / 2) {
        const index = pick(present);
        present.delete(index);
        yield { kind: 'delete', index };
      } else {
        const index = pick(absent());
        present.add(index);
        yield { kind: 'create', index };
      }
    } else if (chance < 0.5) {
      const periodSeconds = PERIODS.least + random.below(PERIODS.most - PERIODS.least + 1);
      yield { kind: 'edit', index: pick(present), periodSeconds };
    } else if (failing.size > servers * failingShare) {
      const index = pick(failing);
      failing.delete(index);
      yield { kind: 'flap', index, behaviour: random.next() < 0.5 ? { kind: 'healthy' } : { kind: 'legacy' } };
    } else {
      const index = random.below(servers);
      failing.add(index);
      yield { kind: 'flap', index, behaviour: FAILURES[random.below(FAILURES.length)] ?? { kind: 'refused' } };
    }
  }
}
