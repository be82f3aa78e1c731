/**
 * A list of conditions that is being built: used by `next-status.ts` alone, which decides what goes in. It keeps the one rule that every
 * Kubernetes client counts on: `lastTransitionTime` moves only with `status` (API conventions, "Typical status properties").
 */
import { CONDITION_TYPES, type Condition, type ConditionType } from '../api/v1alpha1/status.ts';

export interface ConditionSet {
  /** Sets a condition that the next status has. Whatever is not set is absent. */
  set(type: ConditionType, status: Condition['status'], reason: string, message: string): void;
  /** Carries a condition over as it stands, for this generation; does nothing when there is none. */
  keep(type: ConditionType): boolean;
  /** In the order of CONDITION_TYPES, so that the same conditions always make the same list. */
  list(): Condition[];
}

/** Begins with no condition at all: what is neither set nor kept is gone. `now` is RFC 3339. */
export function createConditionSet(previous: readonly Condition[], generation: number, now: string): ConditionSet {
  const next = new Map<string, Condition>();
  const before = (type: ConditionType) => previous.find((condition) => condition.type === type);
  return {
    set(type, status, reason, message) {
      const old = before(type);
      const lastTransitionTime = old?.status === status ? old.lastTransitionTime : now;
      next.set(type, { type, status, observedGeneration: generation, lastTransitionTime, reason, message });
    },
    keep(type) {
      const old = before(type);
      if (old !== undefined) next.set(type, { ...old, observedGeneration: generation });
      return old !== undefined;
    },
    list: () => CONDITION_TYPES.flatMap((type) => next.get(type) ?? []),
  };
}
