import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { createAuthority, type IssueOptions, type KeyPair, openAuthority } from '../../../hack/controlplane/certificates.ts';

const HOUR_MS = 3_600_000;
const SERVER: IssueOptions = {
  commonName: 'server',
  dnsNames: ['localhost'],
  ipAddresses: ['127.0.0.1', '::1'],
  usage: 'server',
};

/** One mutually authenticated handshake on loopback. Resolves with the client's name as the server saw it, or the error code. */
async function handshake(options: { server: KeyPair; serverCa: string; client?: KeyPair; clientCa?: string; name?: string }) {
  const { server, client, clientCa } = options;
  const listener = createServer({
    cert: server.certPem,
    key: server.keyPem,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  });
  onTestFinished(() => {
    listener.close();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return new Promise<string>((resolve) => {
    listener.once('secureConnection', (socket: TLSSocket) => {
      const { subject } = socket.getPeerCertificate();
      socket.on('error', () => undefined).destroy();
      resolve(`accepted ${String(subject?.CN ?? 'anonymous')} of ${String(subject?.O ?? 'none')}`);
    });
    listener.once('tlsClientError', (error: Error & { code?: string }) => {
      if (clientCa !== undefined) resolve(`client refused: ${error.code}`);
    });
    const socket = connect({
      port: address.port,
      host: '127.0.0.1',
      servername: options.name ?? 'localhost',
      ca: options.serverCa,
      ...(client === undefined ? {} : { cert: client.certPem, key: client.keyPem }),
    });
    socket.on('error', (error: Error & { code?: string }) => {
      if (clientCa === undefined) resolve(`server refused: ${error.code}`);
      socket.destroy();
    });
    socket.once('close', () => socket.destroy());
  });
}

test('an authority is a CA that signed itself, and what it issues verifies against it', () => {
  const authority = createAuthority({ name: 'test authority' });
  const ca = new X509Certificate(authority.certPem);
  expect({ isCa: ca.ca, subject: ca.subject, isOwn: ca.checkIssued(ca) && ca.verify(ca.publicKey) }).toEqual({
    isCa: true,
    subject: 'CN=test authority',
    isOwn: true,
  });
  const leaf = new X509Certificate(authority.issue({ ...SERVER, organizations: ['a', 'b'] }).certPem);
  expect(leaf.checkIssued(ca) && leaf.verify(ca.publicKey)).toBe(true);
  expect(leaf.ca).toBe(false);
  expect(leaf.subject).toBe('O=a\nO=b\nCN=server');
  expect(leaf.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
});

test('validity is served to the second, also beyond 2049', () => {
  const notBefore = new Date('2020-02-29T01:02:03Z');
  const notAfter = new Date('2051-06-07T08:09:10Z');
  const leaf = new X509Certificate(createAuthority({ name: 'x' }).issue({ ...SERVER, notBefore, notAfter }).certPem);
  expect([leaf.validFromDate, leaf.validToDate]).toEqual([notBefore, notAfter]);
});

test('an authority opened from its files goes on issuing', () => {
  const { certPem, keyPem } = createAuthority({ name: 'kept' });
  const leaf = new X509Certificate(openAuthority({ certPem, keyPem }).issue(SERVER).certPem);
  const ca = new X509Certificate(certPem);
  expect(leaf.checkIssued(ca) && leaf.verify(ca.publicKey)).toBe(true);
});

test('a real handshake accepts both sides and tells the client’s name and group', async () => {
  const authority = createAuthority({ name: 'x' });
  const client = authority.issue({ commonName: 'alice', organizations: ['admins'], usage: 'client' });
  const ca = authority.certPem;
  expect(await handshake({ server: authority.issue(SERVER), serverCa: ca, client, clientCa: ca })).toBe(
    'accepted alice of admins',
  );
});

test.for<[string, Partial<IssueOptions>, string]>([
  ['expired', { notBefore: new Date(Date.now() - 2 * HOUR_MS), notAfter: new Date(Date.now() - HOUR_MS) }, 'CERT_HAS_EXPIRED'],
  ['not yet valid', { notBefore: new Date(Date.now() + HOUR_MS) }, 'CERT_NOT_YET_VALID'],
  ['for another name', { dnsNames: ['elsewhere.example'], ipAddresses: [] }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['for another usage', { usage: 'client' }, 'INVALID_PURPOSE'],
])('a server certificate that is %s is refused', async ([, change, code]) => {
  const authority = createAuthority({ name: 'x' });
  const server = authority.issue({ ...SERVER, ...change });
  expect(await handshake({ server, serverCa: authority.certPem })).toBe(`server refused: ${code}`);
});

test('certificates of another authority are refused on both sides, even under the same name', async () => {
  const authority = createAuthority({ name: 'x' });
  const other = createAuthority({ name: 'x' });
  const server = authority.issue(SERVER);
  expect(await handshake({ server, serverCa: other.certPem })).toMatch(/^server refused: (SELF_SIGNED|UNABLE_TO|CERT_SIGNATURE)/);
  const client = other.issue({ commonName: 'mallory', usage: 'client' });
  expect(await handshake({ server, serverCa: authority.certPem, client, clientCa: authority.certPem })).toMatch(
    /^client refused/,
  );
});
