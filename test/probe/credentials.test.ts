import { afterEach, describe, expect, it } from 'vitest';
import { modern, respond } from './behaviours.ts';
import { createTestbed, dataObject, reasonOf } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

const bearer = { type: 'Bearer', bearer: { secretKeyRef: { name: 'token', key: 't' } } } as const;
const challenge = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };
const jwt = (claims: object) =>
  ['{"alg":"none"}', JSON.stringify(claims), 'sig'].map((part) => Buffer.from(part).toString('base64url')).join('.');
const nowSeconds = () => Date.now() / 1000;

/** Healthy for one bearer token, 401 for any other. */
const guarded =
  (token: string) =>
  (...args: Parameters<ReturnType<typeof modern>>) =>
    args[0].headers.authorization === `Bearer ${token}` ? modern()(...args) : respond(401, '', challenge)(...args);

describe('E1: declared headers', () => {
  it('E1: Authorization, X-API-Key and others from Secrets and ConfigMaps are all sent, with every request', async () => {
    bed.secrets.set('token', dataObject({ t: 'secret-token\n', k: 'secret-key' }));
    bed.configMaps.set('plain', dataObject({ region: 'eu' }));
    const server = await bed.serve(modern());
    const headers = [
      { name: 'X-API-KEY', valueFrom: { secretKeyRef: { name: 'token', key: 'k' } } },
      { name: 'X-Region', valueFrom: { configMapKeyRef: { name: 'plain', key: 'region' } } },
      { name: 'X-Literal', value: 'one' },
    ];
    expect(reasonOf(await bed.probe({ url: server.url(), auth: bearer, headers }))).toBe('Available');
    expect(server.requests.length).toBe(2);
    for (const request of server.requests) {
      expect(request.headers).toMatchObject({
        authorization: 'Bearer secret-token',
        'x-api-key': 'secret-key',
        'x-region': 'eu',
        'x-literal': 'one',
      });
    }
    expect(bed.reads).toEqual(['Secret/token', 'ConfigMap/plain']);
  });

  it('E1: APIKey goes into its header', async () => {
    bed.secrets.set('token', dataObject({ t: 'secret-key' }));
    const server = await bed.serve(modern());
    const apiKey = { header: 'X-Custom-Key', secretKeyRef: { name: 'token', key: 't' } };
    await bed.probe({ url: server.url(), auth: { type: 'APIKey', apiKey } });
    expect(server.requests[0]?.headers['x-custom-key']).toBe('secret-key');
  });

  it('a name that is the protocol’s or HTTP’s own is refused', async () => {
    const server = await bed.serve(modern());
    for (const name of ['Host', 'content-length', 'Mcp-Session-Id', 'Transfer-Encoding']) {
      expect(reasonOf(await bed.probe({ url: server.url(), headers: [{ name, value: 'x' }] }))).toBe('InvalidSpec');
    }
    expect(server.connections()).toBe(0);
  });
});

describe('E2: a refused credential', () => {
  it('E2: is read again and sent again only when it changed', async () => {
    bed.secrets.set('token', dataObject({ t: 'old-token' }));
    const server = await bed.serve((seen, reply) => {
      bed.secrets.set('token', dataObject({ t: 'new-token' }));
      return guarded('new-token')(seen, reply);
    });
    const report = await bed.probe({ url: server.url(), auth: bearer });
    expect(report).toMatchObject({ attempts: 2, verdict: { kind: 'available' } });
    expect(report.durationMs).toBeGreaterThan(990);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer old-token',
      'Bearer new-token',
      'Bearer new-token',
    ]);
  });

  it('E2: unchanged, it is not sent again', async () => {
    bed.secrets.set('token', dataObject({ t: 'old-token' }));
    const server = await bed.serve(guarded('new-token'));
    const report = await bed.probe({ url: server.url(), auth: bearer });
    expect(report).toMatchObject({ attempts: 1, verdict: { class: 'Denied', reason: 'CredentialsRejected' } });
    expect(server.requests.length).toBe(1);
    expect(bed.reads).toEqual(['Secret/token', 'Secret/token']);
  });

  it('E2: 404 and 500 do not read it again, and 403 does not either', async () => {
    bed.secrets.set('token', dataObject({ t: 'old-token' }));
    for (const httpStatus of [404, 500, 403]) {
      const server = await bed.serve(respond(httpStatus));
      await bed.probe({ url: server.url(), auth: bearer, retry: { attempts: 1 } });
    }
    expect(bed.reads.length).toBe(3);
  });
});

describe('E3: an expired JWT', () => {
  it('E3: is not sent', async () => {
    bed.secrets.set('token', dataObject({ t: jwt({ exp: nowSeconds() - 1 }) }));
    const server = await bed.serve(modern());
    const report = await bed.probe({ url: server.url(), auth: bearer });
    expect(report).toMatchObject({ attempts: 0, verdict: { class: 'Denied', reason: 'TokenExpired' } });
    expect(server.connections()).toBe(0);
    expect(bed.audit).toMatchObject([{ decision: 'withheld', reason: 'tokenExpired' }]);
  });

  it('E3: the expiry of one that was sent is told', async () => {
    const exp = Math.floor(nowSeconds()) + 100;
    bed.secrets.set('token', dataObject({ t: jwt({ exp }) }));
    const server = await bed.serve(modern());
    const report = await bed.probe({ url: server.url(), auth: bearer });
    expect(report).toMatchObject({ outcome: { finding: { credentialExpiresAtMs: exp * 1000 } } });
  });

  it('E3: also as a header of its own', async () => {
    bed.secrets.set('token', dataObject({ t: `Bearer ${jwt({ exp: 1 })}` }));
    const server = await bed.serve(modern());
    const headers = [{ name: 'Authorization', valueFrom: { secretKeyRef: { name: 'token', key: 't' } } }];
    expect(reasonOf(await bed.probe({ url: server.url(), headers }))).toBe('TokenExpired');
  });
});

describe('A11: nothing is sent', () => {
  const nothing: [string, () => void, string][] = [
    ['a missing Secret', () => {}, 'CredentialsNotFound'],
    ['a missing key', () => bed.secrets.set('token', dataObject({ other: 'x' })), 'CredentialsNotFound'],
    ['an empty value', () => bed.secrets.set('token', dataObject({ t: '\n' })), 'InvalidCredentials'],
    ['a control character', () => bed.secrets.set('token', dataObject({ t: 'a\r\nX-Evil: 1' })), 'InvalidCredentials'],
    ['a value beyond the bound', () => bed.secrets.set('token', dataObject({ t: 'x'.repeat(20_000) })), 'InvalidCredentials'],
    [
      'a Secret bound to another host',
      () => bed.secrets.set('token', dataObject({ t: 'x' }, { 'mcpserver-operator.dev/allowed-hosts': 'a.example.com' })),
      'SecretNotBoundToHost',
    ],
  ];
  it.each(nothing)('A11: with %s', async (_name, prepare, reason) => {
    prepare();
    const server = await bed.serve(modern());
    expect(await bed.probe({ url: server.url(), auth: bearer })).toMatchObject({
      attempts: 0,
      verdict: { reason, field: 'auth.bearer.secretKeyRef' },
    });
    expect(server.connections()).toBe(0);
  });

  it('A11: and the verdict names the field of the spec that is to blame, and nothing that stands in a Secret', async () => {
    bed.secrets.set('token', dataObject({ t: 'CANARY-good' })).set('broken', dataObject({ t: 'CANARY\0' }));
    const fieldOf = async (spec: Record<string, unknown>) => {
      const { verdict } = await bed.probe({ url: 'http://127.0.0.1:1/mcp', ...spec });
      expect(JSON.stringify(verdict)).not.toContain('CANARY');
      return verdict.kind === 'failing' && [verdict.reason, verdict.field];
    };
    const from = (name: string) => ({ valueFrom: { secretKeyRef: { name, key: 't' } } });
    expect(
      await fieldOf({
        auth: bearer,
        headers: [
          { name: 'X-A', ...from('token') },
          { name: 'X-B', ...from('broken') },
        ],
      }),
    ).toEqual(['InvalidCredentials', 'headers[1].valueFrom']);
    const apiKey = { secretKeyRef: { name: 'broken', key: 't' } };
    expect(await fieldOf({ auth: { type: 'APIKey', apiKey } })).toEqual(['InvalidCredentials', 'auth.apiKey.secretKeyRef']);
    expect(await fieldOf({ headers: [{ name: 'X-A', valueFrom: { configMapKeyRef: { name: 'none', key: 't' } } }] })).toEqual([
      'CredentialsNotFound',
      'headers[0].valueFrom',
    ]);
  });

  it('A11: over plain http outside the cluster', async () => {
    bed.secrets.set('token', dataObject({ t: 'x' }));
    const asked: string[] = [];
    const own = createTestbed({
      resolve: async (host) => {
        asked.push(host);
        return { kind: 'failed', errorCode: 'ENOTFOUND' };
      },
    });
    own.secrets.set('token', dataObject({ t: 'x' }));
    expect(await own.probe({ url: 'http://tools.example.com/mcp', auth: bearer })).toMatchObject({
      attempts: 0,
      verdict: { reason: 'DestinationForbidden' },
    });
    expect(asked).toEqual([]);
    expect(own.audit).toMatchObject([{ decision: 'withheld', reason: 'plaintext', host: 'tools.example.com' }]);
    expect(reasonOf(await own.probe({ url: 'http://tools.team.svc/mcp', auth: bearer }))).toBe('HostNotFound');
  });

  it('A11: without the annotation where the administrator requires it', async () => {
    const own = createTestbed({ policy: { requireSecretHostBinding: true } });
    own.secrets.set('token', dataObject({ t: 'x' }));
    expect(reasonOf(await own.probe({ url: 'http://127.0.0.1:1/mcp', auth: bearer }))).toBe('SecretNotBoundToHost');
    own.secrets.set('token', dataObject({ t: 'x' }, { 'mcpserver-operator.dev/allowed-hosts': '127.0.0.1' }));
    expect(reasonOf(await own.probe({ url: 'http://127.0.0.1:1/mcp', auth: bearer }))).toBe('ConnectionRefused');
  });
});

it('A12, D9: each use is told with host and fingerprint, never the value', async () => {
  bed.secrets.set('token', dataObject({ t: 'secret-token' }));
  const server = await bed.serve(modern());
  await bed.probe({ url: server.url(), auth: bearer });
  expect(bed.audit).toEqual([
    { namespace: 'team', name: 'server', probeID: 'cafe0001', host: '127.0.0.1', fingerprint: '930bbdc5', decision: 'sent' },
  ]);
});
