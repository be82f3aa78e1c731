/**
 * Turns a verdict into the next status: the only place that builds conditions. Pure: the same arguments give the same status.
 * Each row of page 2's state table is a branch here and a vector in its test. It never decides *whether* to write.
 */

import type { ParsedSpec } from '../api/v1alpha1/mcpserver.ts';
import {
  availableMessage,
  credentialsExpiringMessage,
  describeIdentity,
  digestMismatchMessage,
  failureMessage,
  forbiddenReferenceMessage,
  invalidSpecMessage,
  pendingMessage,
  type ReferenceName,
  staleMessage,
  suspendedMessage,
  toolsMissingMessage,
} from '../api/v1alpha1/messages.ts';
import { isTransientReason } from '../api/v1alpha1/reasons.ts';
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import { MAX_HISTORY, MAX_STATUS_BYTES, type MCPServerStatus, type State, type Transition } from '../api/v1alpha1/status.ts';
import { formatTime } from '../platform/clock.ts';
import { type Capture, fitCapabilities, toCapabilities } from '../probe/capabilities.ts';
import type { Finding } from '../probe/outcome.ts';
import type { FailureVerdict } from '../probe/verdict.ts';
import { type ConditionSet, createConditionSet } from './conditions.ts';
import type { Edit } from './edit.ts';
import type { Progress } from './progress.ts';

/** What every next status is made from. */
export interface StatusFacts {
  readonly generation: number;
  readonly previous: MCPServerStatus;
  /** What changed since the spec that `previous` was found for; undefined when nothing did. */
  readonly edit: Edit | undefined;
  /** Wall time. */
  readonly nowMs: number;
  readonly probeID?: string;
  /** The value of the annotation `probe-requested-at`, where this verdict answers it. */
  readonly probeRequest?: string;
}

/** Less than this before a JWT expires, `CredentialsExpiring` is True (page 9, E3). */
const EXPIRING_MS = 300_000;

/** The status of a server that answered: Available, whether or not it offers what is expected. */
export function statusAfterSuccess(facts: StatusFacts, spec: MCPServerSpec, finding: Finding): MCPServerStatus {
  const { previous, generation, nowMs } = facts;
  const now = formatTime(nowMs);
  const conditions = createConditionSet(previous.conditions ?? [], generation, now);
  const unmet = setReadiness(conditions, spec, finding);
  if (finding.credentialExpiresAtMs !== undefined && finding.credentialExpiresAtMs - nowMs < EXPIRING_MS) {
    conditions.set('CredentialsExpiring', 'True', 'CredentialsExpiring', credentialsExpiringMessage());
  }
  const negotiatedAt = finding.negotiated ? now : (previous.endpoint?.negotiatedAt ?? now);
  const { failure, lastFailure, lastSuccessTime: _, ...kept } = withoutSnapshot(previous);
  return bounded({
    ...kept,
    ...handled(facts),
    observedGeneration: generation,
    state: 'Available',
    conditions: conditions.list(),
    endpoint: {
      url: finding.url,
      transport: finding.transport,
      era: finding.era,
      protocolVersion: finding.protocolVersion,
      negotiatedAt,
    },
    server: { ...finding.server },
    capabilities: toCapabilities(finding.snapshot, captureOf(facts, finding)),
    ...(failure
      ? { lastFailure: { class: failure.class, reason: failure.reason, time: failure.since } }
      : lastFailure && { lastFailure }),
    lastSuccessTime: now,
    ...historyOf(facts, 'Available', unmet ?? 'Available'),
  });
}

/** When this content was first seen, and what another content was before: both die with the target that they were found at. */
function captureOf({ previous, edit, nowMs }: StatusFacts, { snapshot }: Finding): Capture {
  const before = edit === 'target' ? undefined : previous.capabilities;
  const same = before?.digest === snapshot.digest;
  const previousDigest = same ? before.previousDigest : before?.digest;
  return { capturedAt: same ? before.capturedAt : formatTime(nowMs), ...(previousDigest !== undefined && { previousDigest }) };
}

/** Sets what tells whether an answering server offers what the spec wants. Returns the reason why it does not, if it does not. */
function setReadiness(
  conditions: ConditionSet,
  spec: MCPServerSpec,
  finding: Finding,
): 'ToolsMissing' | 'DigestMismatch' | undefined {
  const missing = finding.missingTools;
  const drifted = spec.drift.digest !== undefined && spec.drift.digest !== finding.snapshot.digest;
  if (missing.length > 0) conditions.set('ExpectationsUnmet', 'True', 'ToolsMissing', toolsMissingMessage(missing));
  if (drifted) conditions.set('CapabilitiesDrifted', 'True', 'DigestMismatch', digestMismatchMessage());
  const unmet = missing.length > 0 ? 'ToolsMissing' : drifted && spec.drift.policy === 'Require' ? 'DigestMismatch' : undefined;
  if (unmet === undefined) {
    conditions.set('Ready', 'True', 'Available', availableMessage());
    return undefined;
  }
  const message = unmet === 'ToolsMissing' ? toolsMissingMessage(missing) : digestMismatchMessage();
  conditions.set('Ready', 'False', unmet, message);
  conditions.set('Stalled', 'True', unmet, message);
  return unmet;
}

/** Page 4: a 403 that a gateway also sends when its authorization service is slow. */
const AMBIGUOUS_GATEWAY_ROW = 29;

/** How a failed probe left the server; `progress` and `delayMs` come from `progress.ts`. */
export interface FailedProbe {
  readonly spec: MCPServerSpec;
  readonly verdict: FailureVerdict;
  readonly progress: Progress;
  /** Attempts made; 0 when nothing was sent. */
  readonly attempts: number;
  /** From now to the next probe. */
  readonly delayMs: number;
}

/** The status of a server that failed. The last good snapshot survives, marked as stale, unless it was another server's. */
export function statusAfterFailure(facts: StatusFacts, failed: FailedProbe): MCPServerStatus {
  const { previous, edit, generation, nowMs } = facts;
  const { spec, verdict, progress } = failed;
  const { reason } = verdict;
  const message = failureMessage({
    ...verdict,
    class: progress.class,
    identity: describeIdentity(spec),
    ambiguousGateway: verdict.row === AMBIGUOUS_GATEWAY_ROW,
  });
  const conditions = createConditionSet(previous.conditions ?? [], generation, formatTime(nowMs));
  if (!(progress.keepsReady && conditions.keep('Ready'))) conditions.set('Ready', 'False', reason, message);
  if (!progress.keepsReady) setMotion(conditions, progress, verdict, message);
  conditions.set(progress.class, 'True', reason, message);
  const kept = edit === 'target' ? withoutSnapshot(previous) : previous;
  if (kept.capabilities !== undefined) conditions.set('CapabilitiesStale', 'True', reason, staleMessage());
  return bounded({
    ...kept,
    ...handled(facts),
    observedGeneration: generation,
    state: progress.class,
    conditions: conditions.list(),
    failure: {
      class: progress.class,
      reason,
      message,
      stage: verdict.stage,
      ...(verdict.httpStatus !== undefined && { httpStatus: verdict.httpStatus }),
      ...(verdict.rpcCode !== undefined && { rpcCode: verdict.rpcCode }),
      ...(verdict.errorCode !== undefined && { errorCode: verdict.errorCode }),
      since: progress.continues && previous.failure ? previous.failure.since : formatTime(nowMs),
      consecutive: progress.consecutive,
      attempts: failed.attempts,
      nextProbeTime: formatTime(nowMs + failed.delayMs),
    },
    ...historyOf(facts, progress.class, reason),
  });
}

/** Reconciling or Stalled, never both: whether waiting helps (kstatus). */
function setMotion(conditions: ConditionSet, progress: Progress, verdict: FailureVerdict, message: string): void {
  if (progress.progressing) conditions.set('Reconciling', 'True', 'ProgressingWithRetry', message);
  else conditions.set('Stalled', 'True', verdict.class === 'Transient' ? 'ProgressDeadlineExceeded' : verdict.reason, message);
}

/** A failure whose progress deadline is over, judged again without a probe: that it is stuck is new, and so are the words for it. */
export function statusAfterDeadline(facts: StatusFacts, spec: MCPServerSpec): MCPServerStatus {
  const { previous, generation, nowMs } = facts;
  const { failure } = previous;
  if (failure === undefined) return previous;
  const { reason, stage = 'http' } = failure;
  // Other classes have the same words after the deadline, and theirs name what a status does not keep: the field, the detail.
  const message = isTransientReason(reason)
    ? failureMessage({ ...failure, reason, stage, class: 'Permanent', identity: describeIdentity(spec) })
    : failure.message;
  const conditions = createConditionSet(previous.conditions ?? [], generation, formatTime(nowMs));
  conditions.set('Ready', 'False', reason, message);
  conditions.set('Stalled', 'True', failure.class === 'Transient' ? 'ProgressDeadlineExceeded' : reason, message);
  conditions.set('Permanent', 'True', reason, message);
  conditions.keep('CapabilitiesStale');
  return bounded({
    ...previous,
    state: 'Permanent',
    conditions: conditions.list(),
    failure: { ...failure, class: 'Permanent', message },
    ...historyOf(facts, 'Permanent', reason),
  });
}

/** Which field does not fit, and what the broken rule allows where there is one. */
type InvalidSpec = Pick<Extract<ParsedSpec, { kind: 'invalid' }>, 'path' | 'message'>;

/** A spec that does not fit the schema, as an older CRD lets it pass: nothing is probed, and only an edit helps. */
export function statusOfInvalidSpec(facts: StatusFacts, { path, message: allowed }: InvalidSpec): MCPServerStatus {
  const { previous, generation, nowMs } = facts;
  const now = formatTime(nowMs);
  const message = invalidSpecMessage(path, allowed);
  const conditions = createConditionSet(previous.conditions ?? [], generation, now);
  conditions.set('Ready', 'False', 'InvalidSpec', message);
  conditions.set('Stalled', 'True', 'InvalidSpec', message);
  conditions.set('Permanent', 'True', 'InvalidSpec', message);
  return {
    ...withoutSnapshot(previous),
    observedGeneration: generation,
    state: 'Permanent',
    conditions: conditions.list(),
    failure: { class: 'Permanent', reason: 'InvalidSpec', message, stage: 'policy', since: now, consecutive: 1, attempts: 0 },
    ...historyOf(facts, 'Permanent', 'InvalidSpec'),
  };
}

/** A new or changed spec that has waited for its first verdict for a while, perhaps because of an obstacle: a right that we lack. */
export function statusWhilePending(facts: StatusFacts, obstacle?: ReferenceName): MCPServerStatus {
  const { previous, edit, generation, nowMs } = facts;
  const conditions = createConditionSet(previous.conditions ?? [], generation, formatTime(nowMs));
  const reason = obstacle === undefined ? 'ProbePending' : 'CredentialsForbidden';
  const message = obstacle === undefined ? pendingMessage() : forbiddenReferenceMessage(obstacle);
  conditions.set('Ready', 'Unknown', reason, message);
  conditions.set('Reconciling', 'True', 'Progressing', message);
  const kept = edit === 'target' ? withoutSnapshot(previous) : previous;
  if (kept.capabilities !== undefined) conditions.keep('CapabilitiesStale');
  return bounded({ ...kept, state: 'Pending', conditions: conditions.list(), ...historyOf(facts, 'Pending', reason) });
}

/** Probing is switched off: what was known stays, and Ready keeps its last value. */
export function statusWhileSuspended(facts: StatusFacts): MCPServerStatus {
  const { previous, nowMs } = facts;
  // What is kept was found for the generation that was probed, which may be an older one.
  const conditions = createConditionSet(previous.conditions ?? [], Math.max(previous.observedGeneration, 0), formatTime(nowMs));
  const ready = previous.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined) conditions.set('Ready', 'Unknown', 'Suspended', suspendedMessage());
  else conditions.set('Ready', ready.status, ready.reason, ready.message);
  conditions.keep('CapabilitiesStale');
  return bounded({
    ...previous,
    state: 'Suspended',
    conditions: conditions.list(),
    ...historyOf(facts, 'Suspended', 'Suspended'),
  });
}

/** A snapshot belongs to one target and one identity; without it nothing is left that names the server. */
function withoutSnapshot(status: MCPServerStatus): MCPServerStatus {
  const { capabilities: _capabilities, endpoint: _endpoint, server: _server, ...rest } = status;
  return rest;
}

function handled({ probeRequest }: StatusFacts): { lastHandledProbeRequest?: string } {
  return probeRequest === undefined ? {} : { lastHandledProbeRequest: probeRequest };
}

function historyOf(facts: StatusFacts, to: State, reason: string): { history?: Transition[] } {
  const { previous, nowMs, probeID } = facts;
  const history = previous.history ?? [];
  if (previous.state === to) return history.length > 0 ? { history } : {};
  const transition: Transition = {
    time: formatTime(nowMs),
    from: previous.state,
    to,
    reason,
    ...(probeID !== undefined && { probeID }),
  };
  return { history: [...history, transition].slice(-MAX_HISTORY) };
}

/** Only the lists can grow: whatever the rest takes is theirs to give up. */
function bounded(status: MCPServerStatus): MCPServerStatus {
  if (status.capabilities === undefined) return status;
  const { capabilities, ...rest } = status;
  const left = MAX_STATUS_BYTES - Buffer.byteLength(JSON.stringify(rest)) - '"capabilities":,'.length;
  return { ...status, capabilities: fitCapabilities(capabilities, left) };
}
