/**
 * The reasons: CamelCase names of facts, an API that alerts and scripts rely on. For each there is a class, one sentence of cause and
 * one of remedy; messages, documents and alert run-books are made from this table. A reason is added, never renamed.
 */
import { DENIED_REASONS } from './denied-reasons.ts';
import { PERMANENT_REASONS } from './permanent-reasons.ts';
import type { FailureClass } from './status.ts';
import { TRANSIENT_REASONS } from './transient-reasons.ts';

export type TransientReason = keyof typeof TRANSIENT_REASONS;
export type PermanentReason = keyof typeof PERMANENT_REASONS;
export type DeniedReason = keyof typeof DENIED_REASONS;

/** Why a probe failed (page 4). */
export type Reason = TransientReason | PermanentReason | DeniedReason;

/** Reasons of conditions that are no failure of a probe (page 2), in the order of the state table. */
export const STATE_REASONS = [
  'ProbePending',
  'CredentialsForbidden',
  'Progressing',
  'ProgressingWithRetry',
  'ProgressDeadlineExceeded',
  'Available',
  'ToolsMissing',
  'DigestMismatch',
  'CredentialsExpiring',
  'Suspended',
] as const;
export type StateReason = (typeof STATE_REASONS)[number];

/** Everything that may stand in the `reason` of a condition. */
export type ConditionReason = Reason | StateReason;

/** One row of the table, as documents and run-books show it: whole sentences. */
export interface ReasonRow {
  readonly reason: Reason;
  readonly class: FailureClass;
  readonly cause: string;
  readonly remedy: string;
}

/** Stands for the declared identity where nothing closer is known. */
export const DEFAULT_IDENTITY = 'the identity of this MCPServer';

/** Whether one probe that fails for `reason` is called transient. */
export function isTransientReason(reason: string): reason is TransientReason {
  return Object.hasOwn(TRANSIENT_REASONS, reason);
}

/** Whether `reason` is permanent at once. */
export function isPermanentReason(reason: string): reason is PermanentReason {
  return Object.hasOwn(PERMANENT_REASONS, reason);
}

/** Whether `reason` is a refusal of an identity. */
export function isDeniedReason(reason: string): reason is DeniedReason {
  return Object.hasOwn(DENIED_REASONS, reason);
}

/** Whether `text` is a reason of this version: a status may hold one of an older or newer operator. */
export function isReason(text: string): text is Reason {
  return isTransientReason(text) || isPermanentReason(text) || isDeniedReason(text);
}

/** The class of a reason as a single probe shows it; a transient one that lasts is judged permanent elsewhere (page 4, row 63). */
export function classOf(reason: Reason): FailureClass {
  if (isTransientReason(reason)) return 'Transient';
  return isPermanentReason(reason) ? 'Permanent' : 'Denied';
}

/** The anchor of a reason in the documentation: its name in lower case, as renderers of Markdown make it. */
export function anchorOf(reason: Reason): string {
  return reason.toLowerCase();
}

/** Every reason, by class and then in the order of page 4. */
export const reasonsTable: readonly ReasonRow[] = [
  ...rowsOf('Transient', TRANSIENT_REASONS),
  ...rowsOf('Permanent', PERMANENT_REASONS),
  ...rowsOf('Denied', DENIED_REASONS),
];

function rowsOf(
  failureClass: FailureClass,
  texts: Readonly<Record<string, { readonly cause: string; readonly remedy: string }>>,
) {
  return Object.entries(texts).flatMap(([reason, { cause, remedy }]): ReasonRow[] =>
    isReason(reason) ? [{ reason, class: failureClass, cause: `${cause.replace('{identity}', DEFAULT_IDENTITY)}.`, remedy }] : [],
  );
}
