import { describe, expect, it } from 'vitest';
import { MAX_HEADERS } from '../../src/api/v1alpha1/auth.ts';
import type { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import { referencesOf, referencesToFollow } from '../../src/reconcile/references.ts';
import { emptyStatus, specOf } from './samples.ts';

const named = (spec: Record<string, unknown>) =>
  referencesOf(specOf({ url: 'https://127.0.0.1:9/mcp', ...spec })).map(({ kind, name }) => `${kind}/${name}`);
const ref = (name: string) => ({ name, key: 'k' });

describe('referencesOf', () => {
  it.each([
    ['a bearer token', { auth: { type: 'Bearer', bearer: { secretKeyRef: ref('token') } } }, ['Secret/token']],
    ['an API key', { auth: { type: 'APIKey', apiKey: { secretKeyRef: ref('key') } } }, ['Secret/key']],
    [
      'client identifier and secret',
      {
        auth: {
          type: 'OAuthClientCredentials',
          oauth: { issuer: 'https://issuer', clientIDFrom: { secretKeyRef: ref('id') }, clientSecretRef: ref('secret') },
        },
      },
      ['Secret/id', 'Secret/secret'],
    ],
    [
      'a private key',
      { auth: { type: 'OAuthClientCredentials', oauth: { issuer: 'https://issuer', clientID: 'c', privateKeyRef: ref('pem') } } },
      ['Secret/pem'],
    ],
    [
      'headers',
      {
        headers: [
          { name: 'X-A', valueFrom: { secretKeyRef: ref('a') } },
          { name: 'X-B', valueFrom: { configMapKeyRef: ref('b') } },
          { name: 'X-C', value: 'literal' },
        ],
      },
      ['Secret/a', 'ConfigMap/b'],
    ],
    [
      'TLS',
      { tls: { caBundleRef: { configMapKeyRef: ref('ca') }, clientCertificateRef: { name: 'client' } } },
      ['ConfigMap/ca', 'Secret/client'],
    ],
    ['a CA bundle in a Secret', { tls: { caBundleRef: { secretKeyRef: ref('ca') } } }, ['Secret/ca']],
    ['nothing', {}, []],
  ])('names the references of %s', (_what, spec, expected) => {
    expect(named(spec)).toEqual(expected);
  });

  it('names each once, however many keys of it are used, and tells a ConfigMap from a Secret of the same name', () => {
    const auth = { type: 'Bearer', bearer: { secretKeyRef: ref('same') } };
    const headers = [
      { name: 'X-A', valueFrom: { secretKeyRef: { name: 'same', key: 'other' } } },
      { name: 'X-B', valueFrom: { configMapKeyRef: ref('same') } },
    ];
    expect(named({ auth, headers })).toEqual(['Secret/same', 'ConfigMap/same']);
  });

  it('names at most 37', () => {
    const headers = Array.from({ length: MAX_HEADERS }, (_, i) => ({
      name: `X-${i}`,
      valueFrom: { secretKeyRef: ref(`h${i}`) },
    }));
    const oauth = { issuer: 'https://issuer', clientIDFrom: { secretKeyRef: ref('id') }, clientSecretRef: ref('secret') };
    const tls = { caBundleRef: { configMapKeyRef: ref('ca') }, clientCertificateRef: { name: 'client' } };
    expect(named({ headers, auth: { type: 'OAuthClientCredentials', oauth }, tls }).length).toBeLessThanOrEqual(37);
  });
});

describe('referencesToFollow', () => {
  const spec = specOf({
    auth: { type: 'Bearer', bearer: { secretKeyRef: ref('token') } },
    headers: [{ name: 'X-B', valueFrom: { configMapKeyRef: ref('map') } }],
  });
  const standing = (state: MCPServerStatus['state'], reason?: string) => ({
    spec: { kind: 'valid' as const, value: spec },
    status: {
      ...emptyStatus(),
      state,
      ...(reason !== undefined && {
        failure: {
          class: 'Permanent' as const,
          reason,
          message: 'm',
          since: '2026-01-01T00:00:00Z',
          consecutive: 1,
          attempts: 0,
        },
      }),
    },
  });

  it.each([
    ['Denied', 'CredentialsRejected'],
    ['Denied', 'TokenExpired'],
    ['Permanent', 'CredentialsNotFound'],
    ['Permanent', 'CABundleNotFound'],
    ['Permanent', 'InvalidCredentials'],
    ['Permanent', 'TLSCertificateInvalid'],
  ] as const)('an object that is %s (%s) is followed', (state, reason) => {
    expect(referencesToFollow(standing(state, reason))).toHaveLength(2);
  });

  it.each([
    ['Available', undefined],
    ['Pending', undefined],
    ['Suspended', 'CredentialsNotFound'],
    ['Transient', 'ServerUnavailable'],
    ['Permanent', 'EndpointNotFound'],
  ] as const)('an object that is %s (%s) is not', (state, reason) => {
    expect(referencesToFollow(standing(state, reason))).toEqual([]);
  });

  it('an invalid spec refers to nothing', () => {
    const { status } = standing('Denied');
    expect(referencesToFollow({ spec: { kind: 'invalid', path: 'spec.url' }, status })).toEqual([]);
  });

  it('carries what the probe read, absence too, and knows what it did not read', () => {
    const read = { kind: 'Secret' as const, name: 'token', version: undefined };
    expect(referencesToFollow(standing('Denied'), [read])).toEqual([
      { kind: 'Secret', name: 'token', seen: read },
      { kind: 'ConfigMap', name: 'map', seen: undefined },
    ]);
  });
});
