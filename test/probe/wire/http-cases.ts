/**
 * Rows 15–34 of page 4: what an HTTP status says, and the few texts that may decide. Every body holds a mark that no message may repeat.
 */

import { authorization, guarded, oauth } from '../authorization-behaviours.ts';
import { respond } from '../behaviours.ts';
import type { Behaviour } from '../scripted-server.ts';
import { dataObject } from '../testbed.ts';
import { BEARER, type SpecInput, type WireCase } from './wire-case.ts';

/** Stands in bodies and headers of every refusal. */
export const BODY_MARK = 'bOdy-mArk';

interface Status {
  readonly row: number;
  readonly expected: string;
  readonly attempts: number;
  readonly httpStatus: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: string;
  readonly spec?: SpecInput;
  readonly path?: string;
  readonly decidedBy?: number;
  readonly says?: string;
}

/** A server that answers everything with this status; with `spec`, the Secret `token` is there. */
function status({ row, expected, attempts, httpStatus, body, headers, signal, spec, path, decidedBy, says }: Status): WireCase {
  return {
    row,
    signal: signal ?? `HTTP ${httpStatus}`,
    expected,
    stage: 'http',
    attempts,
    says: says ?? `HTTP ${httpStatus}`,
    ...(decidedBy === undefined ? {} : { decidedBy }),
    async run({ bed, probe }) {
      bed.secrets.set('token', dataObject({ t: 'tOken-mArk' }));
      const server = await bed.serve(respond(httpStatus, body ?? BODY_MARK, { 'X-Mark': BODY_MARK, ...headers }));
      return probe({ url: server.url(path), ...spec });
    },
  };
}

const each = (codes: readonly number[], common: Omit<Status, 'httpStatus'>) =>
  codes.map((httpStatus) => status({ ...common, httpStatus }));
const challenge = (error: string) => ({ 'WWW-Authenticate': `Bearer realm="${BODY_MARK}", error="${error}"` });
const withToken = { auth: BEARER };

const OVERLOAD: WireCase[] = [
  ...each([408, 425], { row: 15, expected: 'Transient RequestTimeout, burst', attempts: 3 }),
  status({ row: 16, expected: 'Transient RateLimited', attempts: 1, httpStatus: 429 }),
  status({
    row: 16,
    expected: 'Transient RateLimited, waits 30 s',
    attempts: 1,
    httpStatus: 429,
    headers: { 'Retry-After': '30' },
    signal: 'HTTP 429 with Retry-After',
  }),
  ...each([500, 502, 504, 520, 524, 527], { row: 17, expected: 'Transient ServerError, burst', attempts: 3 }),
  status({ row: 18, expected: 'Transient ServerUnavailable, burst', attempts: 3, httpStatus: 503 }),
  status({
    row: 18,
    expected: 'Transient ServerUnavailable, waits 120 s',
    attempts: 1,
    httpStatus: 503,
    headers: { 'Retry-After': '120' },
    signal: 'HTTP 503 with Retry-After',
  }),
  ...each([505, 511, 512, 519, 528, 599], { row: 19, expected: 'Transient ServerError', attempts: 1 }),
  status({ row: 20, expected: 'Transient ServerError', attempts: 1, httpStatus: 501 }),
];

const WALLS: WireCase[] = [
  status({ row: 21, expected: 'Denied AuthenticationRequired', attempts: 1, httpStatus: 401, says: 'anonymous' }),
  status({
    row: 22,
    expected: 'Denied CredentialsRejected',
    attempts: 1,
    httpStatus: 401,
    headers: challenge('invalid_token'),
    spec: withToken,
    says: 'Secret "token", key "t"',
  }),
  status({
    row: 22,
    signal: '403 that says invalid_token',
    expected: 'Denied CredentialsRejected',
    attempts: 1,
    httpStatus: 403,
    headers: challenge('invalid_token'),
    spec: withToken,
  }),
  status({
    row: 23,
    decidedBy: 22,
    signal: 'a 401 whose URL and body speak of a timeout',
    expected: 'Denied CredentialsRejected',
    attempts: 1,
    httpStatus: 401,
    body: 'upstream call timeout',
    path: '/timeout?timeout=timeout',
    spec: withToken,
  }),
  {
    row: 24,
    signal: 'an authorization server for people only',
    expected: 'Denied InteractiveAuthorizationRequired',
    stage: 'credentials',
    attempts: 0,
    async run({ bed, probe }) {
      bed.secrets.set('client', dataObject({ secret: 's3cret-of-client-1' }));
      const issuer = await bed.serve(authorization({ metadata: { grant_types_supported: ['authorization_code'] } }));
      const server = await bed.serve(guarded());
      return probe({ url: server.url(), auth: oauth(issuer) });
    },
  },
  status({ row: 25, expected: 'Denied AccessDenied', attempts: 1, httpStatus: 403, spec: withToken }),
  status({
    row: 26,
    signal: '403 that says insufficient_scope',
    expected: 'Denied InsufficientScope',
    attempts: 1,
    httpStatus: 403,
    headers: challenge('insufficient_scope'),
    spec: withToken,
  }),
  ...['upstream call timeout', '\n upstream call timeout \n', '{"error":"upstream call timeout"}'].map((body, index) =>
    status({
      row: 27,
      signal: `403 of a gateway whose authorization call timed out, form ${index + 1}`,
      expected: 'Transient AuthorizationTimeout, burst',
      attempts: 3,
      httpStatus: 403,
      body,
    }),
  ),
  status({
    row: 28,
    signal: '403 of a gateway whose authorization service is away',
    expected: 'Transient AuthorizationUnavailable',
    attempts: 1,
    httpStatus: 403,
    body: '{"message":"Authorization service unavailable"}',
  }),
  status({
    row: 29,
    signal: 'an ambiguous 403',
    expected: 'Denied AccessDenied',
    attempts: 1,
    httpStatus: 403,
    body: 'external authorization failed',
    says: 'denyWithStatus: 503',
  }),
  ...['Invalid Host header', 'Invalid Origin header', 'Access is only allowed at localhost:8931'].map((body) =>
    status({
      row: 30,
      signal: `403 of a guard: ${body}`,
      expected: 'Permanent HostNotAllowed',
      attempts: 1,
      httpStatus: 403,
      body,
    }),
  ),
  status({ row: 30, expected: 'Permanent HostNotAllowed', attempts: 1, httpStatus: 421 }),
  ...each([402, 451], { row: 31, expected: 'Denied AccessDenied', attempts: 1 }),
  status({
    row: 32,
    signal: 'a proxy that wants to know us',
    expected: 'Denied ProxyAuthenticationRequired',
    attempts: 1,
    httpStatus: 407,
    headers: { 'Proxy-Authenticate': `Basic realm="${BODY_MARK}"` },
  }),
];

const redirect = (row: number, signal: string, expected: string, httpStatus: number, location: string | undefined): WireCase =>
  status({
    row,
    signal,
    expected,
    attempts: 1,
    httpStatus,
    ...(location === undefined ? {} : { headers: { Location: location } }),
  });

/** Sends each request one step further, and never arrives. */
const wandering = (): Behaviour => {
  let count = 0;
  return (seen, reply) => {
    count += 1;
    return respond(307, '', { Location: `/step-${count}` })(seen, reply);
  };
};

const REDIRECTS: WireCase[] = [
  ...[302, 303].map((code) =>
    redirect(33, `HTTP ${code} to another origin`, 'Denied LoginRedirect', code, `https://login.example/?${BODY_MARK}`),
  ),
  redirect(34, 'HTTP 307 to another origin', 'Permanent RedirectNotFollowed', 307, 'http://127.0.0.9/mcp'),
  redirect(34, 'HTTP 302 within the origin', 'Permanent RedirectNotFollowed', 302, '/other'),
  redirect(34, 'a loop', 'Permanent RedirectNotFollowed', 307, '/mcp'),
  redirect(34, 'no Location', 'Permanent RedirectNotFollowed', 308, undefined),
  redirect(34, 'HTTP 304', 'Permanent RedirectNotFollowed', 304, undefined),
  {
    row: 34,
    signal: 'a fourth redirect',
    expected: 'Permanent RedirectNotFollowed',
    stage: 'http',
    attempts: 1,
    says: 'HTTP 307',
    async run({ bed, probe }) {
      const server = await bed.serve(wandering());
      return probe({ url: server.url() });
    },
  },
];

/** The cases of these rows. */
export const HTTP_CASES: readonly WireCase[] = [...OVERLOAD, ...WALLS, ...REDIRECTS];
