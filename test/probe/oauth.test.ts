import { createHash } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../../hack/controlplane/certificates.ts';
import { failureMessage } from '../../src/api/v1alpha1/messages.ts';
import { createFakeClock } from '../platform/fake-clock.ts';
import { until } from '../platform/until.ts';
import {
  type AuthorizationOptions,
  authorization,
  CLIENT_ID,
  CLIENT_SECRET,
  formOf,
  guarded,
  oauth,
  refuse,
} from './authorization-behaviours.ts';
import { modern, respond, TOOL } from './behaviours.ts';
import { type Behaviour, closedPort } from './scripted-server.ts';
import { createTestbed, dataObject, reasonOf, type Testbed } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

const secret = (value = CLIENT_SECRET, annotations = {}) => dataObject({ secret: value }, annotations);
const tokenRequests = (server: { readonly requests: readonly { readonly path: string }[] }) =>
  server.requests.filter(({ path }) => path.endsWith('/token'));

/** A guarded server and its authorization server, probed once. */
async function probeThrough(options: AuthorizationOptions, more: Record<string, unknown> = {}, on: Testbed = bed) {
  on.secrets.set('client', secret());
  const issuer = await on.serve(authorization(options));
  const server = await on.serve(guarded());
  const report = await on.probe({ url: server.url(), auth: oauth(issuer, more), retry: { attempts: 1 } });
  return { issuer, server, report };
}

describe('a server behind OAuth', () => {
  it('is read with a token that was asked for by the client, for the server, with the declared scopes', async () => {
    const { issuer, server, report } = await probeThrough({}, { scopes: ['tools:read', 'tools:list'] });
    expect(reasonOf(report)).toBe('Available');
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-1']);
    expect(issuer.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /.well-known/oauth-authorization-server',
      'POST /token',
    ]);
    const [request] = tokenRequests(issuer) as typeof issuer.requests;
    expect(Object.fromEntries(request ? formOf(request) : [])).toEqual({
      grant_type: 'client_credentials',
      scope: 'tools:read tools:list',
      resource: server.url(),
    });
    expect(request?.headers['user-agent']).toBe('mcpserver-operator/0.0.0-test');
    // An OAuth token renews itself: nothing is expiring.
    expect(report).not.toHaveProperty('outcome.finding.credentialExpiresAtMs');
    // The token is asked for on a connection that nothing idle can have ended.
    expect(issuer.connections()).toBe(2);
    await until(() => issuer.open() === 0, { what: 'the connection to the authorization server is closed' });
  });

  it('D9: the client’s secret and the token are told once each, with the host that got them', async () => {
    await probeThrough({});
    const use = { namespace: 'team', name: 'server', probeID: 'cafe0001', host: '127.0.0.1', decision: 'sent' };
    const fingerprint = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);
    expect(bed.audit).toEqual([
      { ...use, fingerprint: fingerprint(CLIENT_SECRET) },
      { ...use, fingerprint: fingerprint('token-1') },
    ]);
  });

  it('a declared tokenURL needs no discovery, and the client identifier may come from a Secret', async () => {
    bed.secrets.set('client', dataObject({ secret: `${CLIENT_SECRET}\n`, id: CLIENT_ID }));
    const issuer = await bed.serve(authorization({ forms: [] }));
    const server = await bed.serve(guarded());
    const { oauth: declared, type } = oauth(issuer, {
      tokenURL: issuer.url('/token'),
      clientID: undefined,
      clientIDFrom: { secretKeyRef: { name: 'client', key: 'id' } },
      resource: 'https://api.example.com/',
    });
    expect(reasonOf(await bed.probe({ url: server.url(), auth: { type, oauth: declared } }))).toBe('Available');
    expect(issuer.requests.map(({ path }) => path)).toEqual(['/token']);
    expect(issuer.requests.map((seen) => formOf(seen).get('resource'))).toEqual(['https://api.example.com/']);
  });

  it.each(['invalid_target', 'invalid_request'])(
    'of a server that refuses resources with %s is had without one',
    async (code) => {
      bed.secrets.set('client', secret());
      const correct = authorization();
      const issuer = await bed.serve((seen, reply) =>
        formOf(seen).has('resource') ? refuse(reply, 400, code) : correct(seen, reply),
      );
      const server = await bed.serve(guarded());
      const probe = (more: object) => bed.probe({ url: server.url(), auth: oauth(issuer, { ...more }), retry: { attempts: 1 } });
      const { verdict } = await probe({});
      if (verdict.kind !== 'failing') throw new Error(verdict.kind);
      expect(failureMessage(verdict)).toContain('set auth.oauth.resourceIndicator to Omit');
      expect(reasonOf(await probe({ resourceIndicator: 'Omit' }))).toBe('Available');
      expect(tokenRequests(issuer)).toHaveLength(2);
    },
  );

  it('D8: a rotated secret is used at the next probe, with a token of its own', async () => {
    const { issuer, server } = await probeThrough({ accepts: () => true });
    bed.secrets.set('client', secret('rotated'));
    expect(reasonOf(await bed.probe({ url: server.url(), auth: oauth(issuer) }))).toBe('Available');
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer token-2');
  });
});

describe('page 4: what an authorization server does', () => {
  const token = (behaviour: Behaviour): AuthorizationOptions => ({ token: behaviour });
  const error = (httpStatus: number, code: string) => token((_seen, reply) => refuse(reply, httpStatus, code));
  const rows: [string, AuthorizationOptions, string, Record<string, unknown>?][] = [
    ['row 58: wrong secret', { accepts: () => false }, 'Denied TokenRequestRejected invalidClient'],
    ['row 58: invalid_client in a 400', error(400, 'invalid_client'), 'Denied TokenRequestRejected invalidClient'],
    ['row 58: invalid_client in a 200', error(200, 'invalid_client'), 'Denied TokenRequestRejected invalidClient'],
    ['row 58: a 401 without words', token(respond(401)), 'Denied TokenRequestRejected'],
    ['row 58: a 403 page', token(respond(403, '<html>')), 'Denied TokenRequestRejected'],
    ['row 58: wrong scope', {}, 'Denied TokenRequestRejected invalidScope', { scopes: ['forbidden'] }],
    ['row 58: unauthorized_client', error(400, 'unauthorized_client'), 'Denied TokenRequestRejected unauthorizedClient'],
    ['row 58: invalid_grant', error(400, 'invalid_grant'), 'Denied TokenRequestRejected invalidGrant'],
    ['row 58: invalid_target', error(400, 'invalid_target'), 'Denied TokenRequestRejected invalidTarget'],
    ['row 59: 500', token(respond(500, 'boom')), 'Transient AuthorizationServerUnavailable'],
    ['row 59: 503 with a body of OAuth', error(503, 'invalid_client'), 'Transient AuthorizationServerUnavailable'],
    [
      'row 59: 429 with Retry-After',
      token(respond(429, '', { 'Retry-After': '7' })),
      'Transient AuthorizationServerUnavailable, waits 7 s',
    ],
    [
      'row 59: closed in the middle',
      token((_seen, reply) => void reply.writeHead(200, { 'Content-Length': '99' }).write('{', () => reply.destroy())),
      'Transient AuthorizationServerUnavailable',
    ],
    ['row 60: a redirect', token(respond(302, '', { Location: '/login' })), 'Permanent AuthorizationMisconfigured redirect'],
    ['row 60: 307 to itself', token(respond(307, '', { Location: '/token' })), 'Permanent AuthorizationMisconfigured redirect'],
    ['row 60: a page', token(respond(200, '<!doctype html>')), 'Permanent AuthorizationMisconfigured tokenAnswer'],
    ['row 60: 204', token(respond(204)), 'Permanent AuthorizationMisconfigured tokenAnswer'],
    ['row 60: 404', token(respond(404)), 'Permanent AuthorizationMisconfigured'],
    ['row 60: huge', token(respond(200, `{"access_token":"${'x'.repeat(70_000)}"}`)), 'Permanent AuthorizationMisconfigured'],
    [
      'row 60: nested',
      token(respond(200, `{"access_token":"a","token_type":"bearer","x":${'['.repeat(99)}${']'.repeat(99)}}`)),
      'Permanent AuthorizationMisconfigured tokenAnswer',
    ],
    ['row 60: no token', { answer: { access_token: '' } }, 'Permanent AuthorizationMisconfigured tokenAnswer'],
    ['row 60: DPoP', { answer: { token_type: 'DPoP' } }, 'Permanent AuthorizationMisconfigured tokenAnswer'],
    ['row 60: a line break', { answer: { access_token: 'a\r\nX: 1' } }, 'Permanent AuthorizationMisconfigured tokenAnswer'],
    ['row 60: lifetime is a word', { answer: { expires_in: 'soon' } }, 'Permanent AuthorizationMisconfigured tokenAnswer'],
    [
      'row 60: unsupported_grant_type',
      error(400, 'unsupported_grant_type'),
      'Permanent AuthorizationMisconfigured unsupportedGrant',
    ],
    ['row 60: invalid_request', error(400, 'invalid_request'), 'Permanent AuthorizationMisconfigured invalidRequest'],
    [
      'row 60: another issuer',
      { metadata: { issuer: 'http://127.0.0.1:1' } },
      'Permanent AuthorizationMisconfigured issuerMismatch',
    ],
    [
      'row 60: no such client authentication',
      { metadata: { token_endpoint_auth_methods_supported: ['private_key_jwt'] } },
      'Permanent AuthorizationMisconfigured clientAuthentication',
    ],
    [
      'row 60: a plain http token endpoint',
      { metadata: { token_endpoint: 'http://tokens.example/token' } },
      'Permanent AuthorizationMisconfigured plainHTTP',
    ],
    ['row 60: no token endpoint', { metadata: { token_endpoint: 7 } }, 'Permanent AuthorizationMisconfigured noMetadata'],
    ['row 60: no metadata', { forms: [] }, 'Permanent AuthorizationMisconfigured noMetadata'],
    [
      'row 24: interactive grants only',
      { metadata: { grant_types_supported: ['authorization_code', 'refresh_token'] } },
      'Denied InteractiveAuthorizationRequired',
    ],
    [
      'row 57: a token endpoint in the metadata service',
      { metadata: { token_endpoint: 'https://169.254.169.254/token' } },
      'Permanent DestinationForbidden',
    ],
  ];
  it.each(rows)('%s', async (_name, options, expected, more = {}) => {
    const { server, report } = await probeThrough(options, more);
    const { verdict } = report;
    if (verdict.kind !== 'failing') throw new Error(verdict.kind);
    const waits = verdict.retryAfterMs === undefined ? '' : `, waits ${verdict.retryAfterMs / 1000} s`;
    expect(`${verdict.class} ${verdict.reason}${verdict.detail ? ` ${verdict.detail}` : ''}${waits}`).toBe(expected);
    // Never an anonymous probe.
    expect(server.connections()).toBe(0);
    expect(report.attempts).toBe(0);
    expect(inspect([report, bed.events], { depth: 99 })).not.toContain('canary');
  });

  it('row 60: a slash at the end of the issuer has a message of its own', async () => {
    bed.secrets.set('client', secret());
    const issuer = await bed.serve(authorization());
    const { oauth: declared, type } = oauth(issuer, { issuer: issuer.url('/') });
    const report = await bed.probe({ url: 'http://127.0.0.1:1/mcp', auth: { type, oauth: declared } });
    expect(report.verdict).toMatchObject({ reason: 'AuthorizationMisconfigured', detail: 'issuerSlash', stage: 'credentials' });
    if (report.verdict.kind !== 'failing') throw new Error(report.verdict.kind);
    expect(failureMessage(report.verdict)).toContain('slash at the end');
    expect(tokenRequests(issuer)).toEqual([]);
  });

  it('row 59: nobody listens, or the answer never comes', async () => {
    bed.secrets.set('client', secret());
    const { type, oauth: declared } = oauth({ url: () => '' }, { issuer: `http://127.0.0.1:${await closedPort()}` });
    const refused = await bed.probe({ url: 'http://127.0.0.1:1/mcp', auth: { type, oauth: declared } });
    expect(refused.verdict).toMatchObject({
      reason: 'AuthorizationServerUnavailable',
      errorCode: 'ECONNREFUSED',
      timedOut: false,
    });
    const silent = await bed.serve(authorization({ token: () => {} }));
    const probe = { timeoutSeconds: 1, deadlineSeconds: 5 };
    const report = await bed.probe({ url: 'http://127.0.0.1:1/mcp', auth: oauth(silent), probe });
    expect(report.verdict).toMatchObject({ reason: 'AuthorizationServerUnavailable', timedOut: true });
    expect(report.durationMs).toBeLessThan(3000);
  });

  it('row 61: a probe that is aborted while it waits for a token has no verdict', async () => {
    bed.secrets.set('client', secret());
    const silent = await bed.serve(authorization({ token: () => {} }));
    const controller = new AbortController();
    const probing = bed.probe({ url: 'http://127.0.0.1:1/mcp', auth: oauth(silent) }, {}, controller.signal);
    await until(() => tokenRequests(silent).length === 1, { what: 'the token was asked for' });
    controller.abort();
    expect((await probing).outcome).toEqual({ kind: 'aborted' });
    await until(() => silent.open() === 0, { what: 'the connection is closed' });
  });

  it('row 53 and 56: a missing or unusable Secret sends nothing', async () => {
    const issuer = await bed.serve(authorization());
    const probe = () => bed.probe({ url: 'http://127.0.0.1:1/mcp', auth: oauth(issuer) }).then(reasonOf);
    expect(await probe()).toBe('CredentialsNotFound');
    bed.secrets.set('client', dataObject({ other: 'x' }));
    expect(await probe()).toBe('CredentialsNotFound');
    bed.secrets.set('client', secret('a\u0000b'));
    expect(await probe()).toBe('InvalidCredentials');
    bed.away = true;
    expect(await probe()).toBe('undecided');
    expect(issuer.connections()).toBe(0);
  });

  it('row 54: a secret goes to the hosts of its Secret only, whatever the token endpoint is', async () => {
    const issuer = await bed.serve(authorization());
    bed.secrets.set('client', secret(CLIENT_SECRET, { 'mcpserver-operator.dev/allowed-hosts': 'idp.example.com' }));
    const report = await bed.probe({ url: 'http://127.0.0.1:1/mcp', auth: oauth(issuer) });
    expect(reasonOf(report)).toBe('SecretNotBoundToHost');
    expect(tokenRequests(issuer)).toEqual([]);
    expect(bed.audit).toMatchObject([{ decision: 'withheld', reason: 'notBoundToHost', host: '127.0.0.1' }]);
  });

  it('row 57: a token that could not be sent to the server is not asked for', async () => {
    const issuer = await bed.serve(authorization());
    bed.secrets.set('client', secret());
    expect(reasonOf(await bed.probe({ url: 'http://tools.example.com/mcp', auth: oauth(issuer) }))).toBe('DestinationForbidden');
    expect(issuer.connections()).toBe(0);
  });
});

describe('401 with a token', () => {
  it('E2: a token that the server does not take any more is renewed, and tried again', async () => {
    bed.secrets.set('client', secret());
    const issuer = await bed.serve(authorization());
    const server = await bed.serve(guarded((token) => token === 'token-2'));
    const report = await bed.probe({ url: server.url(), auth: oauth(issuer) });
    expect(report).toMatchObject({ attempts: 2, verdict: { kind: 'available' } });
    // And it is kept: the next probe needs no other.
    expect(await bed.probe({ url: server.url(), auth: oauth(issuer) })).toMatchObject({ attempts: 1 });
    expect(tokenRequests(issuer).length).toBe(2);
  });

  it('E2: a token that stays the same is not sent again', async () => {
    bed.secrets.set('client', secret());
    const issuer = await bed.serve(authorization({ answer: { access_token: 'always-the-same' } }));
    const server = await bed.serve(guarded());
    const report = await bed.probe({ url: server.url(), auth: oauth(issuer) });
    expect(report).toMatchObject({ attempts: 1, verdict: { class: 'Denied', reason: 'CredentialsRejected', row: 22 } });
    expect(server.requests.length).toBe(1);
  });

  it('E2: at most twice, however many tokens there are', async () => {
    bed.secrets.set('client', secret());
    const issuer = await bed.serve(authorization());
    const server = await bed.serve(guarded(() => false));
    const report = await bed.probe({ url: server.url(), auth: oauth(issuer) });
    expect(report).toMatchObject({ attempts: 3, verdict: { reason: 'CredentialsRejected' } });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
      'Bearer token-3',
    ]);
  });
});

describe('E4: tokens between probes', () => {
  it('E4: a token serves later probes until 30 s before it expires', async () => {
    const clock = createFakeClock();
    const own = createTestbed({ clock });
    const { issuer, server } = await probeThrough({ answer: { expires_in: 100 } }, {}, own);
    const probe = () => own.probe({ url: server.url(), auth: oauth(issuer) });
    await clock.advance(69_000);
    await probe();
    expect(tokenRequests(issuer).length).toBe(1);
    await clock.advance(1_000);
    await probe();
    expect(tokenRequests(issuer).length).toBe(2);
    await own.close();
  });

  it('E4: it is never shared between namespaces, clients, scopes or resources', async () => {
    const { issuer, server } = await probeThrough({ accepts: () => true });
    const url = server.url();
    await bed.probe({ url, auth: oauth(issuer) });
    expect(tokenRequests(issuer).length).toBe(1);
    await bed.probe({ url, auth: oauth(issuer) }, { namespace: 'other' });
    await bed.probe({ url, auth: oauth(issuer, { clientID: 'client-2' }) });
    await bed.probe({ url, auth: oauth(issuer, { scopes: ['a'] }) });
    await bed.probe({ url, auth: oauth(issuer, { resource: 'https://other.example/' }) });
    expect(tokenRequests(issuer).length).toBe(5);
    const tokens = new Set(server.requests.map(({ headers }) => headers.authorization));
    expect(tokens.size).toBe(5);
  });

  it('many objects that need the same token at once ask for it once', async () => {
    bed.secrets.set('client', secret());
    const issuer = await bed.serve(authorization());
    const server = await bed.serve(guarded());
    const probes = Array.from({ length: 20 }, (_, index) =>
      bed.probe({ url: server.url(), auth: oauth(issuer) }, { name: `object-${index}` }),
    );
    expect(new Set((await Promise.all(probes)).map(reasonOf))).toEqual(new Set(['Available']));
    expect(tokenRequests(issuer).length).toBe(1);
  });
});

describe('E5: secrets of OAuth', () => {
  const canary = 'cAnaRy~+/=%S3cr3t-value';
  const inBase64 = (text: string) => ['', 'a', 'ab'].map((before) => Buffer.from(`${before}${text}`).toString('base64'));
  /** As a server may repeat it, and what must be found nowhere: of base64 the part that no neighbour changes. */
  const repeated = (text: string) => [text, encodeURIComponent(text), Buffer.from(text).toString('hex'), ...inBase64(text)];
  const searched = (text: string) => [...repeated(text).slice(0, 3), ...inBase64(text).map((form) => form.slice(4, -4))];
  const leaks: [string, AuthorizationOptions, Behaviour?][] = [
    ['a good probe whose tools repeat everything', { accepts: () => true }],
    ['a server that refuses', { accepts: () => true }, respond(401, canary)],
    [
      'a refused client',
      { token: (seen, reply) => refuse(reply, 400, `invalid_client ${seen.body} ${seen.headers.authorization}`) },
    ],
    ['a token answer that is none', { token: (seen, reply) => void reply.end(`<html>${seen.body}`) }],
    ['metadata that is none', { metadata: { issuer: canary, token_endpoint: canary } }],
  ];
  it.each(leaks)('E5: are nowhere after %s', async (_name, options, behaviour) => {
    const token = `tOken.${canary}`;
    bed.secrets.set('client', secret(canary));
    const issuer = await bed.serve(authorization({ ...options, answer: { access_token: token } }));
    const values = [canary, token, new URLSearchParams({ v: canary }).toString().slice(2)];
    const tools = { 'tools/list': { tools: values.flatMap(repeated).map((name) => ({ ...TOOL, name })) } };
    const server = await bed.serve(behaviour ?? modern({ lists: tools, serverInfo: { name: token, version: canary } }));
    const report = await bed.probe({ url: server.url(), auth: oauth(issuer), retry: { attempts: 1 } });
    const everything = [report, bed.events, bed.audit];
    const output = JSON.stringify(everything) + inspect(everything, { depth: 99, maxArrayLength: null });
    for (const form of values.flatMap(searched)) expect(output).not.toContain(form);
  });
});

it('row 10 and 59: the CA bundle of spec.tls holds for the issuer, and without it nothing is sent', async () => {
  const authority = createAuthority({ name: 'test' });
  const { certPem: cert, keyPem: key } = authority.issue({ commonName: 'idp', ipAddresses: ['127.0.0.1'], usage: 'server' });
  const behave = authorization({ accepts: () => true });
  const paths: string[] = [];
  const server = createServer({ cert, key }, async (request, reply) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    paths.push(request.url ?? '');
    const { method = '', url: path = '', headers } = request;
    // The behaviour calls itself plain http; its metadata must say what it is.
    const issuer = `https://${headers.host}`;
    if (method === 'GET') return void reply.end(JSON.stringify({ issuer, token_endpoint: `${issuer}/token` }));
    await behave({ method, path, headers, body, message: undefined, connection: 1 }, reply);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  bed.secrets.set('client', secret());
  const guardedServer = await bed.serve(guarded());
  const auth = oauth({ url: () => issuer });
  const untrusted = await bed.probe({ url: guardedServer.url(), auth });
  expect(untrusted.verdict).toMatchObject({
    reason: 'AuthorizationMisconfigured',
    errorCode: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  });
  expect(paths).toEqual([]);
  bed.configMaps.set('ca', dataObject({ pem: authority.certPem }));
  const tls = { caBundleRef: { configMapKeyRef: { name: 'ca', key: 'pem' } }, serverName: 'other.example' };
  expect(reasonOf(await bed.probe({ url: guardedServer.url(), auth, tls }))).toBe('Available');
  // A token that was got with the bundle is not for an object without it.
  expect(reasonOf(await bed.probe({ url: guardedServer.url(), auth }))).toBe('AuthorizationMisconfigured');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
