/**
 * Reads a thrown Node error (resolver, socket, TLS, HTTP parser) and makes a fact of it: a stage and a code from lists that are known
 * here. Never passes on a message, host, address or a code that it does not know; the number of a TLS alert is all that is read of a
 * text. Looks through `cause` and `AggregateError.errors`, because a dial to several addresses fails with one error for all of them.
 */
import type { FailureFact } from './outcome.ts';
import type { Row } from './rows.ts';
import { ROWS } from './rows.ts';

/** What was under way when the error was thrown. */
export type NetworkPhase = 'resolve' | 'connect' | 'tls' | 'http';

/** The facts that an error can become. */
export type NetworkFact = Extract<FailureFact, { readonly kind: 'network' | 'limit' | 'unexpected' }>;

type NetworkCode = Pick<Extract<FailureFact, { readonly kind: 'network' }>, 'stage' | 'errorCode' | 'tlsAlert'>;

/** Nested errors looked at: 16 addresses of one dial, each with a cause or two. */
const MAX_ERRORS = 48;
/** OpenSSL's texts are about 150 characters. */
const MAX_MESSAGE_CHARS = 1024;

/** getaddrinfo and c-ares codes: page 4, rows 1 and 2. `EREFUSED` and `EFORMERR` are answers of a resolver that fails. */
const DNS_ROWS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['EAI_AGAIN', ROWS.dnsLookupFailed],
  ['EAI_FAIL', ROWS.dnsLookupFailed],
  ['ESERVFAIL', ROWS.dnsLookupFailed],
  ['EREFUSED', ROWS.dnsLookupFailed],
  ['EFORMERR', ROWS.dnsLookupFailed],
  ['EBADRESP', ROWS.dnsLookupFailed],
  ['ETIMEOUT', ROWS.dnsLookupFailed],
  ['ENOTFOUND', ROWS.hostNotFound],
  ['ENODATA', ROWS.hostNotFound],
]);

/**
 * Socket codes: rows 3 to 6. Where a kernel or its packet filter refuses the way to a host (`EACCES`, `EPERM`), or has no address of the
 * family (`EADDRNOTAVAIL`, `EAFNOSUPPORT`), the host is as unreachable as with `EHOSTUNREACH`.
 */
const SOCKET_ROWS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['ECONNREFUSED', ROWS.connectionRefused],
  ['EHOSTUNREACH', ROWS.hostUnreachable],
  ['ENETUNREACH', ROWS.hostUnreachable],
  ['EHOSTDOWN', ROWS.hostUnreachable],
  ['ENETDOWN', ROWS.hostUnreachable],
  ['EADDRNOTAVAIL', ROWS.hostUnreachable],
  ['EAFNOSUPPORT', ROWS.hostUnreachable],
  ['EACCES', ROWS.hostUnreachable],
  ['EPERM', ROWS.hostUnreachable],
  ['ETIMEDOUT', ROWS.connectTimeout],
  ['ERR_SOCKET_CONNECTION_TIMEOUT', ROWS.connectTimeout],
  ['ECONNRESET', ROWS.connectionReset],
  ['ECONNABORTED', ROWS.connectionReset],
  ['EPIPE', ROWS.connectionReset],
  ['ERR_STREAM_PREMATURE_CLOSE', ROWS.connectionReset],
]);

/** Verification codes of OpenSSL as Node names them (`X509_V_ERR_*`), and Node's own: rows 9 to 11. */
const TLS_ROWS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['CERT_NOT_YET_VALID', ROWS.tlsCertificateNotYetValid],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', ROWS.tlsHandshakeTimeout],
  ['EPROTO', ROWS.tlsHandshakeFailed],
  ...[
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
    'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
    'UNABLE_TO_GET_CRL',
    'UNABLE_TO_DECRYPT_CRL_SIGNATURE',
    'CRL_SIGNATURE_FAILURE',
    'CRL_NOT_YET_VALID',
    'CRL_HAS_EXPIRED',
    'ERROR_IN_CERT_NOT_BEFORE_FIELD',
    'ERROR_IN_CERT_NOT_AFTER_FIELD',
    'ERROR_IN_CRL_LAST_UPDATE_FIELD',
    'ERROR_IN_CRL_NEXT_UPDATE_FIELD',
    'CERT_SIGNATURE_FAILURE',
    'CERT_CHAIN_TOO_LONG',
    'CERT_REVOKED',
    'CERT_UNTRUSTED',
    'CERT_REJECTED',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'PATH_LENGTH_EXCEEDED',
    'HOSTNAME_MISMATCH',
    'UNSPECIFIED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_TLS_CERT_ALTNAME_FORMAT',
  ].map((code): [string, Row] => [code, ROWS.tlsCertificateInvalid]),
]);

/** Families whose members are named by llhttp and OpenSSL, never by a peer. At most 64 characters, the bound of `status.failure`. */
const HPE = /^HPE_[A-Z_]{1,60}$/;
const ERR_SSL = /^ERR_SSL_[A-Z0-9_]{1,56}$/;

/** We ran out of something; the server is not to blame, and the prober should conclude nothing. */
const SHORTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAI_MEMORY']);

/** What Node's name of an alert ends with, and its number (RFC 8446, section 6): the alerts of row 13, about our certificate. */
const ALERT_NAMES: readonly (readonly [string, number])[] = [
  ['_ALERT_BAD_CERTIFICATE', 42],
  ['_ALERT_UNSUPPORTED_CERTIFICATE', 43],
  ['_ALERT_CERTIFICATE_REVOKED', 44],
  ['_ALERT_CERTIFICATE_EXPIRED', 45],
  ['_ALERT_CERTIFICATE_UNKNOWN', 46],
  ['_ALERT_UNKNOWN_CA', 48],
  ['_ALERT_ACCESS_DENIED', 49],
  ['_ALERT_CERTIFICATE_REQUIRED', 116],
];
const CLIENT_CERTIFICATE_ALERTS: ReadonlySet<number> = new Set(ALERT_NAMES.map(([, alert]) => alert));

/**
 * The row of page 4 for a network code, and undefined for one that is on no list. `stage` matters where one code means different things:
 * a time-out or a refusal while resolving is the resolver's, a time-out after connecting is the request's.
 */
export function rowOfNetworkCode({ stage, errorCode, tlsAlert }: NetworkCode): Row | undefined {
  if (tlsAlert !== undefined && CLIENT_CERTIFICATE_ALERTS.has(tlsAlert)) return ROWS.clientCertificateRejected;
  if (HPE.test(errorCode)) return errorCode === 'HPE_HEADER_OVERFLOW' ? ROWS.responseTooLarge : ROWS.notHTTP;
  if (ERR_SSL.test(errorCode)) return ROWS.tlsHandshakeFailed;
  const row = DNS_ROWS.get(errorCode) ?? TLS_ROWS.get(errorCode) ?? SOCKET_ROWS.get(errorCode);
  if (row === undefined || !SOCKET_ROWS.has(errorCode)) return row;
  if (stage === 'resolve') return row === ROWS.connectTimeout ? ROWS.dnsLookupTimedOut : ROWS.dnsLookupFailed;
  if (row !== ROWS.connectTimeout || stage === 'connect') return row;
  return stage === 'tls' ? ROWS.tlsHandshakeTimeout : ROWS.requestTimeout;
}

/** Describes whatever was thrown. Never throws; an error with no known code is `unexpected` and bears no code. */
export function describeNetworkError(error: unknown, phase: NetworkPhase): NetworkFact {
  const facts: NetworkCode[] = [];
  for (const candidate of errorsIn(error)) {
    const fact = readCode(candidate, phase);
    if (fact !== undefined) facts.push(fact);
  }
  // With one family of addresses not routed, the other family's error is what happened.
  const fact = facts.find((candidate) => rowOfNetworkCode(candidate) !== ROWS.hostUnreachable) ?? facts[0];
  if (fact === undefined) return { kind: 'unexpected', stage: phase };
  if (fact.errorCode === 'HPE_HEADER_OVERFLOW') return { kind: 'limit', stage: 'http', limit: 'headers' };
  return { kind: 'network', ...fact };
}

/** Whether an error says that this process ran out of descriptors or memory: nothing was learned about the server. */
export function isLocalShortage(error: unknown): boolean {
  return errorsIn(error).some((candidate) => SHORTAGES.has(readString(candidate, 'code')));
}

function readCode(error: object, phase: NetworkPhase): NetworkCode | undefined {
  // OpenSSL 3.2 and later say "ssl/tls alert …", which Node makes `ERR_SSL_SSL/TLS_ALERT_…`.
  const errorCode = readString(error, 'code').replace('/', '_');
  if (rowOfNetworkCode({ stage: phase, errorCode }) === undefined) return undefined;
  if (errorCode === 'EPROTO' || ERR_SSL.test(errorCode)) {
    const tlsAlert = readAlert(errorCode, readString(error, 'message'));
    return tlsAlert === undefined ? { stage: 'tls', errorCode } : { stage: 'tls', errorCode, tlsAlert };
  }
  return { stage: stageOf(errorCode, phase), errorCode };
}

function stageOf(errorCode: string, phase: NetworkPhase): NetworkPhase {
  if (DNS_ROWS.has(errorCode)) return 'resolve';
  if (TLS_ROWS.has(errorCode)) return 'tls';
  return HPE.test(errorCode) ? 'http' : phase;
}

function readAlert(errorCode: string, message: string): number | undefined {
  const named = ALERT_NAMES.find(([ending]) => errorCode.endsWith(ending));
  if (named !== undefined) return named[1];
  const digits = /SSL alert number (\d{1,3})\b/.exec(message.slice(0, MAX_MESSAGE_CHARS))?.[1];
  return digits !== undefined && Number(digits) <= 255 ? Number(digits) : undefined;
}

/**
 * The error and everything nested in it, at most `MAX_ERRORS`, outermost first. The members of an aggregate come before the aggregate
 * itself, whose code is only a copy of the first one's.
 */
function errorsIn(error: unknown): readonly object[] {
  const found: object[] = [];
  const seen = new Set<object>();
  const queue: unknown[] = [error];
  // Each error brings at most MAX_ERRORS members, so the queue never exceeds MAX_ERRORS².
  while (queue.length > 0 && seen.size < MAX_ERRORS) {
    const next = queue.shift();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    const members = read(next, 'errors');
    if (Array.isArray(members)) {
      queue.unshift(...members.slice(0, MAX_ERRORS));
      queue.push({ code: readString(next, 'code') });
    } else {
      found.push(next);
    }
    queue.push(read(next, 'cause'));
  }
  return found;
}

function readString(error: object, key: string): string {
  const value = read(error, key);
  return typeof value === 'string' ? value : '';
}

/** A thrown value can be anything, a proxy or an object with a getter that throws too. */
function read(error: object, key: string): unknown {
  try {
    return Reflect.get(error, key);
  } catch {
    return undefined;
  }
}
