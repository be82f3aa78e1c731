import { X509Certificate } from 'node:crypto';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, type IssueOptions } from '../../hack/controlplane/certificates.ts';
import { respond } from './behaviours.ts';
import { closedPort } from './scripted-server.ts';
import { createTestbed, dataObject, reasonOf } from './testbed.ts';

const authority = createAuthority({ name: 'Test CA' });
const stranger = createAuthority({ name: 'Another CA' });
const DAY_MS = 86_400_000;
const servers: https.Server[] = [];
let good = 0;
let demanding = 0;

/** Answers as a modern server without any list. */
async function serve(options: Partial<IssueOptions> = {}, more: https.ServerOptions = {}): Promise<number> {
  const pair = authority.issue({
    commonName: 's',
    usage: 'server',
    dnsNames: ['tools.example'],
    ipAddresses: ['127.0.0.1'],
    ...options,
  });
  const server = https.createServer({ cert: pair.certPem, key: pair.keyPem, ...more }, (_request, reply) => {
    reply.end(JSON.stringify({ jsonrpc: '2.0', id: 0, result: { supportedVersions: ['2026-07-28'], capabilities: {} } }));
  });
  server.on('tlsClientError', () => {});
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  good = await serve();
  demanding = await serve({}, { ca: authority.certPem, requestCert: true, rejectUnauthorized: true });
});
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

function bedWithBundle(policy: Parameters<typeof createTestbed>[0] = {}) {
  const bed = createTestbed({
    resolve: async () => ({ kind: 'resolved', addresses: [{ address: '127.0.0.1', family: 4 }] }),
    ...policy,
  });
  bed.configMaps.set(
    'ca',
    dataObject({
      'ca.crt': authority.certPem,
      wrong: stranger.certPem,
      broken: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    }),
  );
  return bed;
}
const bundle = (key = 'ca.crt') => ({ caBundleRef: { configMapKeyRef: { name: 'ca', key } } });
const once = { retry: { attempts: 1 }, probe: { timeoutSeconds: 2 } };

describe('the server’s certificate', () => {
  it('D5: of a private CA is trusted through the bundle, by address and by name', async () => {
    const bed = bedWithBundle();
    for (const host of ['127.0.0.1', 'tools.example']) {
      expect(reasonOf(await bed.probe({ url: `https://${host}:${good}/mcp`, tls: bundle(), ...once }))).toBe('Available');
      expect(
        reasonOf(await bed.probe({ url: `https://${host}:${good}/mcp`, tls: { ...bundle(), systemRoots: false }, ...once })),
      ).toBe('Available');
    }
  });

  it.each([
    ['without a bundle', {}],
    ['with the bundle of another CA', bundle('wrong')],
    ['with no roots at all', { systemRoots: false }],
  ])('is not trusted %s', async (_name, settings) => {
    const report = await bedWithBundle().probe({ url: `https://127.0.0.1:${good}/mcp`, tls: settings, ...once });
    expect(report.verdict).toMatchObject({ class: 'Permanent', reason: 'TLSCertificateInvalid', stage: 'tls' });
  });

  it('for another name is not accepted, unless the spec names the one it bears', async () => {
    const bed = bedWithBundle();
    const url = `https://other.example:${good}/mcp`;
    expect(reasonOf(await bed.probe({ url, tls: bundle(), ...once }))).toBe('TLSCertificateInvalid');
    expect(reasonOf(await bed.probe({ url, tls: { ...bundle(), serverName: 'tools.example' }, ...once }))).toBe('Available');
  });

  it('that expired is permanent, one that is not valid yet is transient', async () => {
    const bed = bedWithBundle();
    const old = await serve({ notBefore: new Date(Date.now() - 2 * DAY_MS), notAfter: new Date(Date.now() - DAY_MS) });
    const early = await serve({ notBefore: new Date(Date.now() + DAY_MS), notAfter: new Date(Date.now() + 2 * DAY_MS) });
    const visit = (port: number) => bed.probe({ url: `https://127.0.0.1:${port}/mcp`, tls: bundle(), ...once });
    expect((await visit(old)).verdict).toMatchObject({ class: 'Permanent', reason: 'TLSCertificateInvalid' });
    expect((await visit(early)).verdict).toMatchObject({ class: 'Transient', reason: 'TLSCertificateNotYetValid' });
  });

  it('is not skipped without the administrator’s leave, and then no packet is sent', async () => {
    const spec = { url: `https://127.0.0.1:${good}/mcp`, tls: { insecureSkipVerify: true }, ...once };
    expect(reasonOf(await bedWithBundle().probe(spec))).toBe('DestinationForbidden');
    expect(reasonOf(await bedWithBundle({ policy: { allowInsecureSkipVerify: true } }).probe(spec))).toBe('Available');
  });
});

describe('a bundle', () => {
  it.each([
    ['that is not there', 'missing', 'CABundleNotFound'],
    ['that does not parse', 'broken', 'InvalidCredentials'],
  ])('%s is told, and nothing is sent', async (_name, key, reason) => {
    expect(await bedWithBundle().probe({ url: `https://127.0.0.1:${good}/mcp`, tls: bundle(key) })).toMatchObject({
      attempts: 0,
      verdict: { reason, field: 'tls.caBundleRef' },
    });
  });
});

describe('a client certificate', () => {
  const identity = authority.issue({ commonName: 'client', usage: 'client' });
  const spec = () => ({ url: `https://127.0.0.1:${demanding}/mcp`, ...once });

  it('is shown to a server that demands one', async () => {
    const bed = bedWithBundle();
    bed.secrets.set('me', dataObject({ 'tls.crt': identity.certPem, 'tls.key': identity.keyPem }));
    expect(reasonOf(await bed.probe({ ...spec(), tls: { ...bundle(), clientCertificateRef: { name: 'me' } } }))).toBe(
      'Available',
    );
  });

  const fingerprint = new X509Certificate(identity.certPem).fingerprint256.replaceAll(':', '').slice(0, 8).toLowerCase();
  const use = { namespace: 'team', name: 'server', probeID: 'cafe0001', host: '127.0.0.1', fingerprint };

  it('D9: is told to the audit log once, when a handshake began, whoever the server was', async () => {
    for (const [port, attempts] of [
      [demanding, 1],
      [good, 1],
      [await closedPort(), 0],
    ] as const) {
      const bed = bedWithBundle();
      bed.secrets.set('me', dataObject({ 'tls.crt': identity.certPem, 'tls.key': identity.keyPem }));
      for (const settings of [bundle(), {}]) {
        bed.audit.splice(0);
        const url = `https://127.0.0.1:${port}/mcp`;
        await bed.probe({ url, tls: { ...settings, clientCertificateRef: { name: 'me' } }, ...once });
        expect(bed.audit).toEqual(Array.from({ length: attempts }, () => ({ ...use, decision: 'sent' })));
      }
    }
  });

  it('D9: is not told of over plain http, where it is not used', async () => {
    const bed = bedWithBundle();
    bed.secrets.set('me', dataObject({ 'tls.crt': identity.certPem, 'tls.key': identity.keyPem }));
    const server = await bed.serve(respond(500));
    await bed.probe({ url: server.url(), tls: { clientCertificateRef: { name: 'me' } }, ...once });
    expect({ audit: bed.audit, requests: server.requests.length }).toEqual({ audit: [], requests: 1 });
    await bed.close();
  });

  it('D9: that is withheld is told to the audit log, with the reason', async () => {
    const bed = bedWithBundle();
    const bound = { 'mcpserver-operator.dev/allowed-hosts': 'a.example.com' };
    bed.secrets.set('me', dataObject({ 'tls.crt': identity.certPem, 'tls.key': identity.keyPem }, bound));
    await bed.probe({ ...spec(), tls: { ...bundle(), clientCertificateRef: { name: 'me' } } });
    expect(bed.audit).toEqual([{ ...use, decision: 'withheld', reason: 'notBoundToHost' }]);
  });

  it('that is missing is a denial', async () => {
    const report = await bedWithBundle().probe({ ...spec(), tls: bundle() });
    expect(report.verdict).toMatchObject({ class: 'Denied', reason: 'ClientCertificateRejected' });
  });

  it.each<[string, Record<string, string>, Record<string, string>, string]>([
    ['is not there', { other: 'x' }, {}, 'CredentialsNotFound'],
    ['does not parse', { 'tls.crt': 'x', 'tls.key': 'y' }, {}, 'InvalidCredentials'],
    [
      'is bound to another host',
      { 'tls.crt': identity.certPem, 'tls.key': identity.keyPem },
      { 'mcpserver-operator.dev/allowed-hosts': 'x' },
      'SecretNotBoundToHost',
    ],
  ])('that %s is not used', async (_name, data, annotations, reason) => {
    const bed = bedWithBundle();
    bed.secrets.set('me', dataObject(data, annotations));
    expect(await bed.probe({ ...spec(), tls: { clientCertificateRef: { name: 'me' } } })).toMatchObject({
      attempts: 0,
      verdict: { reason, field: 'tls.clientCertificateRef' },
    });
  });
});

describe('a handshake', () => {
  it('with a server that speaks no TLS is permanent', async () => {
    const bed = createTestbed();
    const server = await bed.serveRaw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const report = await bed.probe({ url: server.url().replace('http:', 'https:'), ...once });
    expect(report.verdict).toMatchObject({ class: 'Permanent', reason: 'TLSHandshakeFailed' });
    await bed.close();
  });

  it('that never ends is transient, and has its own reason', async () => {
    const bed = createTestbed();
    const server = await bed.serveRaw(() => {});
    const report = await bed.probe({ url: server.url().replace('http:', 'https:'), ...once, probe: { timeoutSeconds: 1 } });
    expect(report.verdict).toMatchObject({ reason: 'TLSHandshakeTimeout', stage: 'tls' });
    await bed.close();
  });

  it('needs TLS 1.2 at least', () => {
    expect(tls.DEFAULT_MIN_VERSION).toBe('TLSv1.2');
  });
});
