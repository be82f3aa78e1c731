import { describe, expect, it } from 'vitest';
import { MCPServerSpec } from '../../src/api/v1alpha1/spec.ts';
import { DEFAULT_EGRESS_POLICY } from '../../src/probe/egress-policy.ts';
import { identifyToken, type OAuthClient, readOAuthClient } from '../../src/probe/oauth-client.ts';
import type { DataObject, References } from '../../src/probe/ports.ts';
import { createTarget } from '../../src/probe/target.ts';
import { dataObject } from './testbed.ts';

const ISSUER = 'https://issuer.example.com';

async function read(
  oauth: Record<string, unknown>,
  secrets: Record<string, DataObject>,
  url = 'https://tools.example.com/mcp?k=v',
) {
  const references: References = {
    readSecret: async (_namespace, name) => {
      const value = secrets[name];
      return value === undefined ? { kind: 'notFound' } : { kind: 'found', value };
    },
    readConfigMap: async () => ({ kind: 'notFound' }),
    readService: async () => ({ kind: 'notFound' }),
  };
  const spec = MCPServerSpec.parse({ url, auth: { type: 'OAuthClientCredentials', oauth: { issuer: ISSUER, ...oauth } } });
  const target = createTarget(new URL(url), DEFAULT_EGRESS_POLICY);
  if (spec.auth.oauth === undefined) throw new Error('no oauth');
  return readOAuthClient(spec.auth.oauth, 'team', target, references, new AbortController().signal);
}

async function clientOf(...args: Parameters<typeof read>): Promise<OAuthClient> {
  const found = await read(...args);
  if (found.kind !== 'read') throw new Error(found.kind);
  return found.client;
}

const bySecret = { clientID: 'id', clientSecretRef: { name: 'client', key: 'secret' } };
const byKey = { clientID: 'id', privateKeyRef: { name: 'client', key: 'secret', alg: 'ES256', kid: 'k1' } };
const client = dataObject({ secret: 'hush\n', id: 'from-secret' }, { 'mcpserver-operator.dev/allowed-hosts': 'a.example' });

describe('a client', () => {
  it('is read with its secret, and where that may go', async () => {
    const found = await clientOf(bySecret, { client });
    expect(found).toMatchObject({ issuer: ISSUER, clientID: 'id', proof: { kind: 'secret', secret: 'hush' }, scopes: [] });
    expect(found.bound.map(({ allowedHosts }) => allowedHosts)).toEqual(['a.example']);
  });

  it('may have its identifier in a Secret, which is bound too', async () => {
    const found = await clientOf(
      { ...bySecret, clientID: undefined, clientIDFrom: { secretKeyRef: { name: 'client', key: 'id' } } },
      { client },
    );
    expect(found.clientID).toBe('from-secret');
    expect(found.bound.map(({ credential }) => credential.reveal())).toEqual(['from-secret', 'hush']);
  });

  it('reads its secret as UTF-8, since a form is written so', async () => {
    const found = await clientOf(bySecret, { client: dataObject({ secret: 'pässwörd' }) });
    expect(found.proof).toEqual({ kind: 'secret', secret: 'pässwörd' });
  });

  it('asks for the server as its resource unless another is declared: no query, no path that is a slash alone', async () => {
    expect((await clientOf(bySecret, { client })).resource).toBe('https://tools.example.com/mcp');
    expect((await clientOf(bySecret, { client }, 'https://tools.example.com/')).resource).toBe('https://tools.example.com');
    expect((await clientOf({ ...bySecret, resource: 'https://api/' }, { client })).resource).toBe('https://api/');
    expect((await clientOf({ ...bySecret, resourceIndicator: 'Omit' }, { client })).resource).toBeUndefined();
  });

  it('is refused for what is missing, unusable, or got past an older schema', async () => {
    const refused = (problem: string, field = 'auth.oauth.clientSecretRef', detail?: string) => ({
      kind: 'refused',
      fact: { kind: 'reference', stage: 'credentials', problem, field, ...(detail && { detail }) },
    });
    const invalid = (detail: string, field?: string) => refused('invalidCredentials', field, detail);
    const idRef = { secretKeyRef: { name: 'client', key: 'id' } };
    expect(await read(bySecret, {})).toEqual(refused('credentialsNotFound'));
    expect(await read(bySecret, { client: dataObject({}) })).toEqual(refused('credentialsNotFound'));
    expect(await read(bySecret, { client: dataObject({ secret: 'a\nb' }) })).toEqual(invalid('controlCharacter'));
    expect(await read(byKey, {})).toEqual(refused('credentialsNotFound', 'auth.oauth.privateKeyRef'));
    expect(
      await read({ ...bySecret, clientID: undefined, clientIDFrom: idRef }, { client: dataObject({ id: '\n', secret: 'hush' }) }),
    ).toEqual(invalid('emptyValue', 'auth.oauth.clientIDFrom.secretKeyRef'));
    const latin1 = { ...dataObject({}), data: new Map([['secret', Buffer.from('pässwörd', 'latin1')]]) };
    expect(await read(bySecret, { client: latin1 })).toEqual(invalid('encoding'));
    expect(await read(bySecret, { client: dataObject({ secret: 'a\u0085b' }) })).toEqual(invalid('controlCharacter'));
    expect(await read({ clientID: 'id' }, { client })).toMatchObject({ fact: { kind: 'invalidSpec' } });
    expect(await read({ ...bySecret, clientID: undefined }, { client })).toMatchObject({ fact: { kind: 'invalidSpec' } });
  });
});

describe('E4: what a token is kept under', () => {
  it('E4: differs with everything that the answer may depend on', async () => {
    const variants: [Record<string, unknown>, DataObject?, string?, string[]?][] = [
      [bySecret],
      [bySecret, client, 'other'],
      [bySecret, client, 'team', ['PEM']],
      [bySecret, dataObject({ secret: 'changed' }, client.annotations)],
      [bySecret, dataObject({ secret: 'hush' })],
      [{ ...bySecret, clientID: 'id2' }],
      [{ ...bySecret, issuer: 'https://other.example.com' }],
      [{ ...bySecret, tokenURL: 'https://issuer.example.com/token' }],
      [{ ...bySecret, scopes: ['a'] }],
      [{ ...bySecret, scopes: ['a', 'b'] }],
      [{ ...bySecret, resource: 'https://other/' }],
      [{ ...bySecret, resourceIndicator: 'Omit' }],
      [byKey],
      [{ ...byKey, privateKeyRef: { ...byKey.privateKeyRef, kid: 'k2' } }],
      [{ ...byKey, privateKeyRef: { ...byKey.privateKeyRef, alg: 'ES384' } }],
    ];
    const keys = await Promise.all(
      variants.map(async ([oauth, secret = client, namespace = 'team', trust = ['system']]) =>
        identifyToken(namespace, await clientOf(oauth, { client: secret }), trust),
      ),
    );
    expect(new Set(keys).size).toBe(variants.length);
    expect(keys.join(' ')).not.toContain('hush');
  });

  it('E4: and is the same for the same question, in whatever order the scopes stand', async () => {
    const key = async (scopes: string[]) => identifyToken('team', await clientOf({ ...bySecret, scopes }, { client }), []);
    expect(await key(['a', 'b'])).toBe(await key(['b', 'a']));
  });
});
