/**
 * The messages that users read in conditions: one line of at most 1,024 bytes that says what happened, where, what happens next and what
 * to do. They are made from our own words, from codes and from names that the spec itself declares; never from a server's text. They hold
 * no time and no count that changes from probe to probe, because a changed message is a write.
 */
import { DETAILS, type Detail } from './credential-details.ts';
import type { CredentialField } from './credential-field.ts';
import { DENIED_REASONS } from './denied-reasons.ts';
import { PERMANENT_REASONS } from './permanent-reasons.ts';
import { classOf, DEFAULT_IDENTITY, isDeniedReason, isTransientReason, type Reason } from './reasons.ts';
import type { MCPServerSpec } from './spec.ts';
import { type Capabilities, type FailureClass, MAX_MESSAGE_BYTES, type Stage } from './status.ts';
import { TRANSIENT_REASONS, type TransientText } from './transient-reasons.ts';

/** What is known about a failure; a `FailureVerdict` fits. */
export interface FailureFacts {
  readonly reason: Reason;
  /** The class as judged. `Permanent` with a transient reason: the progress deadline is over. Default: the class of the reason. */
  readonly class?: FailureClass;
  readonly stage: Stage;
  readonly httpStatus?: number | undefined;
  readonly rpcCode?: number | undefined;
  /** A Node error code; anything that does not look like one is left out. */
  readonly errorCode?: string | undefined;
  /** Who was refused, from {@link describeIdentity}. */
  readonly identity?: string | undefined;
  /** What exactly is wrong with a credential, or what an authorization server refused or got wrong. */
  readonly detail?: Detail | undefined;
  /** Which reference of the spec is missing, broken or may not be used. */
  readonly field?: CredentialField | undefined;
  /** Page 4, row 29: a 403 that a gateway also answers when its authorization service is slow or away. */
  readonly ambiguousGateway?: boolean | undefined;
}

const AMBIGUOUS_GATEWAY =
  "If the gateway's authorization service was only slow or away, raise the gateway's time-out for it to 10 s and set denyWithStatus: 503, so that this can be told from a refusal.";

/** The message of a failure, in the words of its class (page 4). */
export function failureMessage(facts: FailureFacts): string {
  const { reason } = facts;
  const where = `(${whereOf(facts).join(', ')})`;
  const detail = facts.detail === undefined ? '' : ` ${DETAILS[facts.detail]}`;
  if (isTransientReason(reason)) {
    const { cause, outlook, remedy }: TransientText = TRANSIENT_REASONS[reason];
    if ((facts.class ?? classOf(reason)) === 'Transient') {
      const next = outlook === undefined ? 'the probe will be retried' : `${outlook}, and the probe will be retried`;
      return clampMessage(`${cause} ${where}; ${next}. If it lasts, ${lowerFirst(remedy)}`);
    }
    return clampMessage(
      `${cause} ${where}; this has lasted for longer than probe.progressDeadlineSeconds and needs attention. ${remedy} ${LOOKED_AT_AGAIN}`,
    );
  }
  if (isDeniedReason(reason)) {
    const { cause, remedy } = DENIED_REASONS[reason];
    const parts = [`${cause.replace('{identity}', facts.identity ?? DEFAULT_IDENTITY)} ${where}.${detail}`, remedy];
    if (facts.ambiguousGateway) parts.push(AMBIGUOUS_GATEWAY);
    return clampMessage([...parts, 'A changed credential or spec is noticed without further action.'].join(' '));
  }
  const { cause, remedy } = PERMANENT_REASONS[reason];
  return clampMessage(`${cause} ${where}; this needs attention.${detail} ${remedy} ${LOOKED_AT_AGAIN}`);
}

const LOOKED_AT_AGAIN = 'It is looked at again every probe.recheckSeconds, and at once when the spec changes.';

/** Where in the probe it happened, the field, and the codes: `stage http`, `HTTP 503`. Codes that are out of range are left out. */
function whereOf({ stage, field, httpStatus, rpcCode, errorCode }: FailureFacts): string[] {
  const parts = [`stage ${stage}`];
  if (field !== undefined) parts.push(`spec.${field}`);
  if (httpStatus !== undefined && Number.isInteger(httpStatus) && httpStatus >= 0 && httpStatus <= 999)
    parts.push(`HTTP ${httpStatus}`);
  if (rpcCode !== undefined && rpcCode === (rpcCode | 0)) parts.push(`JSON-RPC error ${rpcCode}`);
  if (errorCode !== undefined && /^[A-Z][A-Z0-9_]{1,63}$/.test(errorCode)) parts.push(errorCode);
  return parts;
}

/** Who a probe of this spec speaks for, by the names that the spec declares: `the bearer token of Secret "a", key "token"`. */
export function describeIdentity(spec: MCPServerSpec): string {
  const { auth, headers, tls } = spec;
  if (auth.bearer !== undefined) return `the bearer token of ${nameKey(auth.bearer.secretKeyRef)}`;
  if (auth.apiKey !== undefined) return `the API key of ${nameKey(auth.apiKey.secretKeyRef)}`;
  if (auth.oauth !== undefined) return 'the OAuth client of auth.oauth';
  const secretHeader = headers?.find((header) => header.valueFrom?.secretKeyRef !== undefined);
  if (secretHeader?.valueFrom?.secretKeyRef !== undefined) return `the header of ${nameKey(secretHeader.valueFrom.secretKeyRef)}`;
  if (tls.clientCertificateRef !== undefined) return `the client certificate of Secret "${tls.clientCertificateRef.name}"`;
  return 'the anonymous identity (no credential is declared)';
}

function nameKey({ name, key }: { readonly name: string; readonly key: string }): string {
  return `Secret "${name}", key "${key}"`;
}

/** For `Ready` with the reason `Available`. */
export function availableMessage(): string {
  return 'The server answers as an MCP server, and its lists were read with the declared identity.';
}

/** For `Ready` and `Reconciling` before the first verdict. */
export function pendingMessage(): string {
  return 'The first probe of this spec has not ended yet; its verdict will be written here. There is nothing to do.';
}

/** A Secret, ConfigMap or Service that a spec refers to. */
export interface ReferenceName {
  readonly kind: 'Secret' | 'ConfigMap' | 'Service';
  readonly name: string;
}

/**
 * For `Ready` and `Reconciling` before the first verdict, and for an event: the operator lacks the right to read what the spec refers to.
 * It is a fault of the installation and no verdict on the server.
 */
export function forbiddenReferenceMessage({ kind, name }: ReferenceName): string {
  const resource = `${kind.toLowerCase()}s`;
  return clampMessage(
    `The operator may not read ${kind} "${name}" in this namespace (HTTP 403), so nothing was sent and the server is not judged. Give its ServiceAccount the verb get on ${resource} here, as the chart does in the namespaces that it watches. It is tried again every minute.`,
  );
}

/** For the event of another catalogue: which lists differ, by their exact counts. Names are in the status. */
export function capabilitiesChangedMessage(before: Capabilities, after: Capabilities): string {
  const changes = LISTS.flatMap(({ list, word }) => {
    if (before[list]?.digest === after[list]?.digest) return [];
    return [`${word} ${before[list]?.count ?? 'none'} -> ${after[list]?.count ?? 'none'}`];
  });
  const what = changes.length === 0 ? 'features' : changes.join(', ');
  return `What the server offers changed: ${what}. Compare status.capabilities with what was reviewed; the digest before is status.capabilities.previousDigest.`;
}

const LISTS = [
  { list: 'tools', word: 'tools' },
  { list: 'resources', word: 'resources' },
  { list: 'resourceTemplates', word: 'resource templates' },
  { list: 'prompts', word: 'prompts' },
] as const;

/** For the event of a server that offers what is expected again. */
export function expectationsMetMessage(): string {
  return 'The server offers what the spec expects again.';
}

/** For an object that was suspended before its first verdict. */
export function suspendedMessage(): string {
  return 'Probing is suspended by spec.suspend; set it to false to probe the server.';
}

/** For `CapabilitiesStale`: the server fails, and its last good snapshot is shown. */
export function staleMessage(): string {
  return 'The capabilities are those of the last success; the server could not be read since. The condition Ready says why.';
}

/** For `CredentialsExpiring`. */
export function credentialsExpiringMessage(): string {
  return 'The declared token expires in less than five minutes. Put a new one into its Secret; it is used at the next probe.';
}

/** For `CapabilitiesDrifted`, and for `Ready` and `Stalled` under the policy `Require`. */
export function digestMismatchMessage(): string {
  return 'The catalogue differs from the one pinned in drift.digest; this needs attention. Compare status.capabilities with what was reviewed: then pin the new digest from status.capabilities.digest, or restore the server.';
}

/** `path` as `parseSpec` gives it; `allowed` is the message of the broken rule, where there is one. */
export function invalidSpecMessage(path: string, allowed?: string): string {
  const field = path.replace(/[^A-Za-z0-9.[\]]/g, '').slice(0, 200);
  const explain = `mcpservers.${field.replace(/\[[0-9]*\]/g, '')}`;
  const rule = allowed === undefined ? `see \`kubectl explain ${explain}\` for what is allowed` : allowed;
  return clampMessage(
    `The field ${field} does not fit the schema (stage policy): ${rule}; this needs attention, and nothing was sent. Correct it, and apply the CRD of this version of the operator: it refuses such objects at once.`,
  );
}

/** Names the expected tools that are not offered to this identity, as many as fit. The names are those of the spec. */
export function toolsMissingMessage(names: readonly string[]): string {
  const head = 'These tools of expect.tools are not offered to this identity: ';
  const tail = '; this needs attention. Check the server and the scopes of the credential, or correct expect.tools.';
  // ` and 256 more` is the longest that can follow: `expect.tools` holds at most 256 names.
  const room = MAX_MESSAGE_BYTES - byteLength(head) - byteLength(' and 256 more') - byteLength(tail);
  const shown: string[] = [];
  let bytes = 0;
  for (const name of names) {
    const quoted = `"${printable(name)}"`;
    bytes += byteLength(quoted) + ', '.length;
    if (bytes > room) break;
    shown.push(quoted);
  }
  const rest = names.length - shown.length;
  return clampMessage(head + shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '') + tail);
}

/** Without control, format, separator and surrogate characters, which could break the line or hide text. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '');
}

/** One line of at most 1,024 bytes of UTF-8; a cut is shown by an ellipsis and never inside a character. */
export function clampMessage(text: string): string {
  const line = printable(text);
  if (byteLength(line) <= MAX_MESSAGE_BYTES) return line;
  // The ellipsis takes 3 bytes. `encodeInto` stops before a character that does not fit.
  const { read } = new TextEncoder().encodeInto(line, new Uint8Array(MAX_MESSAGE_BYTES - 3));
  return `${line.slice(0, read)}…`;
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
