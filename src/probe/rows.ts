/**
 * The table of page 4 as data: each row's class, reason and flags, and nothing that decides. `classify.ts` says which facts lead to
 * which row. Row 51 (an absent list), 61 (no verdict) and 63 (the progress deadline, page 2) are no failures of a probe and not here.
 */
import type { DeniedReason, PermanentReason, Reason, TransientReason } from '../api/v1alpha1/reasons.ts';
import type { FailureClass } from '../api/v1alpha1/status.ts';

/** One row of page 4; `burst`, `settles` and `timedOut` as in `FailureVerdict`. */
export interface Row {
  /** The row's number on page 4; 0 for `InvalidSpec`, a fact about our own parser that the page does not list. */
  readonly row: number;
  readonly class: FailureClass;
  readonly reason: Reason;
  readonly burst: boolean;
  readonly settles: boolean;
  readonly timedOut: boolean;
}

type Flags = Partial<Pick<Row, 'burst' | 'settles' | 'timedOut'>>;

const NO_FLAGS = { burst: false, settles: false, timedOut: false };
const BURST: Flags = { burst: true };
const SETTLES: Flags = { settles: true };
const SILENT: Flags = { timedOut: true };
const SILENT_BURST: Flags = { burst: true, timedOut: true };

const transient = (row: number, reason: TransientReason, flags?: Flags): Row => ({
  row,
  class: 'Transient',
  reason,
  ...NO_FLAGS,
  ...flags,
});
const permanent = (row: number, reason: PermanentReason, flags?: Flags): Row => ({
  row,
  class: 'Permanent',
  reason,
  ...NO_FLAGS,
  ...flags,
});
const denied = (row: number, reason: DeniedReason): Row => ({ row, class: 'Denied', reason, ...NO_FLAGS });

/** Page 4, in its order. A row with two reasons has two entries. */
export const ROWS = {
  dnsLookupFailed: transient(1, 'DNSLookupFailed', BURST),
  /** Row 1 as well, but by silence: the resolver held a place until our deadline. */
  dnsLookupTimedOut: transient(1, 'DNSLookupFailed', SILENT_BURST),
  hostNotFound: transient(2, 'HostNotFound'),
  connectionRefused: transient(3, 'ConnectionRefused'),
  hostUnreachable: transient(4, 'HostUnreachable'),
  connectTimeout: transient(5, 'ConnectTimeout', SILENT_BURST),
  connectionReset: transient(6, 'ConnectionReset', BURST),
  requestTimeout: transient(7, 'RequestTimeout', SILENT_BURST),
  probeTimeout: transient(8, 'ProbeTimeout', SILENT),
  tlsHandshakeTimeout: transient(9, 'TLSHandshakeTimeout', SILENT),
  tlsCertificateInvalid: permanent(10, 'TLSCertificateInvalid', SETTLES),
  tlsCertificateNotYetValid: transient(11, 'TLSCertificateNotYetValid'),
  tlsHandshakeFailed: permanent(12, 'TLSHandshakeFailed'),
  clientCertificateRejected: denied(13, 'ClientCertificateRejected'),
  notHTTP: permanent(14, 'NotHTTP'),
  httpTimeout: transient(15, 'RequestTimeout', BURST),
  rateLimited: transient(16, 'RateLimited'),
  serverErrorBurst: transient(17, 'ServerError', BURST),
  serverUnavailable: transient(18, 'ServerUnavailable', BURST),
  serverUnavailableUntil: transient(18, 'ServerUnavailable'),
  serverErrorOther: transient(19, 'ServerError'),
  serverNotImplemented: transient(20, 'ServerError'),
  authenticationRequired: denied(21, 'AuthenticationRequired'),
  credentialsRejected: denied(22, 'CredentialsRejected'),
  interactiveAuthorizationRequired: denied(24, 'InteractiveAuthorizationRequired'),
  accessDenied: denied(25, 'AccessDenied'),
  insufficientScope: denied(26, 'InsufficientScope'),
  authorizationTimeout: transient(27, 'AuthorizationTimeout', BURST),
  authorizationUnavailable: transient(28, 'AuthorizationUnavailable'),
  ambiguousAuthorization: denied(29, 'AccessDenied'),
  hostNotAllowed: permanent(30, 'HostNotAllowed'),
  refusedByLaw: denied(31, 'AccessDenied'),
  proxyAuthenticationRequired: denied(32, 'ProxyAuthenticationRequired'),
  loginRedirect: denied(33, 'LoginRedirect'),
  redirectNotFollowed: permanent(34, 'RedirectNotFollowed'),
  endpointNotFound: permanent(35, 'EndpointNotFound', SETTLES),
  sessionLost: transient(36, 'SessionLost', BURST),
  methodNotAllowed: permanent(37, 'MethodNotAllowed', SETTLES),
  badRequest: permanent(38, 'BadRequest'),
  requestRejected: permanent(39, 'RequestRejected'),
  notMCPEndpoint: permanent(40, 'NotMCPEndpoint', SETTLES),
  incompleteResponse: transient(41, 'IncompleteResponse', BURST),
  responseTooLarge: permanent(42, 'ResponseTooLarge'),
  paginationLoop: permanent(43, 'PaginationLoop'),
  serverReportedError: transient(44, 'ServerReportedError'),
  protocolError: permanent(45, 'ProtocolError'),
  unsupportedProtocolVersion: permanent(46, 'UnsupportedProtocolVersion'),
  headerMismatch: permanent(47, 'HeaderMismatch'),
  clientCapabilityRequired: permanent(48, 'ClientCapabilityRequired'),
  invalidResponse: permanent(49, 'InvalidResponse'),
  listCredentialsRejected: denied(50, 'CredentialsRejected'),
  listAuthenticationRequired: denied(50, 'AuthenticationRequired'),
  serviceNotFound: permanent(52, 'ServiceNotFound', SETTLES),
  credentialsNotFound: permanent(53, 'CredentialsNotFound', SETTLES),
  caBundleNotFound: permanent(53, 'CABundleNotFound', SETTLES),
  secretNotBoundToHost: denied(54, 'SecretNotBoundToHost'),
  tokenExpired: denied(55, 'TokenExpired'),
  invalidCredentials: permanent(56, 'InvalidCredentials'),
  destinationForbidden: permanent(57, 'DestinationForbidden'),
  tokenRequestRejected: denied(58, 'TokenRequestRejected'),
  authorizationServerUnavailable: transient(59, 'AuthorizationServerUnavailable'),
  /** Row 59 as well, but by silence. */
  authorizationServerSilent: transient(59, 'AuthorizationServerUnavailable', SILENT),
  authorizationMisconfigured: permanent(60, 'AuthorizationMisconfigured'),
  unexpectedError: permanent(62, 'UnexpectedError'),
  invalidSpec: permanent(0, 'InvalidSpec'),
} as const satisfies Record<string, Row>;
