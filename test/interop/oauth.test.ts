/**
 * A real authorization server from npm, certified for OpenID Connect, in front of an MCP server that verifies its tokens: what we ask for
 * is what such a server gives, and what it refuses is what we say.
 */
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, exportJWK, jwtVerify } from 'jose';
import Provider, { errors } from 'oidc-provider';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { modern, respond } from '../probe/behaviours.ts';
import type { Behaviour, Scripted } from '../probe/scripted-server.ts';
import { createTestbed, dataObject, reasonOf } from '../probe/testbed.ts';

const SECRET = 'a-secret.with_marks~and+more/than=that';
const CLIENT = {
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  scope: 'tools:read',
  id_token_signed_response_alg: 'ES256',
};

const bed = createTestbed();
const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const listener = createServer();
const claims: unknown[] = [];
let issuer = '';
let guarded: Scripted;

beforeAll(async () => {
  issuer = `http://127.0.0.1:${await listen(listener)}`;
  guarded = await bed.serve(takesTokens());
  listener.on('request', (await createProvider()).callback());
  const key = clientKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  bed.secrets.set('client', dataObject({ secret: SECRET, wrong: 'wrong', key }));
});

afterAll(async () => {
  await bed.close();
  listener.closeAllConnections();
  await new Promise((resolve) => listener.close(resolve));
});

async function createProvider(): Promise<Provider> {
  const signing = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const basic = { ...CLIENT, client_id: 'by-secret', client_secret: SECRET };
  const post = { ...basic, client_id: 'by-form', token_endpoint_auth_method: 'client_secret_post' };
  const byKey = {
    ...CLIENT,
    client_id: 'by-key',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...(await exportJWK(clientKey.publicKey)), kid: 'k1', use: 'sig', alg: 'ES256' }] },
  };
  return new Provider(issuer, {
    clients: [basic, post, byKey],
    scopes: ['tools:read', 'admin'],
    jwks: { keys: [{ ...(await exportJWK(signing.privateKey)), kid: 's1', use: 'sig', alg: 'ES256' }] },
    ttl: { ClientCredentials: 600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo(_context: unknown, resource: string) {
          if (resource !== guarded.url()) throw new errors.InvalidTarget();
          return { scope: 'tools:read', audience: resource, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } };
        },
      },
    },
  });
}

/** Healthy for a token that the authorization server signed for this server with the scope `tools:read`. */
function takesTokens(): Behaviour {
  return async (seen, reply) => {
    const token = seen.headers.authorization?.replace(/^Bearer /, '') ?? '';
    try {
      const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
      const { payload } = await jwtVerify(token, keys, { issuer, audience: guarded.url(), typ: 'at+jwt' });
      claims.push(payload);
    } catch {
      return respond(401, '', { 'WWW-Authenticate': 'Bearer error="invalid_token"' })(seen, reply);
    }
    return modern()(seen, reply);
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function verdictOf(oauth: Record<string, unknown>) {
  const declared = { issuer, scopes: ['tools:read'], ...oauth };
  const report = await bed.probe({ url: guarded.url(), auth: { type: 'OAuthClientCredentials', oauth: declared } });
  const { verdict } = report;
  return verdict.kind === 'failing' && verdict.detail !== undefined ? `${verdict.reason} ${verdict.detail}` : reasonOf(report);
}

const bySecret = { clientID: 'by-secret', clientSecretRef: { name: 'client', key: 'secret' } };

it('a token for this server is got by secret in a header, by secret in a form and by private key, and is taken', async () => {
  const ways = [
    bySecret,
    { ...bySecret, clientID: 'by-form' },
    { clientID: 'by-key', privateKeyRef: { name: 'client', key: 'key', kid: 'k1' } },
  ];
  for (const way of ways) {
    expect(await verdictOf(way)).toBe('Available');
    expect(claims.at(-1)).toMatchObject({ client_id: way.clientID, scope: 'tools:read', aud: guarded.url() });
  }
});

it('what it refuses is told as what it is', async () => {
  expect(await verdictOf({ ...bySecret, clientSecretRef: { name: 'client', key: 'wrong' } })).toBe(
    'TokenRequestRejected invalidClient',
  );
  expect(await verdictOf({ ...bySecret, clientID: 'unknown' })).toBe('TokenRequestRejected invalidClient');
  expect(await verdictOf({ ...bySecret, scopes: ['admin'] })).toBe('TokenRequestRejected invalidScope');
  expect(await verdictOf({ ...bySecret, resource: 'https://other.example/' })).toBe('TokenRequestRejected invalidTarget');
  expect(await verdictOf({ ...bySecret, issuer: `${issuer}/` })).toBe('AuthorizationMisconfigured issuerSlash');
  expect(await verdictOf({ ...bySecret, issuer: `${issuer}/realms/a` })).toBe('AuthorizationMisconfigured noMetadata');
});
