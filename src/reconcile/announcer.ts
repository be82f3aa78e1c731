/**
 * Tells a change of an object's status, once, when it is known that the change arrived: to the log and as Kubernetes events. A write whose
 * answer was lost is kept in the memory of its object and told when its status shows; it never guesses, and never waits.
 */
import type { RawMCPServer } from '../api/v1alpha1/mcpserver.ts';
import { eventsOf, type StatusChange } from './events.ts';
import type { Memory } from './memory.ts';
import type { EventRecorder, ReconcileObserver } from './ports.ts';
import { sameSubstance } from './substance.ts';

export interface Announcer {
  /** The write of `change` was accepted; `memory` knows the version that it made. */
  arrived(raw: RawMCPServer, memory: Memory, change: StatusChange): void;
  /** The answer to the write of `change` is not known. */
  unanswered(memory: Memory, change: StatusChange): void;
  /** Tells the change of an unanswered write if `memory.status` shows that it arrived. To be called when that may be new. */
  catchUp(raw: RawMCPServer, memory: Memory): void;
}

/** Keeps nothing itself. */
export function createAnnouncer({
  observer,
  events,
}: {
  readonly observer: Pick<ReconcileObserver, 'transition'>;
  readonly events: EventRecorder;
}): Announcer {
  const tell = ({ metadata }: RawMCPServer, { reconcileID, resourceVersion }: Memory, change: StatusChange) => {
    const { namespace, name, uid } = metadata;
    const { previous, status } = change;
    const last = status.history?.at(-1);
    if (previous.state !== status.state && last !== undefined) {
      const { from, to, reason, probeID } = last;
      observer.transition({
        ...{ namespace, name, uid, from, to, reason },
        ...(reconcileID !== undefined && { reconcileID }),
        ...(probeID !== undefined && { probeID }),
      });
    }
    for (const notice of eventsOf(change)) events.record({ namespace, name, uid, resourceVersion }, notice);
  };
  return {
    arrived(raw, memory, change) {
      // An earlier write of the same version that went unanswered did not arrive, or this one would have met a conflict.
      memory.untold = undefined;
      tell(raw, memory, change);
    },
    unanswered(memory, change) {
      memory.untold = change;
    },
    catchUp(raw, memory) {
      const { untold } = memory;
      if (untold === undefined || !sameSubstance(memory.status, untold.status)) return;
      memory.untold = undefined;
      tell(raw, memory, untold);
    },
  };
}
