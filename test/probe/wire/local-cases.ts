/**
 * Rows 52–62 of page 4: what is wrong on our side of the wire, or at the authorization server. A healthy server listens in each case, and
 * where nothing may be sent it must not be connected to.
 */
import { type AuthorizationOptions, authorization, CLIENT_SECRET, guarded, oauth, refuse } from '../authorization-behaviours.ts';
import { modern, respond } from '../behaviours.ts';
import { closedPort } from '../scripted-server.ts';
import { dataObject } from '../testbed.ts';
import { BEARER, IMPATIENT, type SpecInput, type Wire, type WireCase } from './wire-case.ts';

const jwt = (claims: object) =>
  ['{"alg":"none"}', JSON.stringify(claims), 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.');

type Expectation = Pick<WireCase, 'row' | 'signal' | 'expected'> & Partial<Pick<WireCase, 'stage' | 'says' | 'options'>>;

/** Something in the spec, or behind it, keeps the probe from sending anything. */
const withheld = (expectation: Expectation, spec: SpecInput, prepare: (wire: Wire) => void = () => {}): WireCase => ({
  stage: 'credentials',
  ...expectation,
  attempts: 0,
  async run(wire) {
    prepare(wire);
    const server = await wire.bed.serve(modern());
    const report = await wire.probe({ url: server.url(), ...spec });
    if (server.connections() > 0) throw new Error('something was sent');
    return report;
  },
});

const token =
  (value: string, annotations = {}) =>
  ({ bed }: Wire) =>
    void bed.secrets.set('token', dataObject({ t: value }, annotations));
const secret =
  (data: Record<string, string>) =>
  ({ bed }: Wire) =>
    void bed.secrets.set('token', dataObject(data));
const bundle = { tls: { caBundleRef: { configMapKeyRef: { name: 'ca', key: 'ca.crt' } } } };
const BINDING = 'mcpserver-operator.dev/allowed-hosts';

const REFERENCES: WireCase[] = [
  withheld(
    { row: 52, signal: 'no such Service', expected: 'Permanent ServiceNotFound, settles', stage: 'resolve' },
    {
      url: undefined,
      serviceRef: { name: 'missing', port: 80 },
    },
  ),
  withheld(
    { row: 52, signal: 'no such port', expected: 'Permanent ServiceNotFound, settles', stage: 'resolve' },
    { url: undefined, serviceRef: { name: 'tools', port: 'other' } },
    ({ bed }) => void bed.services.set('tools', { ports: [{ name: 'mcp', port: 80 }] }),
  ),
  withheld({ row: 53, signal: 'no such Secret', expected: 'Permanent CredentialsNotFound, settles' }, { auth: BEARER }),
  withheld(
    { row: 53, signal: 'no such key', expected: 'Permanent CredentialsNotFound, settles' },
    { auth: BEARER },
    secret({ x: 'y' }),
  ),
  withheld({ row: 53, signal: 'no such bundle', expected: 'Permanent CABundleNotFound, settles', stage: 'tls' }, bundle),
  withheld(
    { row: 54, signal: 'a Secret of another host', expected: 'Denied SecretNotBoundToHost', says: 'Secret "token", key "t"' },
    { auth: BEARER },
    token('abc', { [BINDING]: 'a.example.com' }),
  ),
  withheld({ row: 55, signal: 'an expired JWT', expected: 'Denied TokenExpired' }, { auth: BEARER }, token(jwt({ exp: 1 }))),
  withheld({ row: 56, signal: 'an empty credential', expected: 'Permanent InvalidCredentials' }, { auth: BEARER }, token('\n')),
  withheld(
    { row: 56, signal: 'a control character', expected: 'Permanent InvalidCredentials' },
    { auth: BEARER },
    token('a\r\nX: b'),
  ),
  withheld({ row: 56, signal: 'a bundle that is no PEM', expected: 'Permanent InvalidCredentials' }, bundle, ({ bed }) => {
    bed.configMaps.set('ca', dataObject({ 'ca.crt': 'not PEM' }));
  }),
  withheld(
    { row: 57, signal: 'a metadata service', expected: 'Permanent DestinationForbidden', stage: 'policy' },
    {
      url: 'http://169.254.169.254/mcp',
    },
  ),
  withheld(
    {
      row: 57,
      signal: 'plain http where TLS is required',
      expected: 'Permanent DestinationForbidden',
      stage: 'policy',
      options: { policy: { requireTLS: true } },
    },
    {},
  ),
  withheld(
    { row: 0, signal: 'a spec of two minds', expected: 'Permanent InvalidSpec', stage: 'policy' },
    {
      transport: 'SSE',
      protocol: 'Modern',
    },
  ),
];

/** An authorization server behaves; the MCP server is never reached. */
const authorized = (
  row: number,
  signal: string,
  expected: string,
  options: AuthorizationOptions,
  more: Record<string, unknown> = {},
  says?: string,
): WireCase => ({
  row,
  signal,
  expected,
  stage: 'credentials',
  attempts: 0,
  ...(says === undefined ? {} : { says }),
  async run({ bed, probe }) {
    bed.secrets.set('client', dataObject({ secret: CLIENT_SECRET }));
    const issuer = await bed.serve(authorization(options));
    const server = await bed.serve(guarded());
    const report = await probe({ url: server.url(), auth: oauth(issuer, more) });
    if (server.connections() > 0) throw new Error('something was sent to the MCP server');
    return report;
  },
});
const error = (httpStatus: number, code: string): AuthorizationOptions => ({
  token: (_seen, reply) => refuse(reply, httpStatus, code),
});

const ISSUERS: WireCase[] = [
  ...['invalid_client', 'unauthorized_client', 'invalid_grant', 'invalid_scope', 'invalid_target'].map((code) =>
    authorized(58, code, 'Denied TokenRequestRejected', error(400, code), {}, code),
  ),
  authorized(59, 'HTTP 500', 'Transient AuthorizationServerUnavailable', { token: respond(500) }, {}, 'HTTP 500'),
  authorized(59, 'HTTP 429', 'Transient AuthorizationServerUnavailable, waits 7 s', {
    token: respond(429, '', { 'Retry-After': '7' }),
  }),
  {
    ...authorized(59, 'nobody listens', 'Transient AuthorizationServerUnavailable', {}, {}, 'ECONNREFUSED'),
    async run({ bed, probe }) {
      bed.secrets.set('client', dataObject({ secret: CLIENT_SECRET }));
      const issuer = `http://127.0.0.1:${await closedPort()}`;
      return probe({ url: 'http://127.0.0.1:1/mcp', auth: oauth({ url: () => issuer }) });
    },
  },
  {
    ...authorized(59, 'silence', 'Transient AuthorizationServerUnavailable, silent', {}),
    async run({ bed, probe }) {
      bed.secrets.set('client', dataObject({ secret: CLIENT_SECRET }));
      const issuer = await bed.serve(authorization({ token: () => {} }));
      return probe({ url: 'http://127.0.0.1:1/mcp', auth: oauth(issuer), probe: IMPATIENT });
    },
  },
  authorized(
    60,
    'another issuer',
    'Permanent AuthorizationMisconfigured',
    { metadata: { issuer: 'http://127.0.0.1:1' } },
    {},
    'another issuer',
  ),
  authorized(
    60,
    'a plain http token endpoint',
    'Permanent AuthorizationMisconfigured',
    { metadata: { token_endpoint: 'http://tokens.example/' } },
    {},
    'plain http',
  ),
  authorized(60, 'no metadata', 'Permanent AuthorizationMisconfigured', { forms: [] }, {}, 'RFC 8414'),
  authorized(
    60,
    'a page for a token',
    'Permanent AuthorizationMisconfigured',
    { token: respond(200, '<html>') },
    {},
    'token answer',
  ),
  authorized(
    60,
    'a redirect',
    'Permanent AuthorizationMisconfigured',
    { token: respond(302, '', { Location: '/login' }) },
    {},
    'redirect',
  ),
  ...['unsupported_grant_type', 'invalid_request'].map((code) =>
    authorized(60, code, 'Permanent AuthorizationMisconfigured', error(400, code), {}, code),
  ),
];

const OURSELVES: WireCase[] = [
  {
    row: 61,
    signal: 'our own abort',
    expected: 'aborted',
    attempts: 1,
    async run({ bed, probe }) {
      const controller = new AbortController();
      const server = await bed.serve(() => controller.abort());
      return probe({ url: server.url() }, {}, controller.signal);
    },
  },
  {
    row: 62,
    signal: 'an error that nothing names: the resolver breaks its promise never to throw',
    expected: 'Permanent UnexpectedError',
    attempts: 0,
    options: {
      resolve: () => {
        throw Object.assign(new Error('bOdy-mArk'), { code: 'E_NEVER_HEARD_OF' });
      },
    },
    run: ({ probe }) => probe({ url: 'http://tools.example/mcp' }),
  },
];

/** The cases of these rows. Row 63 is a matter of time, and proved in `test/reconcile/progress.test.ts`. */
export const LOCAL_CASES: readonly WireCase[] = [...REFERENCES, ...ISSUERS, ...OURSELVES];
