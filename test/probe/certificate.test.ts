import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority } from '../../hack/controlplane/certificates.ts';
import { watchCertificate } from '../../src/probe/certificate.ts';
import { modern } from './behaviours.ts';
import { createTestbed, dataObject } from './testbed.ts';

const authority = createAuthority({ name: 'Test CA' });
/** Certificates know whole seconds. */
const EXPIRES_MS = Date.parse('2049-06-01T12:00:00Z');
const servers: (Server & { closeAllConnections(): void })[] = [];
let secure = 0;
let plain = 0;

async function listen(server: https.Server | http.Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  const pair = authority.issue({ commonName: 's', usage: 'server', ipAddresses: ['127.0.0.1'], notAfter: new Date(EXPIRES_MS) });
  const answer: http.RequestListener = (_request, reply) => {
    reply.end(JSON.stringify({ jsonrpc: '2.0', id: 0, result: { supportedVersions: ['2026-07-28'], capabilities: {} } }));
  };
  secure = await listen(https.createServer({ cert: pair.certPem, key: pair.keyPem }, answer));
  plain = await listen(http.createServer(answer));
});
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** Sends one request and reads its answer. */
function fetchOnce(request: http.ClientRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    request.on('response', (response) => response.resume().on('end', resolve));
    request.on('error', reject);
    request.end();
  });
}

test('the end of a certificate is told at the handshake, once for all requests of a connection', async () => {
  const noted: number[] = [];
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: authority.certPem });
  for (let i = 0; i < 3; i++) {
    const request = https.request({ host: '127.0.0.1', port: secure, agent });
    await fetchOnce(watchCertificate(request, (expiresAtMs) => noted.push(expiresAtMs)));
  }
  agent.destroy();
  expect(noted).toEqual([EXPIRES_MS]);
});

test('without TLS nothing is told', async () => {
  const noted: number[] = [];
  await fetchOnce(watchCertificate(http.request({ host: '127.0.0.1', port: plain }), (expiresAtMs) => noted.push(expiresAtMs)));
  expect(noted).toEqual([]);
});

test('the report of a probe says when the certificate expires, and that of a plain server does not', async () => {
  const bed = createTestbed();
  bed.configMaps.set('ca', dataObject({ 'ca.crt': authority.certPem }));
  const tls = { caBundleRef: { configMapKeyRef: { name: 'ca', key: 'ca.crt' } } };
  const report = await bed.probe({ url: `https://127.0.0.1:${secure}/mcp`, tls, retry: { attempts: 1 } });
  expect(report.certificateExpiresAtMs).toBe(EXPIRES_MS);
  const server = await bed.serve(modern({}));
  expect(await bed.probe({ url: server.url('/mcp') })).not.toHaveProperty('certificateExpiresAtMs');
  await bed.close();
});
