import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Authority, createAuthority } from '../../hack/controlplane/certificates.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import type { KubeConfig } from '../../src/kube/config.ts';
import { createFakeClock, type FakeClock, fixedRandom } from '../platform/fake-clock.ts';

const GET = { method: 'GET', path: '/', retry: false } as const;
const WATCH = { path: '/', query: { watch: 'true' } };

let directory: string;
let first: Authority;
let second: Authority;
let server: Server;
let clock: FakeClock;
let client: KubeClient;
let peers: string[];
let sockets: number;

const file = (name: string) => join(directory, name);
const serverKeys = (authority: Authority) => {
  const { certPem, keyPem } = authority.issue({ commonName: 'api', ipAddresses: ['127.0.0.1'], usage: 'server' });
  return { cert: certPem, key: keyPem };
};
async function writeClientCertificate(commonName: string): Promise<void> {
  const { certPem, keyPem } = first.issue({ commonName, usage: 'client' });
  await writeFile(file('client.crt'), certPem);
  await writeFile(file('client.key'), keyPem);
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kube-tls-'));
  first = createAuthority({ name: 'first' });
  second = createAuthority({ name: 'second' });
  await writeFile(file('ca.crt'), first.certPem);
  await writeClientCertificate('one');
  peers = [];
  sockets = 0;
  server = createServer(
    { ...serverKeys(first), requestCert: true, rejectUnauthorized: false, ca: first.certPem },
    (request, response) => {
      peers.push(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN));
      if (request.url?.includes('watch')) response.write('x');
      else response.end('y');
    },
  );
  server.on('secureConnection', () => sockets++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  clock = createFakeClock();
  const config: KubeConfig = {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    basePath: '',
    namespace: 'default',
    source: 'test',
    tls: { caFile: file('ca.crt'), skipVerify: false },
    user: { certFile: file('client.crt'), keyFile: file('client.key') },
  };
  client = createKubeClient({ config, clock, random: fixedRandom(0.5) });
});

afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

test('one connection serves call after call, with the client certificate', async () => {
  for (let n = 0; n < 5; n++) expect((await client.request(GET)).kind).toBe('ok');
  expect(peers).toEqual(['one', 'one', 'one', 'one', 'one']);
  // The pool may open a second one while the first still ends its call.
  expect(sockets).toBeLessThanOrEqual(2);
});

test('a client certificate that rotates on disk is used within a minute, and open watches live on', async () => {
  const opened = await client.stream({ ...WATCH, signal: new AbortController().signal });
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const chunks = opened.chunks[Symbol.asyncIterator]();
  expect(String((await chunks.next()).value)).toBe('x');
  const end = chunks.next().then(() => 'ended');
  await writeClientCertificate('two');
  expect((await client.request(GET)).kind).toBe('ok');
  await clock.advance(60_000);
  expect((await client.request(GET)).kind).toBe('ok');
  expect(peers).toEqual(['one', 'one', 'two']);
  expect(await Promise.race([end, clock.advance(1).then(() => 'open')])).toBe('open');
  await client.close();
  await end.catch(() => undefined);
});

test('a server whose CA rotated is refused once, and trusted when the CA file has followed', async () => {
  expect((await client.request(GET)).kind).toBe('ok');
  server.setSecureContext({ ...serverKeys(second), ca: first.certPem });
  server.closeAllConnections();
  await writeFile(file('ca.crt'), first.certPem + second.certPem);
  await clock.advance(1_000);
  const results = [await client.request(GET), await client.request(GET), await client.request(GET)];
  expect(results.at(-1)?.kind).toBe('ok');
  expect(results.filter(({ kind }) => kind !== 'ok').length).toBeLessThanOrEqual(2);
});

test('a server of an unknown CA is not spoken to', async () => {
  await writeFile(file('ca.crt'), second.certPem);
  const result = await client.request(GET);
  expect(result).toMatchObject({ kind: 'network', errorCode: expect.stringMatching(/CERT|SIGNATURE/) });
  expect(peers).toEqual([]);
});
