import { generateKeyPairSync } from 'node:crypto';
import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { Credential } from '../../src/probe/credential.ts';
import { DEFAULT_EGRESS_POLICY } from '../../src/probe/egress-policy.ts';
import type { OAuthClient, Proof } from '../../src/probe/oauth-client.ts';
import type { OAuthRequest } from '../../src/probe/oauth-http.ts';
import { encodeForm, requestToken } from '../../src/probe/token-request.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

const ISSUER = 'https://issuer.example.com';
const SERVER = { issuer: ISSUER, token_endpoint: `${ISSUER}/token` };
const GOOD = { access_token: 'opaque', token_type: 'Bearer', expires_in: 300 };

const clientOf = (proof: Proof, more: Partial<OAuthClient> = {}): OAuthClient => ({
  issuer: ISSUER,
  tokenURL: undefined,
  clientID: 'client',
  proof,
  bound: [{ credential: new Credential('hush'), allowedHosts: undefined, field: 'auth.oauth.clientSecretRef' }],
  scopes: [],
  resource: 'https://tools.example.com/mcp',
  ...more,
});
const bySecret = (secret = 'hush') => clientOf({ kind: 'secret', secret });

async function ask(
  client: OAuthClient,
  { methods, answer = GOOD, policy = {} }: { methods?: string[]; answer?: object; policy?: object } = {},
) {
  const requests: OAuthRequest[] = [];
  const audit: object[] = [];
  const clock = createFakeClock(Date.parse('2030-01-01T00:00:00Z'));
  const http = {
    request: async (_url: string, request: OAuthRequest) => {
      requests.push(request);
      return new Response(JSON.stringify(answer));
    },
    sent: () => requests.length > 0,
    close() {},
  };
  const deps = { http, clock, policy: { ...DEFAULT_EGRESS_POLICY, ...policy }, audit: (use: object) => void audit.push(use) };
  const server = methods === undefined ? SERVER : { ...SERVER, token_endpoint_auth_methods_supported: methods };
  const issued = await requestToken(deps, client, server);
  const [request] = requests;
  return {
    issued,
    form: request?.body ?? new URLSearchParams(),
    authorization: request?.headers['authorization'],
    audit,
    requests,
  };
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('a client secret', () => {
  it('goes as Basic where the metadata says so or nothing, and in the form where that alone is offered', async () => {
    for (const methods of [undefined, ['client_secret_basic'], ['client_secret_post', 'client_secret_basic']]) {
      const { authorization, form } = await ask(bySecret(), methods === undefined ? {} : { methods });
      expect([authorization, form.has('client_secret')]).toEqual([basic('client:hush'), false]);
    }
    const { authorization, form } = await ask(bySecret(), { methods: ['client_secret_post'] });
    expect([authorization, form.get('client_id'), form.get('client_secret')]).toEqual([undefined, 'client', 'hush']);
  });

  it('is form-encoded in Basic, but for the characters that need it not; in doubt it goes into the form', async () => {
    expect((await ask(bySecret('a-b_c.d'))).authorization).toBe(basic('client:a-b_c.d'));
    expect((await ask(bySecret('a b%ü:'))).authorization).toBe(basic('client:a+b%25%C3%BC%3A'));
    const { authorization, form } = await ask(bySecret('a+b/c'), { methods: ['client_secret_basic', 'client_secret_post'] });
    expect([authorization, form.get('client_secret')]).toEqual([undefined, 'a+b/c']);
    expect(encodeForm('~ö &=')).toBe('%7E%C3%B6+%26%3D');
  });

  it('is not sent where another kind of proof is asked for', async () => {
    const { issued, requests, audit } = await ask(bySecret(), { methods: ['private_key_jwt', 'none'] });
    expect(issued).toMatchObject({ kind: 'refused', fact: { problem: 'misconfigured', detail: 'clientAuthentication' } });
    expect([requests, audit]).toEqual([[], []]);
  });

  it('goes to the hosts of its Secret only; the administrator may require that there are some', async () => {
    const bound = (allowedHosts: string | undefined) => ({
      ...bySecret(),
      bound: [{ credential: new Credential('hush'), allowedHosts, field: 'auth.oauth.clientIDFrom.secretKeyRef' as const }],
    });
    const required = { policy: { requireSecretHostBinding: true } };
    expect((await ask(bound('*.example.com'), required)).issued.kind).toBe('issued');
    for (const [allowed, more] of [
      ['a.example.com', {}],
      [undefined, required],
    ] as const) {
      const { issued, requests, audit } = await ask(bound(allowed), more);
      expect(issued).toMatchObject({
        kind: 'refused',
        fact: { kind: 'reference', problem: 'notBoundToHost', field: 'auth.oauth.clientIDFrom.secretKeyRef' },
      });
      expect(requests).toEqual([]);
      expect(audit).toMatchObject([{ decision: 'withheld', reason: 'notBoundToHost', host: 'issuer.example.com' }]);
    }
  });

  it('does not go over plain http', async () => {
    const sent: string[] = [];
    const request = async (url: string) => {
      sent.push(url);
      return new Response('{}');
    };
    const http = { request, sent: () => false, close() {} };
    const audit: object[] = [];
    const deps = { http, clock: createFakeClock(), policy: DEFAULT_EGRESS_POLICY, audit: (use: object) => void audit.push(use) };
    const issued = await requestToken(deps, bySecret(), { issuer: ISSUER, token_endpoint: 'http://issuer.example.com/token' });
    expect(issued).toMatchObject({ fact: { detail: 'plainHTTP' } });
    expect(audit).toMatchObject([{ decision: 'withheld', reason: 'plaintext', host: 'issuer.example.com' }]);
    expect(sent).toEqual([]);
  });
});

describe('a private key', () => {
  it.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const)('proves the client with an assertion by %s', async (alg) => {
    const pair =
      alg === 'EdDSA'
        ? generateKeyPairSync('ed25519')
        : alg.startsWith('ES')
          ? generateKeyPairSync('ec', { namedCurve: alg === 'ES256' ? 'P-256' : 'P-384' })
          : generateKeyPairSync('rsa', { modulusLength: 2048 });
    const bytes = Buffer.from(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const proof: Proof = { kind: 'key', bytes, declared: { alg, kid: 'k1' } };
    const { form, authorization, audit, issued } = await ask(clientOf(proof), { methods: ['private_key_jwt'] });
    expect(issued.kind).toBe('issued');
    expect([authorization, form.get('client_id'), form.get('client_assertion_type')]).toEqual([
      undefined,
      'client',
      'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    ]);
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg }] });
    const currentDate = new Date('2030-01-01T00:00:10Z');
    const { payload, protectedHeader } = await jwtVerify(form.get('client_assertion') ?? '', keys, {
      issuer: 'client',
      subject: 'client',
      audience: ISSUER,
      algorithms: [alg],
      currentDate,
    });
    expect(protectedHeader).toEqual({ alg, kid: 'k1' });
    const nowSeconds = Date.parse('2030-01-01T00:00:00Z') / 1000;
    expect(payload).toEqual({
      iss: 'client',
      sub: 'client',
      aud: ISSUER,
      jti: expect.stringMatching(/^.{20,}$/),
      iat: nowSeconds,
      exp: nowSeconds + 60,
    });
    expect(audit).toMatchObject([{ decision: 'sent', host: 'issuer.example.com' }]);
  });

  it('that is none, or that nobody asks for, sends nothing', async () => {
    const proof: Proof = { kind: 'key', bytes: Buffer.from('none'), declared: {} };
    expect(await ask(clientOf(proof))).toMatchObject({
      issued: { fact: { problem: 'invalidCredentials', field: 'auth.oauth.privateKeyRef' } },
      requests: [],
      audit: [],
    });
    const offered = { methods: ['client_secret_basic'] };
    expect(await ask(clientOf(proof), offered)).toMatchObject({
      issued: { fact: { detail: 'clientAuthentication' } },
      requests: [],
    });
  });
});

describe('the answer', () => {
  const issuedBy = async (answer: object) => (await ask(bySecret(), { answer })).issued;

  it('gives the token and how long it may be used, from before the request', async () => {
    const issued = await issuedBy(GOOD);
    if (issued.kind !== 'issued') throw new Error(issued.kind);
    expect([issued.token.reveal(), issued.token.revealHeader(), issued.expiresAtMs]).toEqual([
      'opaque',
      'Bearer opaque',
      300_000,
    ]);
    expect(await issuedBy({ ...GOOD, expires_in: undefined })).toMatchObject({ kind: 'issued', expiresAtMs: undefined });
    expect(await issuedBy({ ...GOOD, expires_in: '60' })).toMatchObject({ kind: 'issued', expiresAtMs: 60_000 });
    expect(await issuedBy({ ...GOOD, expires_in: null })).toMatchObject({ kind: 'issued', expiresAtMs: undefined });
  });

  it('may hold what nobody asked for: a token of another kind, a scope, nulls', async () => {
    for (const more of [{ refresh_token: null }, { scope: null }, { scope: ['a'] }, { id_token: null }, { id_token: 'no JWT' }]) {
      expect((await issuedBy({ ...GOOD, ...more })).kind, JSON.stringify(more)).toBe('issued');
    }
  });

  it('that holds no bearer token that can be sent is a fact', async () => {
    const odd = [
      {},
      { ...GOOD, access_token: 7 },
      { ...GOOD, access_token: 'a b' },
      { ...GOOD, access_token: 'ä' },
      { ...GOOD, access_token: 'x'.repeat(12 * 1024 + 1) },
      { ...GOOD, token_type: 'mac' },
      { ...GOOD, token_type: 'dpop' },
      { ...GOOD, token_type: undefined },
      { ...GOOD, expires_in: -1 },
    ];
    for (const answer of odd)
      expect(await issuedBy(answer), JSON.stringify(answer)).toMatchObject({ fact: { detail: 'tokenAnswer' } });
    expect((await issuedBy({ ...GOOD, access_token: 'x'.repeat(12 * 1024) })).kind).toBe('issued');
  });
});
