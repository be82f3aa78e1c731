/**
 * Client certificates before real TLS stacks: OpenSSL with its alerts in both versions of TLS, and the Python SDK's server on uvicorn, which
 * closes without one. The Node one is the demo's (test/hack/demo/servers/partner.test.ts). Left out as the other Python servers are.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, type KeyPair } from '../../hack/controlplane/certificates.ts';
import { reasonsTable } from '../../src/api/v1alpha1/reasons.ts';
import { createTestbed, dataObject } from '../probe/testbed.ts';
import { preparePython, scriptOf } from './python-setup.ts';
import { type RealServer, startRealServer, stopRealServers } from './real-server.ts';
import { offerOfProbe } from './two-clients.ts';

const python = await preparePython();
const authority = createAuthority({ name: 'Interop CA' });
const right = authority.issue({ commonName: 'probe', usage: 'client' });
const stranger = createAuthority({ name: 'Another CA' }).issue({ commonName: 'probe', usage: 'client' });
const expired = authority.issue({ commonName: 'probe', usage: 'client', notBefore: new Date(0), notAfter: new Date(1_000) });

it('these servers may be left out, but not in CI', () => {
  expect(python.kind === 'ready' || process.env['CI'] === undefined, JSON.stringify(python)).toBe(true);
});

if (python.kind === 'ready') describeMutualTLS(python.command);

function describeMutualTLS(command: string): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'mcpserver-operator-interop-'));
  const own = authority.issue({ commonName: 'server', usage: 'server', ipAddresses: ['127.0.0.1'] });
  const files = { 'server.crt': own.certPem, 'server.key': own.keyPem, 'ca.crt': authority.certPem };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text, { mode: 0o600 });
  afterAll(async () => {
    await stopRealServers();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = (script: string, ...more: readonly string[]) =>
    startRealServer({
      name: `Python, ${[script, ...more].join(' ')}`,
      command,
      args: (port) => [scriptOf(`${script}.py`), String(port), folder, ...more],
      scheme: 'https',
    });

  describe.each(['1.2', '1.3'])('OpenSSL, TLS %s', (version) => {
    let server: RealServer;
    beforeAll(async () => {
      server = await start('alerting_tls', version);
    });

    it('row 13: a certificate of another authority is refused by alert: ClientCertificateRejected, after one attempt', async () => {
      expect(await probeAs(server, stranger)).toMatchObject({
        attempts: 1,
        verdict: { class: 'Denied', reason: 'ClientCertificateRejected', row: 13 },
      });
    });

    it('row 13: so is one that has expired', async () => {
      expect((await probeAs(server, expired)).verdict).toMatchObject({ reason: 'ClientCertificateRejected', row: 13 });
    });

    it('the right one comes in', async () => {
      expect((await probeAs(server, right)).verdict).toMatchObject({ reason: 'ServerUnavailable', httpStatus: 503 });
    });

    // In TLS 1.2 the alert is handshake_failure, which says no more than that something was not to its liking.
    const none = version === '1.3' ? ['Denied', 'ClientCertificateRejected'] : ['Permanent', 'TLSHandshakeFailed'];
    it(`none at all is ${none.join(', ')}`, async () => {
      expect((await probeAs(server)).verdict).toMatchObject({ class: none[0], reason: none[1] });
    });
  });

  describe('the Python SDK on uvicorn', () => {
    let server: RealServer;
    beforeAll(async () => {
      server = await start('mutual_tls');
    });

    it('is Available with the right certificate', async () => {
      expect(offerOfProbe(await probeAs(server, right)).tools).toEqual(['add']);
    });

    it('closes without an alert on any other and on none: Transient, and the remedy names the certificate', async () => {
      for (const pair of [stranger, expired, undefined]) {
        expect((await probeAs(server, pair)).verdict).toMatchObject({ class: 'Transient', reason: 'ConnectionReset' });
      }
      expect(reasonsTable.find(({ reason }) => reason === 'ConnectionReset')?.remedy).toContain('client certificate');
    });
  });
}

function probeAs(server: RealServer, pair?: KeyPair) {
  const bed = createTestbed();
  bed.configMaps.set('ca', dataObject({ 'ca.crt': authority.certPem }));
  const bundle = { caBundleRef: { configMapKeyRef: { name: 'ca', key: 'ca.crt' } } };
  if (pair === undefined) return bed.probe({ url: server.url(), tls: bundle });
  bed.secrets.set('client', dataObject({ 'tls.crt': pair.certPem, 'tls.key': pair.keyPem }));
  return bed.probe({ url: server.url(), tls: { ...bundle, clientCertificateRef: { name: 'client' } } });
}
