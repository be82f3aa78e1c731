/**
 * From what a probe found to the next status and the next due time: pure. It puts `progress.ts` and `next-status.ts` together, and is
 * asked again with a fresh object when a write met a conflict.
 */
import type { ObjectMeta } from '../api/v1alpha1/mcpserver.ts';
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import type { MCPServerStatus } from '../api/v1alpha1/status.ts';
import { parseTime } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import type { Finished, Memory, Now } from './memory.ts';
import { type StatusFacts, statusAfterFailure, statusAfterSuccess } from './next-status.ts';
import { failureDelayMs, judgeProgress, refreshDelayMs, refreshPhaseMs } from './progress.ts';
import { sameSubstance } from './substance.ts';

export interface Decision {
  readonly status: MCPServerStatus;
  /** From the end of the probe to the next one. */
  readonly delayMs: number;
  /** The failure goes on from an earlier probe. */
  readonly continues: boolean;
}

export interface DecideFacts {
  readonly metadata: ObjectMeta;
  readonly memory: Memory;
  readonly spec: MCPServerSpec;
  readonly now: Now;
  readonly random: Random;
}

/** What every status of this object is made from at this moment. */
export function statusFacts({ metadata, memory, now }: Pick<DecideFacts, 'metadata' | 'memory' | 'now'>): StatusFacts {
  return { generation: metadata.generation, previous: memory.status, edit: memory.edit, nowMs: now.wallMs };
}

/** The next status and due time after a probe of the generation that `metadata` still has. */
export function decideAfterProbe(facts: DecideFacts, finished: Finished): Decision {
  const { metadata, memory, spec, random } = facts;
  const { verdict, probeID, probeRequest } = finished;
  // Judged as of the end of the probe, however long its status had to wait for the API server.
  const now: Now = { monotonicMs: finished.atMs, wallMs: facts.now.wallMs - (facts.now.monotonicMs - finished.atMs) };
  const statusOf: StatusFacts = {
    ...statusFacts({ metadata, memory, now }),
    probeID,
    ...(probeRequest !== undefined && { probeRequest }),
  };
  if (verdict.kind === 'available') {
    // A healthy server keeps its rhythm; one that is new, edited or back takes its own place in the period.
    const delayMs = finished.cause === 'refresh' ? refreshDelayMs(spec, random) : refreshPhaseMs(spec, metadata.uid);
    return { status: statusAfterSuccess(statusOf, spec, verdict.finding), delayMs, continues: false };
  }
  const reset = memory.credentialsChanged || memory.edit === 'settings' || memory.edit === 'target';
  const failingForMs = memory.failingSinceMs === undefined ? 0 : Math.max(0, now.monotonicMs - memory.failingSinceMs);
  const progress = judgeProgress({ spec, previous: memory.status, reset, failingForMs }, verdict);
  const delayMs = failureDelayMs(spec, progress, verdict, random);
  return {
    status: statusAfterFailure(statusOf, { spec, verdict, progress, attempts: finished.attempts, delayMs }),
    delayMs,
    continues: progress.continues,
  };
}

/**
 * Whether a status is worth a write: it says something new, or the last success that stands there is older than `refreshMs`.
 */
export function isWorthWriting(previous: MCPServerStatus, next: MCPServerStatus, refreshMs: number): boolean {
  if (!sameSubstance(previous, next)) return true;
  const before = parseTime(previous.lastSuccessTime);
  const after = parseTime(next.lastSuccessTime);
  // A clock that was set back must not leave a success in the future there.
  return before !== undefined && after !== undefined && Math.abs(after - before) >= refreshMs;
}
