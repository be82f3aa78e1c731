import { describe, expect, it } from 'vitest';
import { MCPServerSpec } from '../../src/api/v1alpha1/spec.ts';
import { DEFAULT_EGRESS_POLICY } from '../../src/probe/egress-policy.ts';
import type { References } from '../../src/probe/ports.ts';
import { createTarget, findTarget, takesCredentials } from '../../src/probe/target.ts';

const references: References = {
  readSecret: async () => ({ kind: 'notFound' }),
  readConfigMap: async () => ({ kind: 'notFound' }),
  readService: async (_namespace, name) =>
    name === 'tools' ? { kind: 'found', value: { ports: [{ name: 'mcp', port: 8080 }, { port: 9000 }] } } : { kind: 'notFound' },
};
const find = (spec: object, policy = {}) =>
  findTarget(
    MCPServerSpec.parse(spec),
    'team',
    references,
    { ...DEFAULT_EGRESS_POLICY, ...policy },
    new AbortController().signal,
  );

describe('a URL', () => {
  it('is taken as it is; user info and query are never shown', async () => {
    expect(await find({ url: 'https://A.example:8443/x/mcp?k=v' })).toEqual({
      kind: 'found',
      target: {
        secure: true,
        host: 'a.example',
        port: 8443,
        origin: 'https://a.example:8443',
        authority: 'a.example:8443',
        path: '/x/mcp?k=v',
        shownURL: 'https://a.example:8443/x/mcp',
        trusted: false,
      },
    });
  });

  it.each([
    ['http://a.example', 80],
    ['https://a.example', 443],
  ])('%s has port %i', async (url, port) => {
    expect(await find({ url })).toMatchObject({ target: { port, path: '/' } });
  });

  it.each([
    ['http://0x7f.1/', '127.0.0.1'],
    ['http://[::1]:80/', '::1'],
    ['http://a.example./', 'a.example'],
  ])('%s has the host %s', async (url, host) => {
    expect(await find({ url })).toMatchObject({ target: { host } });
  });

  it('is trusted with credentials over plain http inside the cluster, and on loopback where that is allowed', async () => {
    const trusted = async (url: string, policy = {}) => {
      const found = await find({ url }, policy);
      return found.kind === 'found' && found.target.trusted;
    };
    expect(await trusted('http://tools.team.svc/mcp')).toBe(true);
    expect(await trusted('http://tools.team.svc.cluster.local/mcp')).toBe(true);
    expect(await trusted('http://svc/mcp')).toBe(false);
    expect(await trusted('http://a.svc.example/mcp')).toBe(false);
    expect(await trusted('http://127.0.0.1/mcp')).toBe(false);
    expect(await trusted('http://127.0.0.1/mcp', { allowLoopback: true })).toBe(true);
    expect(await trusted('http://10.0.0.1/mcp', { allowLoopback: true })).toBe(false);
  });
});

describe('a Service', () => {
  it.each([
    [8080, 8080],
    ['mcp', 8080],
    [9000, 9000],
  ])('with port %s is found', async (port, expected) => {
    expect(await find({ serviceRef: { name: 'tools', port } })).toMatchObject({
      target: { host: 'tools.team.svc', port: expected, path: '/mcp', secure: false, trusted: true },
    });
  });

  it('is reached by https and another path where the spec says so', async () => {
    expect(await find({ serviceRef: { name: 'tools', port: 'mcp', scheme: 'https', path: '/' } })).toMatchObject({
      target: { secure: true, path: '/' },
    });
  });

  it.each([
    ['tools', 1],
    ['tools', 'http'],
    ['other', 8080],
  ])('%s with port %s is not found', async (name, port) => {
    expect(await find({ serviceRef: { name, port } })).toMatchObject({ kind: 'refused', fact: { problem: 'serviceNotFound' } });
  });
});

it.each([
  ['https://a.example/', {}, true],
  ['http://a.example/', {}, false],
  ['http://a.example/', { allowPlaintextCredentials: true }, true],
  ['http://tools.team.svc/', {}, true],
  ['http://127.0.0.1/', {}, false],
  ['http://127.0.0.1/', { allowLoopback: true }, true],
])('credentials may go to %s under %j: %s', (url, more, expected) => {
  const policy = { ...DEFAULT_EGRESS_POLICY, ...more };
  expect(takesCredentials(createTarget(new URL(url), policy), policy)).toBe(expected);
});
