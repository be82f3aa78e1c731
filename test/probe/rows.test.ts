import { describe, expect, it } from 'vitest';
import { classOf, reasonsTable } from '../../src/api/v1alpha1/reasons.ts';
import { describeNetworkError } from '../../src/probe/network-error.ts';
import { ROWS } from '../../src/probe/rows.ts';
import {
  alert,
  authorization,
  deadline,
  http,
  type Input,
  inBody,
  judge,
  network,
  ON_DISCOVER,
  ON_INITIALIZE,
  ON_TOOLS,
  payload,
  range,
  redirect,
  reference,
  render,
  rpc,
  statuses,
  WITH_TOKEN,
} from './facts.ts';

/** The fact that a thrown error becomes, from its code and, for TLS 1.2, its text. */
const thrown = (code: string, message = ''): Input => [
  describeNetworkError(Object.assign(new Error(message), { code }), 'connect'),
];

interface Vector {
  readonly row: number;
  readonly signal: string;
  readonly expected: string;
  readonly inputs: readonly Input[];
}

// biome-ignore format: one row of page 4 per block, as on the page
const VECTORS: readonly Vector[] = [
  { row: 1, signal: 'DNS EAI_AGAIN, ESERVFAIL, ETIMEOUT', expected: 'Transient DNSLookupFailed, burst',
    inputs: [...network('resolve', 'EAI_AGAIN', 'ESERVFAIL', 'ETIMEOUT', 'EREFUSED'), ...network('resolve', 'ECONNREFUSED')] },
  { row: 1, signal: 'our own deadline while resolving', expected: 'Transient DNSLookupFailed, burst, silent',
    inputs: [...deadline('request', 'resolve'), ...network('resolve', 'ETIMEDOUT')] },
  { row: 2, signal: 'DNS ENOTFOUND, ENODATA', expected: 'Transient HostNotFound', inputs: network('resolve', 'ENOTFOUND', 'ENODATA') },
  { row: 3, signal: 'ECONNREFUSED', expected: 'Transient ConnectionRefused', inputs: network('connect', 'ECONNREFUSED') },
  { row: 4, signal: 'EHOSTUNREACH, ENETUNREACH', expected: 'Transient HostUnreachable',
    inputs: network('connect', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL') },
  { row: 5, signal: 'ETIMEDOUT on connect, own connect deadline', expected: 'Transient ConnectTimeout, burst, silent',
    inputs: [...network('connect', 'ETIMEDOUT'), ...deadline('request', 'connect'),
      [describeNetworkError(new AggregateError([Object.assign(new Error(), { code: 'ETIMEDOUT' })]), 'connect')]] },
  { row: 6, signal: 'ECONNRESET, EPIPE, socket hang up, other side closed', expected: 'Transient ConnectionReset, burst',
    inputs: [...network('http', 'ECONNRESET', 'EPIPE'), ...network('tls', 'ECONNRESET'), thrown('ECONNRESET', 'socket hang up')] },
  { row: 7, signal: 'own request deadline', expected: 'Transient RequestTimeout, burst, silent',
    inputs: [...deadline('request', 'http', 'payload'), ...network('http', 'ETIMEDOUT')] },
  { row: 8, signal: 'whole-probe deadline, wherever it cuts', expected: 'Transient ProbeTimeout, silent',
    inputs: deadline('probe', 'resolve', 'connect', 'tls', 'http', 'payload') },
  { row: 9, signal: 'TLS handshake did not finish in time', expected: 'Transient TLSHandshakeTimeout, silent',
    inputs: [...deadline('request', 'tls'), ...network('tls', 'ETIMEDOUT', 'ERR_TLS_HANDSHAKE_TIMEOUT')] },
  { row: 10, signal: 'certificate expired, self-signed, unknown issuer, alt-name mismatch, revoked',
    expected: 'Permanent TLSCertificateInvalid, settles',
    inputs: network('tls', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'CERT_REVOKED',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ERR_TLS_CERT_ALTNAME_INVALID') },
  { row: 11, signal: 'CERT_NOT_YET_VALID', expected: 'Transient TLSCertificateNotYetValid', inputs: network('tls', 'CERT_NOT_YET_VALID') },
  { row: 12, signal: 'ERR_SSL_*, EPROTO, alerts handshake_failure and protocol_version', expected: 'Permanent TLSHandshakeFailed',
    inputs: [...network('tls', 'ERR_SSL_WRONG_VERSION_NUMBER', 'EPROTO', 'ERR_SSL_ANYTHING_ELSE'),
      alert('EPROTO', 40), alert('EPROTO', 70), alert('EPROTO', 47), alert('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 70)] },
  { row: 13, signal: 'an alert about our certificate (42–46, 48, 49, 116)', expected: 'Denied ClientCertificateRejected',
    inputs: [...[...range(42, 46), 48, 49, 116].map((number) => alert('EPROTO', number)),
      thrown('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), thrown('EPROTO', 'write EPROTO … tlsv1 alert unknown ca … SSL alert number 48')] },
  { row: 14, signal: 'HPE_*', expected: 'Permanent NotHTTP', inputs: network('http', 'HPE_INVALID_CONSTANT', 'HPE_INVALID_STATUS') },
  { row: 15, signal: 'HTTP 408, 425', expected: 'Transient RequestTimeout, burst', inputs: statuses(408, 425) },
  { row: 16, signal: 'HTTP 429', expected: 'Transient RateLimited', inputs: statuses(429) },
  { row: 16, signal: 'HTTP 429 with Retry-After', expected: 'Transient RateLimited, waits 30 s', inputs: [[http(429, { retryAfterMs: 30_000 })]] },
  { row: 17, signal: 'HTTP 500, 502, 504, 520–527', expected: 'Transient ServerError, burst', inputs: statuses(500, 502, 504, ...range(520, 527)) },
  { row: 18, signal: 'HTTP 503', expected: 'Transient ServerUnavailable, burst', inputs: statuses(503) },
  { row: 18, signal: 'HTTP 503 with Retry-After', expected: 'Transient ServerUnavailable, waits 120 s', inputs: [[http(503, { retryAfterMs: 120_000 })]] },
  { row: 19, signal: 'HTTP 505–511, 512–519, 528–599', expected: 'Transient ServerError', inputs: statuses(...range(505, 519), ...range(528, 599)) },
  { row: 20, signal: 'HTTP 501', expected: 'Transient ServerError', inputs: statuses(501) },
  { row: 21, signal: 'HTTP 401, no credentials declared', expected: 'Denied AuthenticationRequired', inputs: statuses(401) },
  { row: 22, signal: 'HTTP 401 with credentials sent; 403 with error="invalid_token"', expected: 'Denied CredentialsRejected',
    inputs: [[http(401), WITH_TOKEN], [http(401), { credentialsDeclared: true }], [http(403, { challenge: { bearer: true, error: 'invalid_token' } }), WITH_TOKEN]] },
  { row: 24, signal: 'only interactive grants', expected: 'Denied InteractiveAuthorizationRequired', inputs: [authorization('interactiveOnly')] },
  { row: 25, signal: 'HTTP 403', expected: 'Denied AccessDenied',
    inputs: [[http(403)], [http(403), WITH_TOKEN], [http(403, { challenge: { bearer: true, error: 'other' } })], [inBody(403, -32_601), ON_DISCOVER]] },
  { row: 26, signal: '403 with error="insufficient_scope"', expected: 'Denied InsufficientScope',
    inputs: [[http(403, { challenge: { bearer: true, error: 'insufficient_scope' } }), WITH_TOKEN]] },
  { row: 27, signal: 'A8: 403, exactly "upstream call timeout"', expected: 'Transient AuthorizationTimeout, burst', inputs: [[http(403, { mark: 'upstreamCallTimeout' })]] },
  { row: 28, signal: 'A8: 403, exactly "Authorization service unavailable"', expected: 'Transient AuthorizationUnavailable',
    inputs: [[http(403, { mark: 'authorizationServiceUnavailable' })]] },
  { row: 29, signal: 'A8: 403, "external authorization failed" is ambiguous and stays denied', expected: 'Denied AccessDenied',
    inputs: [[http(403, { mark: 'externalAuthorizationFailed' })]] },
  { row: 30, signal: '403 of a host guard, HTTP 421', expected: 'Permanent HostNotAllowed', inputs: [[http(403, { mark: 'hostGuard' })], ...statuses(421)] },
  { row: 31, signal: 'HTTP 402, 451', expected: 'Denied AccessDenied', inputs: statuses(402, 451) },
  { row: 32, signal: 'HTTP 407', expected: 'Denied ProxyAuthenticationRequired', inputs: statuses(407) },
  { row: 33, signal: '302/303 to another origin', expected: 'Denied LoginRedirect', inputs: [redirect(302, 'otherOrigin'), redirect(303, 'otherOrigin')] },
  { row: 34, signal: 'other redirects', expected: 'Permanent RedirectNotFollowed',
    inputs: [redirect(307, 'otherOrigin'), redirect(302, 'method'), redirect(301, 'downgrade'), redirect(308, 'loop'), redirect(307, 'tooMany'),
      redirect(302, 'noLocation'), ...statuses(300, 304, 399)] },
  { row: 35, signal: 'HTTP 404, 410, no session sent', expected: 'Permanent EndpointNotFound, settles',
    inputs: [...statuses(404, 410), [http(404), ON_INITIALIZE], [http(404, { mark: 'sessionNotFound' })], [http(410), { sessionSent: true }]] },
  { row: 36, signal: '404, or 400/200 "session not found", with our session', expected: 'Transient SessionLost, burst',
    inputs: [[http(404), { sessionSent: true }], [http(400, { mark: 'sessionNotFound' }), { sessionSent: true }],
      [inBody(404, -32_600, 'sessionNotFound'), { ...ON_TOOLS, sessionSent: true }],
      [rpc(-32_001, { mark: 'sessionNotFound' }), { ...ON_TOOLS, sessionSent: true }], [{ kind: 'sessionLost', stage: 'session' }]] },
  { row: 37, signal: 'HTTP 405', expected: 'Permanent MethodNotAllowed, settles', inputs: [...statuses(405), [inBody(405, -32_000)]] },
  { row: 38, signal: 'HTTP 400 without MCP shape', expected: 'Permanent BadRequest',
    inputs: [...statuses(400), [http(400, { mark: 'sessionNotFound' })], [http(400), { sessionSent: true }]] },
  { row: 39, signal: 'any other 4xx', expected: 'Permanent RequestRejected',
    inputs: [...statuses(406, 409, 411, 413, 414, 415, 416, 417, 418, 422, 423, 424, 426, 428, 431, 444, 499), [inBody(406, -32_000), ON_INITIALIZE]] },
  { row: 40, signal: '2xx that is no answer; HTTP 101; status ≥ 600', expected: 'Permanent NotMCPEndpoint, settles',
    inputs: [...payload('html', 'empty', 'noContent', 'notJSON', 'notJSONRPC'), ...statuses(101, 202, 204, 600, 999)] },
  { row: 41, signal: 'truncated body, broken stream', expected: 'Transient IncompleteResponse, burst', inputs: payload('truncated', 'brokenStream', 'streamEnded') },
  { row: 42, signal: 'over a limit', expected: 'Permanent ResponseTooLarge',
    inputs: [...(['headers', 'body', 'event', 'events', 'depth', 'pages', 'items'] as const).map((limit): Input => [{ kind: 'limit', stage: 'payload', limit }]),
      ...network('http', 'HPE_HEADER_OVERFLOW')] },
  { row: 43, signal: 'cursor repeats', expected: 'Permanent PaginationLoop', inputs: payload('paginationLoop') },
  { row: 44, signal: '−32603, −32000…−32019, other server codes, no int32', expected: 'Transient ServerReportedError',
    inputs: [-32_603, -32_000, -32_001, -32_019, -32_023, -1, 0, 1, 500, undefined].flatMap((code): Input[] => [[rpc(code), ON_INITIALIZE], [rpc(code), ON_TOOLS]])
      .concat([[inBody(400, -32_000), ON_INITIALIZE], [rpc(-32_600), ON_TOOLS], [rpc(-32_602), { method: 'tools/list', advertised: false }]]) },
  { row: 45, signal: '−32700, −32600, −32601, −32602 to initialize or server/discover and fall-back; −32601/−32602 to an advertised list',
    expected: 'Permanent ProtocolError',
    inputs: [-32_700, -32_600, -32_601, -32_602].flatMap((code): Input[] => [[rpc(code), ON_INITIALIZE], [rpc(code), ON_DISCOVER],
      [inBody(404, code), ON_INITIALIZE], [inBody(400, code), ON_DISCOVER], [http(404), { ...ON_INITIALIZE, discoverRpcCode: code }],
      [http(400), { ...ON_INITIALIZE, discoverRpcCode: code }]])
      .concat([[rpc(-32_601), ON_TOOLS], [rpc(-32_602), ON_TOOLS], [rpc(-32_602), { method: 'resources/templates/list', advertised: true }]]) },
  { row: 46, signal: 'no common version', expected: 'Permanent UnsupportedProtocolVersion',
    inputs: [[{ kind: 'noCommonVersion', stage: 'rpc' }], [inBody(400, -32_022), ON_INITIALIZE], [rpc(-32_022), ON_TOOLS]] },
  { row: 47, signal: '−32020 and initialize fails too', expected: 'Permanent HeaderMismatch',
    inputs: [[inBody(400, -32_020), ON_DISCOVER], [http(400), { ...ON_INITIALIZE, discoverRpcCode: -32_020 }],
      [rpc(-32_601), { ...ON_INITIALIZE, discoverRpcCode: -32_020 }], [inBody(404, -32_000), { ...ON_INITIALIZE, discoverRpcCode: -32_020 }]] },
  { row: 48, signal: '−32021, or input_required on a list', expected: 'Permanent ClientCapabilityRequired',
    inputs: [[rpc(-32_021), ON_TOOLS], [inBody(400, -32_021), ON_TOOLS], ...payload('inputRequired')] },
  { row: 49, signal: 'result does not fit the schema, other id, Content-Encoding, foreign endpoint', expected: 'Permanent InvalidResponse',
    inputs: payload('schema', 'otherID', 'contentEncoding', 'foreignEndpoint') },
  { row: 50, signal: 'D1: a list refused by text and code, credentials sent', expected: 'Denied CredentialsRejected',
    inputs: [0, -32_001, -32_002, -32_003].map((code): Input => [rpc(code, { mark: 'credentials' }), { ...ON_TOOLS, ...WITH_TOKEN }])
      .concat([[rpc(undefined, { mark: 'credentials', dataStatus: 401 }), { ...ON_TOOLS, ...WITH_TOKEN }],
        [rpc(-32_603, { mark: 'credentials', dataStatus: 403 }), { ...ON_TOOLS, ...WITH_TOKEN }]]) },
  { row: 50, signal: 'D1: a list refused by text and code, none declared', expected: 'Denied AuthenticationRequired',
    inputs: [[rpc(0, { mark: 'credentials' }), ON_TOOLS], [http(400, { rpc: { rpcCode: 0, mark: 'credentials' } }), ON_TOOLS]] },
  { row: 52, signal: 'Service or its port not found', expected: 'Permanent ServiceNotFound, settles', inputs: [reference('serviceNotFound')] },
  { row: 53, signal: 'Secret or key not found', expected: 'Permanent CredentialsNotFound, settles', inputs: [reference('credentialsNotFound')] },
  { row: 53, signal: 'ConfigMap with CA bundle not found', expected: 'Permanent CABundleNotFound, settles', inputs: [reference('caBundleNotFound')] },
  { row: 54, signal: 'Secret not bound to this host', expected: 'Denied SecretNotBoundToHost', inputs: [reference('notBoundToHost')] },
  { row: 55, signal: 'bearer JWT already expired', expected: 'Denied TokenExpired', inputs: [reference('tokenExpired')] },
  { row: 56, signal: 'credential bytes not sendable', expected: 'Permanent InvalidCredentials', inputs: [reference('invalidCredentials')] },
  { row: 57, signal: 'destination refused by policy', expected: 'Permanent DestinationForbidden', inputs: [[{ kind: 'forbidden', stage: 'policy' }]] },
  { row: 58, signal: 'token endpoint refuses', expected: 'Denied TokenRequestRejected', inputs: [authorization('tokenRequestRejected')] },
  { row: 59, signal: 'authorization server unreachable, 5xx, 429', expected: 'Transient AuthorizationServerUnavailable', inputs: [authorization('unavailable')] },
  { row: 59, signal: 'authorization server asks to wait', expected: 'Transient AuthorizationServerUnavailable, waits 60 s',
    inputs: [[{ kind: 'authorizationServer', stage: 'credentials', problem: 'unavailable', retryAfterMs: 60_000 }]] },
  { row: 59, signal: 'authorization server silent until our deadline', expected: 'Transient AuthorizationServerUnavailable, silent',
    inputs: [[{ kind: 'authorizationServer', stage: 'credentials', problem: 'unavailable', timedOut: true }]] },
  { row: 60, signal: 'authorization server misconfigured', expected: 'Permanent AuthorizationMisconfigured', inputs: [authorization('misconfigured')] },
  { row: 62, signal: 'an error that nothing names', expected: 'Permanent UnexpectedError',
    inputs: [[{ kind: 'unexpected', stage: 'http' }], ...network('connect', 'E_NEVER_HEARD_OF', ''), thrown('ERR_SOMETHING_NEW')] },
  { row: 0, signal: 'a spec that this version can not parse', expected: 'Permanent InvalidSpec', inputs: [[{ kind: 'invalidSpec', stage: 'policy' }]] },
];

describe('page 4', () => {
  for (const { row, signal, expected, inputs } of VECTORS) {
    it(`row ${row}: ${signal} → ${expected}`, () => {
      for (const [fact, context] of inputs) {
        const verdict = judge(fact, context);
        expect({ row: verdict.row, verdict: render(verdict) }, JSON.stringify([fact, context])).toEqual({
          row,
          verdict: expected,
        });
      }
    });
  }

  it('has a vector for every row of the table, and no others', () => {
    const tested = new Set(VECTORS.flatMap(({ row, expected }) => `${row} ${expected.split(/[ ,]/)[1]}`));
    expect(tested).toEqual(new Set(Object.values(ROWS).map(({ row, reason }) => `${row} ${reason}`)));
    // 23 has no fact of its own, 51 and 61 are no failures, 63 is decided by time (page 2).
    const rows = new Set(VECTORS.map(({ row }) => row));
    expect(range(0, 63).filter((row) => !rows.has(row))).toEqual([23, 51, 61, 63]);
  });

  it('gives each reason the class that the API gives it', () => {
    for (const { reason, class: failureClass } of Object.values(ROWS)) expect(failureClass, reason).toBe(classOf(reason));
  });

  it('uses every reason of the API', () => {
    const used = new Set<string>(Object.values(ROWS).map(({ reason }) => reason));
    expect(reasonsTable.map(({ reason }) => reason).filter((reason) => !used.has(reason))).toEqual([]);
  });
});
