/**
 * Bad input, as people really write it: each gets its own sentence, the sentence says what to write instead, and nothing leaves that should
 * not. Through the whole prober up to the message of the status; URLs already at the schema.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { parseSpec } from '../../src/api/v1alpha1/mcpserver.ts';
import { invalidSpecMessage } from '../../src/api/v1alpha1/messages.ts';
import { MCPServerSpec } from '../../src/api/v1alpha1/spec.ts';
import { judgeServer, readyOf } from '../../src/cli/probe-status.ts';
import { authorization, CLIENT_SECRET, guarded, oauth } from './authorization-behaviours.ts';
import { modern, respond } from './behaviours.ts';
import { type Behaviour, startServer } from './scripted-server.ts';
import { createTestbed, dataObject } from './testbed.ts';
import { BEARER, type SpecInput } from './wire/wire-case.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

/** Probes a server, and tells what a user reads and what the server saw. */
async function probe(more: SpecInput, behaviour: Behaviour = modern()) {
  const server = await bed.serve(behaviour);
  const declared = { url: server.url(), ...more };
  const report = await bed.probe(declared);
  const spec = MCPServerSpec.parse(declared);
  const { status } = judgeServer({ namespace: 'team', name: 'server', spec }, report, { nowMs: 0, probeID: 'cafe0001' });
  const message = (status && readyOf(status)?.message) ?? '';
  return { report, server, message, reason: status?.failure?.reason, attempts: report.attempts, state: status?.state };
}

const caBundle = { tls: { caBundleRef: { configMapKeyRef: { name: 'ca', key: 'ca.crt' } } } };
const clientCertificate = { tls: { clientCertificateRef: { name: 'me' } } };
const privateKey = { privateKeyRef: { name: 'client', key: 'key' } };

describe('what a Secret or ConfigMap holds', () => {
  const control = 'holds a control character';
  const secret = (name: string, data: Record<string, string>) => () => void bed.secrets.set(name, dataObject(data));
  const bundle = (text: string) => () => void bed.configMaps.set('ca', dataObject({ 'ca.crt': text }));
  it.each<[string, () => void, SpecInput, string]>([
    ['a line break in a token', secret('token', { t: 'abc\r\nX-Evil: 1' }), { auth: BEARER }, control],
    ['a NUL in a token', secret('token', { t: 'abc\u0000' }), { auth: BEARER }, control],
    ['an escape in a token', secret('token', { t: '\u001b[31mabc' }), { auth: BEARER }, control],
    ['two newlines behind a token', secret('token', { t: 'abc\n\n' }), { auth: BEARER }, control],
    ['a token that is empty', secret('token', { t: '\n' }), { auth: BEARER }, 'The value is empty'],
    ['a token of 13 KiB', secret('token', { t: 'x'.repeat(13 * 1024) }), { auth: BEARER }, 'longer than 12 KiB'],
    ['a CA bundle that is a text', bundle('our company CA'), caBundle, 'no certificate in PEM form'],
    ['a CA bundle in base64 without its lines', bundle('MIIBszCCAVmgAwIBAgIU'), caBundle, 'no certificate in PEM form'],
    [
      'a CA bundle of broken PEM',
      bundle('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
      caBundle,
      'no certificate in PEM form, or one that does not parse',
    ],
    [
      'a client certificate that is none',
      secret('me', { 'tls.crt': 'x', 'tls.key': 'y' }),
      clientCertificate,
      'that belong together',
    ],
  ])('%s: InvalidCredentials, and nothing is sent', async (_name, prepare, spec, says) => {
    prepare();
    const { reason, attempts, message, server, state } = await probe(spec);
    expect([state, reason, attempts, server.connections()]).toEqual(['Permanent', 'InvalidCredentials', 0, 0]);
    expect(message).toContain(says);
    expect(message).toContain('nothing was sent');
    expect(message).not.toMatch(/abc|Evil|our company|MIIB/);
  });

  it('a private key that is none: InvalidCredentials, and no token is asked for', async () => {
    bed.secrets.set('client', dataObject({ key: 'not a key' }));
    const issuer = await bed.serve(authorization());
    const { reason, message, server } = await probe({ auth: oauth(issuer, privateKey) }, guarded());
    expect([reason, server.connections()]).toEqual(['InvalidCredentials', 0]);
    expect(message).toContain('no private key, as PEM or JWK');
    expect(issuer.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('a client secret that is not UTF-8: InvalidCredentials, and nobody is asked', async () => {
    const data = new Map([['secret', Uint8Array.of(0xff, 0xfe, 0x41)]]);
    bed.secrets.set('client', { data, annotations: {}, resourceVersion: '1' });
    const issuer = await bed.serve(authorization());
    const { reason, message } = await probe({ auth: oauth(issuer) }, guarded());
    expect([reason, issuer.connections()]).toEqual(['InvalidCredentials', 0]);
    expect(message).toContain('not UTF-8');
  });
});

describe('a JWT that is none', () => {
  const part = (text: string) => Buffer.from(text).toString('base64url');
  const jwt = (payload: string) => `${part('{"alg":"RS256"}')}.${part(payload)}.c2ln`;
  const opaque: readonly [string, string][] = [
    ['three words with dots', 'abc.def.ghi'],
    ['dots alone', '...'],
    ['an empty payload', 'eyJh..c2ln'],
    ['a payload that is no JSON', jwt('{"exp":')],
    ['a payload of null', jwt('null')],
    ['an expiry in words', jwt('{"exp":"soon"}')],
    ['an expiry beyond all time', jwt('{"exp":1e308}')],
    ['two parts', jwt('{"exp":1}').split('.').slice(0, 2).join('.')],
  ];
  it.each(opaque)('%s is an opaque token: it is sent as it is, and nothing is said about its expiry', async (_name, token) => {
    bed.secrets.set('token', dataObject({ t: token }));
    const { report, server } = await probe({ auth: BEARER });
    expect(report.outcome.kind).toBe('succeeded');
    expect(report).not.toHaveProperty('outcome.finding.credentialExpiresAtMs');
    expect(new Set(server.requests.map(({ headers }) => headers.authorization))).toEqual(new Set([`Bearer ${token}`]));
  });

  it('is refused by the server: CredentialsRejected, which names the Secret', async () => {
    bed.secrets.set('token', dataObject({ t: 'abc.def.ghi' }));
    const { reason, message, attempts } = await probe(
      { auth: BEARER },
      respond(401, '', { 'WWW-Authenticate': 'Bearer error="invalid_token"' }),
    );
    expect([reason, attempts]).toEqual(['CredentialsRejected', 1]);
    expect(message).toContain('did not accept the bearer token of Secret "token", key "t"');
    expect(message).not.toContain('abc.def');
  });
});

describe('an authorization server', () => {
  it.each<[string, object, Record<string, unknown>, string]>([
    [
      'whose metadata has no slash at the end of the issuer, where the spec has one',
      {},
      { slash: true },
      'but for a slash at the end',
    ],
    [
      'whose token endpoint is plain http',
      { metadata: { token_endpoint: 'http://tokens.example/token' } },
      {},
      'is a plain http URL, and no credential is sent there',
    ],
    [
      'whose declared token endpoint is plain http',
      {},
      { tokenURL: 'http://tokens.example/token' },
      'is a plain http URL, and no credential is sent there',
    ],
  ])('%s: AuthorizationMisconfigured, and the secret stays here', async (_name, options, { slash, ...more }, says) => {
    bed.secrets.set('client', dataObject({ secret: CLIENT_SECRET }));
    const issuer = await bed.serve(authorization(options));
    const auth = oauth(issuer, { ...more, ...(slash === true && { issuer: issuer.url('/') }) });
    const { reason, message, server, state } = await probe({ auth }, guarded());
    expect([state, reason, server.connections()]).toEqual(['Permanent', 'AuthorizationMisconfigured', 0]);
    expect(message).toContain(says);
    for (const { method, headers, body } of issuer.requests) {
      expect([method, headers.authorization, body]).toEqual(['GET', undefined, '']);
    }
    expect(bed.audit.filter(({ decision }) => decision === 'sent')).toEqual([]);
  });
});

it('a proxy that answers 407: ProxyAuthenticationRequired, the answer is not tried again, and no proxy credential is made up', async () => {
  bed.secrets.set('token', dataObject({ t: 'abcdefgh' }));
  const { reason, message, attempts, server, state } = await probe(
    { auth: BEARER },
    respond(407, 'log in', { 'Proxy-Authenticate': 'Basic realm="corp"' }),
  );
  expect([state, reason, attempts, server.requests.length]).toEqual(['Denied', 'ProxyAuthenticationRequired', 1, 1]);
  expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
  expect(message).toContain('A proxy before the server demands authentication');
  expect(message).not.toContain('corp');
});

describe('a URL', () => {
  it.each([
    ['with an IPv6 zone', 'http://[fe80::1%25eth0]:PORT/mcp', 'without a zone'],
    ['with an IPv6 zone of one word', 'http://[::1%lo]:PORT/mcp', 'without a zone'],
    ['with an international host', 'http://münchen.example:PORT/mcp', 'international ones as xn--'],
    ['with port 0', 'http://127.0.0.1:0/mcp', 'a port from 1 to 65535'],
    ['with port 65536', 'http://127.0.0.1:65536/mcp', 'a port from 1 to 65535'],
    ['with a name and a password', 'http://user:hunter2@127.0.0.1:PORT/mcp', 'must not hold a user name or password'],
    ['with a space', 'http://127.0.0.1:PORT/a b', 'percent-encoded'],
  ])('%s is refused by the schema in one sentence, which does not repeat it', async (_name, template, says) => {
    const server = await startServer(modern());
    const parsed = parseSpec({ url: template.replace('PORT', String(server.port)) });
    if (parsed.kind === 'valid') throw new Error('it was taken');
    const message = invalidSpecMessage(parsed.path, parsed.message);
    expect(message).toContain('The field spec.url');
    expect(message).toContain(says);
    expect(message).toContain('nothing was sent');
    expect(message).not.toMatch(/eth0|münchen|hunter2/);
    await server.close();
  });

  it('that got past an older schema is not probed: InvalidSpec, without a look-up or a connection', async () => {
    const asked: string[] = [];
    const own = createTestbed({
      resolve: async (host) => {
        asked.push(host);
        return { kind: 'failed', errorCode: 'ENOTFOUND' };
      },
    });
    for (const url of [
      'http://[fe80::1%25eth0]/mcp',
      'http://tools.example:0/mcp',
      'http://tools.example:65536/',
      'http://u:p@tools.example/',
    ]) {
      const spec = { ...MCPServerSpec.parse({ url: 'http://tools.example/' }), url };
      const report = await own.probe({ url: 'http://tools.example/' }, { spec });
      expect(report, url).toMatchObject({ attempts: 0, verdict: { class: 'Permanent', reason: 'InvalidSpec', stage: 'policy' } });
    }
    expect(asked).toEqual([]);
    // An international host has one meaning, and is looked up as DNS writes it.
    const spec = { ...MCPServerSpec.parse({ url: 'http://tools.example/' }), url: 'http://münchen.example/mcp' };
    await own.probe({ url: 'http://tools.example/' }, { spec });
    expect(asked).toEqual(['xn--mnchen-3ya.example']);
  });
});
