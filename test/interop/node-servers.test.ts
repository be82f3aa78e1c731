/**
 * Real servers from npm, started on loopback, judged through the whole prober and compared with SDK v2's client.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestbed, dataObject, reasonOf } from '../probe/testbed.ts';
import { describeAgreement, EVERYTHING, EVERYTHING_COUNTS } from './agreement.ts';
import { prepareMongoDB } from './mongodb-setup.ts';
import {
  everything,
  hasKubernetesServer,
  kubernetesServer,
  mcpProxy,
  playwright,
  sdkServer,
  supergateway,
} from './node-servers.ts';
import { type RealServer, startRealServer, stopRealServers } from './real-server.ts';
import { offerOfProbe, offerOfSDK } from './two-clients.ts';

const SAMPLE = { features: ['prompts', 'resources', 'tools'], counts: [2, 1, 0, 1] } as const;

describeAgreement({
  start: everything,
  expected: { era: 'Legacy', features: EVERYTHING, counts: EVERYTHING_COUNTS, session: true },
});

describeAgreement({ start: sdkServer('dual'), expected: { era: 'Modern', ...SAMPLE, session: false } });
describeAgreement({
  start: { ...sdkServer('dual'), name: 'SDK v2, dual, pinned to Legacy' },
  protocol: 'Legacy',
  expected: { era: 'Legacy', ...SAMPLE, session: false },
});
describeAgreement({ start: sdkServer('modern'), expected: { era: 'Modern', ...SAMPLE, session: false } });
describeAgreement({ start: sdkServer('legacy'), expected: { era: 'Legacy', ...SAMPLE, session: true } });

// The modern era knows no tasks: the proxy leaves them out.
describeAgreement({
  start: mcpProxy(),
  expected: {
    era: 'Modern',
    features: EVERYTHING.filter((feature) => feature !== 'tasks'),
    counts: EVERYTHING_COUNTS,
    session: false,
  },
});

for (const sessions of ['stateful', 'stateless'] as const) {
  describeAgreement({
    start: supergateway(sessions),
    expected: { era: 'Legacy', features: EVERYTHING, counts: EVERYTHING_COUNTS, session: sessions === 'stateful' },
  });
}

describeAgreement({
  start: playwright('open'),
  // It serves MCP on every path.
  expected: {
    era: 'Legacy',
    features: ['tools'],
    counts: [25, undefined, undefined, undefined],
    session: true,
    wrongPath: 'Available',
  },
});

const mongoDB = await prepareMongoDB();

it('the MongoDB server may be left out, but not in CI', () => {
  expect(mongoDB.kind === 'ready' || process.env['CI'] === undefined, JSON.stringify(mongoDB)).toBe(true);
});

if (mongoDB.kind === 'ready') {
  describeAgreement({
    start: mongoDB.start,
    expected: {
      era: 'Modern',
      features: ['completions', 'logging', 'resources', 'tools'],
      counts: [27, 2, 1, undefined],
      session: false,
    },
  });
}

describe('@playwright/mcp behind its host guard', () => {
  const bed = createTestbed();
  afterAll(stopRealServers);

  it('row 30: by address it is Permanent, HostNotAllowed; by the name that it knows it is Available', async () => {
    const server = await startRealServer(playwright('guarded'));
    const { verdict } = await bed.probe({ url: server.url() });
    expect(verdict).toMatchObject({ class: 'Permanent', reason: 'HostNotAllowed', row: 30, httpStatus: 403 });
    expect(reasonOf(await bed.probe({ url: `http://localhost:${server.port}/mcp` }))).toBe('Available');
  });
});

if (hasKubernetesServer) {
  const start = kubernetesServer();
  afterAll(() => start.remove());
  describeAgreement({
    start,
    expected: { era: 'Legacy', features: ['logging', 'prompts', 'resources', 'tools'], counts: [20, 0, 0, 1], session: true },
  });
} else {
  process.stderr.write('interop: kubernetes-mcp-server is LEFT OUT: its optional package is for linux-x64 alone\n');
}

it('kubernetes-mcp-server may be left out, but not in CI on its platform', () => {
  const mustRun = process.env['CI'] !== undefined && process.platform === 'linux' && process.arch === 'x64';
  expect(hasKubernetesServer || !mustRun).toBe(true);
});

describe('mcp-proxy with a key', () => {
  const bed = createTestbed();
  const auth = { type: 'APIKey', apiKey: { secretKeyRef: { name: 'proxy', key: 'key' } } } as const;
  let server: RealServer;
  beforeAll(async () => {
    server = await startRealServer(mcpProxy('k-1'));
  });
  afterAll(stopRealServers);

  it('no key is AuthenticationRequired, without a second try', async () => {
    const report = await bed.probe({ url: server.url() });
    expect(report).toMatchObject({
      attempts: 1,
      verdict: { class: 'Denied', reason: 'AuthenticationRequired', httpStatus: 401 },
    });
  });

  it('E1: another key is CredentialsRejected, sent once because it did not change', async () => {
    bed.secrets.set('proxy', dataObject({ key: 'k-2' }));
    const report = await bed.probe({ url: server.url(), auth });
    expect(report).toMatchObject({ attempts: 1, verdict: { class: 'Denied', reason: 'CredentialsRejected', httpStatus: 401 } });
  });

  it('E1: the right key is Available, and both clients agree', async () => {
    bed.secrets.set('proxy', dataObject({ key: 'k-1' }));
    const report = await bed.probe({ url: server.url(), auth });
    expect(offerOfProbe(report)).toEqual(await offerOfSDK(server.url(), undefined, { 'x-api-key': 'k-1' }));
  });

  it('the key is asked for before the path: a wrong path without it is a denial', async () => {
    expect(reasonOf(await bed.probe({ url: server.url('/nothing-here') }))).toBe('AuthenticationRequired');
  });
});

describe('a server of the other era than the one that the spec pins', () => {
  const bed = createTestbed();
  afterAll(stopRealServers);

  it('a modern-only server has no version for a client that is pinned to Legacy', async () => {
    const server = await startRealServer(sdkServer('modern'));
    const report = await bed.probe({ url: server.url(), protocol: 'Legacy' });
    expect(report.verdict).toMatchObject({ class: 'Permanent', reason: 'UnsupportedProtocolVersion', rpcCode: -32_022 });
  });

  it('a remembered era that is gone is detected anew', async () => {
    const server = await startRealServer(sdkServer('modern'));
    const remembered = { transport: 'StreamableHTTP', era: 'Legacy', protocolVersion: '2025-11-25' } as const;
    const { verdict } = await bed.probe({ url: server.url() }, { remembered });
    expect(verdict).toMatchObject({ kind: 'available', finding: { era: 'Modern', negotiated: true } });
  });
});
