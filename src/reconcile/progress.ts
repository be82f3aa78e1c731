/**
 * How a failing server stands: which class counts, how often in a row, since when, and when it is probed next. Pure; page 2's progress
 * deadline and page 5.4's ladder meet here, and nowhere else.
 */
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import type { FailureClass, MCPServerStatus } from '../api/v1alpha1/status.ts';
import { parseTime } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import type { FailureVerdict } from '../probe/verdict.ts';
import { jitter, ladderDelayMs } from '../queue/backoff.ts';

export interface Progress {
  /** The class that is shown: the verdict's, or Permanent when transient lasted too long (page 4, row 63). */
  readonly class: FailureClass;
  /** Failed probes of that class in a row, this one included. */
  readonly consecutive: number;
  /** The failure goes on from an earlier probe, whatever its class: `since` stays. */
  readonly continues: boolean;
  /** The progress deadline is over. */
  readonly overdue: boolean;
  /** The object is on its way and not stuck: transient, or permanent with a reason that may settle, within the deadline. */
  readonly progressing: boolean;
  /** Ready stays True: too few failures to take it away. */
  readonly keepsReady: boolean;
}

export interface ProgressFacts {
  readonly spec: MCPServerSpec;
  readonly previous: MCPServerStatus;
  /** The target or its settings are others than those of `previous`: nothing is inherited (page 9, B6, B9). */
  readonly reset: boolean;
  /** How long `previous.failure` has lasted, by the monotonic clock where we saw it begin; 0 when there is none. */
  readonly failingForMs: number;
}

/** Where a failed probe leads. */
export function judgeProgress(facts: ProgressFacts, verdict: FailureVerdict): Progress {
  const { spec, previous, reset } = facts;
  const continues = previous.failure !== undefined && !reset;
  const failingForMs = continues ? facts.failingForMs : 0;
  const deadlineSeconds = spec.probe.progressDeadlineSeconds;
  const overdue = deadlineSeconds > 0 && failingForMs >= deadlineSeconds * 1000;
  const shown: FailureClass = verdict.class === 'Transient' && overdue ? 'Permanent' : verdict.class;
  const inRow = continues && previous.failure?.class === shown ? previous.failure.consecutive : 0;
  const consecutive = inRow + 1;
  const wasReady = !reset && previous.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  return {
    class: shown,
    consecutive,
    continues,
    overdue,
    progressing: !overdue && (verdict.class === 'Transient' || (verdict.class === 'Permanent' && verdict.settles)),
    keepsReady: wasReady && shown === 'Transient' && consecutive < spec.probe.failureThreshold,
  };
}

/** ± of a re-check and of a healthy server's period (page 5.4). */
const JITTER = 0.1;

/**
 * When a failing server is probed again, in ms from its last probe. What progresses climbs the ladder, never below `Retry-After`;
 * what is stuck or denied is re-checked every `recheckSeconds` ± 10 %.
 */
export function failureDelayMs(spec: MCPServerSpec, progress: Progress, verdict: FailureVerdict, random: Random): number {
  if (!progress.progressing) return jitter(spec.probe.recheckSeconds * 1000, JITTER, random);
  const ladder = ladderDelayMs(
    {
      consecutive: progress.consecutive,
      initialMs: spec.retry.initialBackoffSeconds * 1000,
      maxMs: spec.retry.maxBackoffSeconds * 1000,
    },
    random,
  );
  return Math.max(ladder, verdict.retryAfterMs ?? 0);
}

/** Statuses that may come with a `Retry-After` (page 3.5), of which an hour is honoured. */
const MAY_ASK_FOR_TIME: ReadonlySet<number | undefined> = new Set([429, 503]);
const MAX_ASKED_MS = 3_600_000;

/**
 * The longest that {@link failureDelayMs} can have been for the failure that `status` shows, in ms. What is left of the wait by the wall
 * clock is more only if that clock was set back meanwhile; it certainly was when the failure began in the future, and then the time that
 * the server may have asked for is not worth an hour of silence.
 */
export function longestDelayMs(spec: MCPServerSpec, { failure, conditions }: MCPServerStatus, wallMs: number): number {
  const isProgressing = failure?.class === 'Transient' || conditions?.some(({ type }) => type === 'Reconciling') === true;
  const seconds = isProgressing ? spec.retry.maxBackoffSeconds : spec.probe.recheckSeconds;
  const longestMs = seconds * 1000 * (1 + JITTER);
  const isClockRight = (parseTime(failure?.since) ?? wallMs) <= wallMs;
  return isClockRight && MAY_ASK_FOR_TIME.has(failure?.httpStatus) ? Math.max(longestMs, MAX_ASKED_MS) : longestMs;
}

/** When a healthy server is probed again, in ms from its last probe: one period ± 10 %. */
export function refreshDelayMs(spec: MCPServerSpec, random: Random): number {
  return jitter(spec.probe.periodSeconds * 1000, JITTER, random);
}

/**
 * A healthy server's place within its period, in ms: 0 … periodSeconds, the same after every restart. Its first refresh is due then,
 * so that servers that became available together are not probed together ever after.
 */
export function refreshPhaseMs(spec: MCPServerSpec, uid: string): number {
  return (hashOf(uid) / 2 ** 32) * spec.probe.periodSeconds * 1000;
}

/** FNV-1a, 32 bit, with murmur's last mix: evenly spread over the identifiers that an API server makes. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
