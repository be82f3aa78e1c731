/**
 * Brings a decided status to the API server: only on change, only to the object that it was decided for, deciding again when somebody
 * else was faster. It tells each change that arrived once: to the log, and as events. It never probes, never re-creates an object, and
 * never writes while another process leads.
 */
import type { RawMCPServer } from '../api/v1alpha1/mcpserver.ts';
import type { MCPServerStatus } from '../api/v1alpha1/status.ts';
import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import { uniform } from '../platform/random.ts';
import { createAnnouncer } from './announcer.ts';
import { isWorthWriting } from './decide.ts';
import { adoptStatus, type Memory, noteWritten } from './memory.ts';
import type { EventRecorder, ObjectReader, ReconcileObserver, StatusWriter, WriteResult } from './ports.ts';

export interface PublisherDeps {
  readonly writer: StatusWriter;
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: ReconcileObserver;
  readonly events: EventRecorder;
  /** Checked before each write: false once this process may not lead any more. */
  readonly mayWrite: () => boolean;
  /** Aborts when writes must end, too: after the grace of a shutdown. */
  readonly signal: AbortSignal;
  /** `lastSuccessTime` is written anew when it is this old and nothing else is new; 3,600,000 by default. */
  readonly lastSuccessRefreshMs: number;
}

export type Published =
  /** The status stands there, written or already equal in substance. */
  | { readonly kind: 'done' }
  /** The object is another one or of another generation: the decision is worth nothing. */
  | { readonly kind: 'superseded' }
  /** Not written; the same decision may be tried again after `afterMs`. */
  | { readonly kind: 'later'; readonly afterMs: number }
  /** The API server refuses this very status (422 and the like), and would again: the object rests for `afterMs`, then gets another verdict. */
  | { readonly kind: 'refused'; readonly afterMs: number }
  /** This process may not write, at least not at this moment. */
  | { readonly kind: 'fenced' };

/** Makes the next status from the one that stands there (`memory.status`). */
export type Decide = () => MCPServerStatus;

export interface Publisher {
  /**
   * One write after the other for each object. `decide` is asked again when the status that stands there is another one; `probeID` is
   * the probe that it rests on.
   */
  publish(raw: RawMCPServer, memory: Memory, decide: Decide, probeID?: string): Promise<Published>;
  /** Writes under way. */
  writing(): number;
}

/** Somebody else writes to the same object faster than we read it this many times in a row: try later. */
const MAX_CONFLICTS = 4;

const BACKOFF_BASE_MS = 500;
const BACKOFF_MAX_MS = 60_000;
/** 2^7 · 500 ms is beyond the maximum. */
const MAX_DOUBLINGS = 7;

/** A status that is refused is a fault of ours or of the CRD, and no retry mends it: 1, 2, 4 … 60 min, told once. */
const REFUSED_BASE_MS = 60_000;
const REFUSED_MAX_MS = 3_600_000;

/** One publisher serves all objects; the queue sees to it that a key runs once at a time. */
export function createPublisher(deps: PublisherDeps): Publisher {
  const announcer = createAnnouncer(deps);
  let writing = 0;

  async function attempt(raw: RawMCPServer, memory: Memory, decide: Decide, probeID?: string): Promise<Published> {
    const { namespace, name, uid } = raw.metadata;
    let result: WriteResult = { kind: 'conflict' };
    for (let conflicts = 0; conflicts < MAX_CONFLICTS && result.kind === 'conflict'; conflicts++) {
      announcer.catchUp(raw, memory);
      const previous = memory.status;
      const status = decide();
      if (!isWorthWriting(previous, status, deps.lastSuccessRefreshMs)) return { kind: 'done' };
      if (!deps.mayWrite()) return { kind: 'fenced' };
      result = await deps.writer.writeStatus(
        { namespace, name, uid, resourceVersion: memory.resourceVersion },
        status,
        deps.signal,
      );
      if (result.kind === 'written') {
        memory.apiFailures = 0;
        memory.refusals = 0;
        noteWritten(memory, status, result.resourceVersion);
        announcer.arrived(raw, memory, { previous, status, probeID });
        return { kind: 'done' };
      }
      if (result.kind === 'unavailable') announcer.unanswered(memory, { previous, status, probeID });
      if (result.kind === 'gone') return { kind: 'superseded' };
      if (result.kind !== 'conflict') break;
      const current = await deps.reader.readObject(namespace, name, deps.signal);
      if (current.kind === 'notFound') return { kind: 'superseded' };
      if (current.kind === 'unavailable') result = { kind: 'unavailable' };
      else if (!adoptStatus(memory, current.value)) return { kind: 'superseded' };
    }
    return result.kind === 'rejected' ? refused(raw, memory, result) : later(raw, memory, result);
  }

  function refused(raw: RawMCPServer, memory: Memory, result: WriteResult): Published {
    const ceilingMs = Math.min(REFUSED_MAX_MS, REFUSED_BASE_MS * 2 ** Math.min(memory.refusals, MAX_DOUBLINGS));
    const afterMs = uniform(deps.random, ceilingMs / 2, ceilingMs);
    memory.refusedUntilMs = deps.clock.monotonicMs() + afterMs;
    memory.refusals += 1;
    if (memory.refusals === 1) deps.observer.writeFailed(raw.metadata, result, afterMs);
    return { kind: 'refused', afterMs };
  }

  function later(raw: RawMCPServer, memory: Memory, result: WriteResult): Published {
    if (deps.signal.aborted) return { kind: 'fenced' };
    const ceilingMs = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(memory.apiFailures, MAX_DOUBLINGS));
    const floorMs = result.kind === 'unavailable' ? (result.retryAfterMs ?? 0) : 0;
    const afterMs = Math.max(floorMs, uniform(deps.random, ceilingMs / 2, ceilingMs));
    memory.apiFailures += 1;
    deps.observer.writeFailed(raw.metadata, result, afterMs);
    return { kind: 'later', afterMs };
  }

  return {
    async publish(raw, memory, decide, probeID) {
      const before = memory.writing;
      const { promise, resolve } = Promise.withResolvers<void>();
      memory.writing = promise;
      writing += 1;
      try {
        await before;
        return await attempt(raw, memory, decide, probeID);
      } finally {
        if (memory.writing === promise) memory.writing = undefined;
        writing -= 1;
        resolve();
      }
    },
    writing: () => writing,
  };
}
