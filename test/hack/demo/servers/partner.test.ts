import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../../../hack/controlplane/certificates.ts';
import { SAMPLE_SERVERS } from '../../../../hack/demo/servers/catalogue.ts';
import { createPartnerServer } from '../../../../hack/demo/servers/partner.ts';
import { readManifests } from '../../../../src/cli/manifest.ts';
import type { DataObject } from '../../../../src/probe/ports.ts';
import { createTestbed, dataObject, reasonOf } from '../../../probe/testbed.ts';
import { withServer } from './wire.ts';

const files = ['mutual-tls.yaml', 'no-certificate.yaml'].map((file) => ({
  file,
  contents: readFileSync(path.resolve(import.meta.dirname, '../../../../hack/samples', file), 'utf8'),
}));
const { servers, references } = readManifests(files);

/** What a sample's Secret or ConfigMap holds. */
async function read(kind: 'Secret' | 'ConfigMap', name: string): Promise<DataObject> {
  const { signal } = new AbortController();
  const lookup =
    kind === 'Secret'
      ? await references.readSecret('default', name, signal)
      : await references.readConfigMap('default', name, signal);
  if (lookup.kind !== 'found') throw new Error(`${kind} ${name}: ${lookup.kind}`);
  return lookup.value;
}
const pem = (object: DataObject, key: string) => Buffer.from(object.data.get(key) ?? '');

/** Probes as a sample says, with another Secret for the client where one is given. */
async function probeAs(sample: string, url: string, secret?: DataObject) {
  const bed = createTestbed();
  bed.configMaps.set(sample, await read('ConfigMap', sample));
  if (sample === 'mutual-tls') bed.secrets.set(sample, secret ?? (await read('Secret', sample)));
  const spec = servers.find(({ name }) => name === sample)?.spec;
  return bed.probe({ ...spec, url: url.replace('http:', 'https:'), retry: { attempts: 1 } });
}

test('with the certificate of the sample it is a healthy server', () =>
  withServer(createPartnerServer, async (url) => {
    const report = await probeAs('mutual-tls', url);
    expect(report).toMatchObject({ attempts: 1, outcome: { finding: { snapshot: { tools: { items: { length: 2 } } } } } });
  }));

test('without one it is a denial that names the certificate', () =>
  withServer(createPartnerServer, async (url) => {
    const report = await probeAs('no-certificate', url);
    expect(report).toMatchObject({ attempts: 1, verdict: { class: 'Denied', reason: 'ClientCertificateRejected' } });
  }));

test('one of another authority does not come in', () =>
  withServer(createPartnerServer, async (url) => {
    const { certPem, keyPem } = createAuthority({ name: 'Sample Partner CA' }).issue({ commonName: 'x', usage: 'client' });
    const report = await probeAs('mutual-tls', url, dataObject({ 'tls.crt': certPem, 'tls.key': keyPem }));
    expect(reasonOf(report)).toBe('ConnectionReset');
  }));

test.each(['TLSv1.2', 'TLSv1.3'] as const)('it speaks %s', (version) =>
  withServer(createPartnerServer, async (url) => {
    const secret = await read('Secret', 'mutual-tls');
    const identity = { cert: pem(secret, 'tls.crt'), key: pem(secret, 'tls.key') };
    const ca = pem(await read('ConfigMap', 'mutual-tls'), 'ca.crt');
    const { hostname: host, port } = new URL(url);
    const socket = tls.connect({ host, port: Number(port), ca, ...identity, minVersion: version, maxVersion: version });
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    expect(socket.getProtocol()).toBe(version);
    socket.destroy();
  }),
);

describe('its certificates', () => {
  const folder = path.resolve(import.meta.dirname, '../../../../hack/demo/servers/partner');
  const authority = new X509Certificate(readFileSync(path.join(folder, 'ca.crt')));
  const own = new X509Certificate(readFileSync(path.join(folder, 'server.crt')));

  test('are of the authority in the samples', async () => {
    for (const sample of ['mutual-tls', 'no-certificate']) {
      const bundle = new X509Certificate(pem(await read('ConfigMap', sample), 'ca.crt'));
      expect(bundle.fingerprint256).toBe(authority.fingerprint256);
    }
    const client = new X509Certificate(pem(await read('Secret', 'mutual-tls'), 'tls.crt'));
    for (const certificate of [own, client]) expect(certificate.verify(authority.publicKey)).toBe(true);
  });

  test('never expire, and bear the address of the manifests and the one of free ports', async () => {
    const client = new X509Certificate(pem(await read('Secret', 'mutual-tls'), 'tls.crt'));
    for (const { validTo } of [authority, own, client]) expect(new Date(validTo).getUTCFullYear()).toBe(9999);
    const host = SAMPLE_SERVERS.find(({ create }) => create === createPartnerServer)?.host ?? '';
    for (const address of [host, '127.0.0.1']) expect(own.checkIP(address)).toBe(address);
  });
});
