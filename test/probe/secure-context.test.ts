import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../../hack/controlplane/certificates.ts';
import { openSecureContext, type TLSSettings } from '../../src/probe/secure-context.ts';

const own = createAuthority({ name: 'Own CA' });
const second = createAuthority({ name: 'Second CA' });
const pair = own.issue({ commonName: 's', usage: 'server', ipAddresses: ['127.0.0.1'] });
const client = own.issue({ commonName: 'client', usage: 'client' });
const server = tls.createServer(
  { cert: pair.certPem, key: pair.keyPem, ca: own.certPem, requestCert: true, rejectUnauthorized: false },
  (socket) => {
    socket.on('error', () => {});
    socket.end(socket.authorized ? 'known' : 'unknown');
  },
);
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => void server.close());

/** Who the server says that we are, or why we did not trust it. */
function meet(settings: TLSSettings): Promise<string> {
  const secureContext = openSecureContext(settings);
  const port = (server.address() as AddressInfo).port;
  return new Promise((resolve) => {
    const socket = tls.connect({ host: '127.0.0.1', port, ...(secureContext === undefined ? {} : { secureContext }) });
    socket.on('data', (text) => resolve(text.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
}

describe('trust', () => {
  it('in the system’s roots alone needs no context of its own', () => {
    expect(openSecureContext({})).toBeUndefined();
    expect(openSecureContext({ systemRoots: true, ca: [] })).toBeUndefined();
  });

  it('in an authority beside the system’s roots or without them, wherever it stands in the bundle, and twice', async () => {
    for (const ca of [[own.certPem], [second.certPem, own.certPem], [own.certPem, own.certPem]]) {
      expect(await meet({ ca })).toBe('unknown');
      expect(await meet({ ca, systemRoots: false })).toBe('unknown');
    }
  });

  it('of one connection is not the next one’s', async () => {
    expect(await meet({ ca: [own.certPem] })).toBe('unknown');
    for (const settings of [{}, { ca: [second.certPem] }, { systemRoots: false }, { systemRoots: false, ca: [second.certPem] }]) {
      expect(await meet(settings)).toMatch(/^(UNABLE_TO|SELF_SIGNED)_/);
    }
  });

  it('in a bundle of its own costs far less than parsing all roots', () => {
    const elapsed = (work: () => unknown) => {
      const startedMs = performance.now();
      for (let count = 0; count < 10; count += 1) work();
      return performance.now() - startedMs;
    };
    openSecureContext({ ca: [own.certPem] });
    const parsing = elapsed(() => tls.createSecureContext({ ca: [...tls.rootCertificates, own.certPem] }));
    expect(elapsed(() => openSecureContext({ ca: [own.certPem] }))).toBeLessThan(parsing / 2);
  });
});

describe('an identity', () => {
  const identity = { cert: Buffer.from(client.certPem), key: Buffer.from(client.keyPem) };
  it('is shown, whomever we trust', async () => {
    expect(await meet({ ...identity, ca: [own.certPem] })).toBe('known');
    expect(await meet({ ...identity, ca: [own.certPem], systemRoots: false })).toBe('known');
    expect(await meet(identity)).toMatch(/^(UNABLE_TO|SELF_SIGNED)_/);
  });

  it('that is none throws', () => {
    expect(() => openSecureContext({ cert: Buffer.from('x'), key: Buffer.from('y') })).toThrow();
    expect(() => openSecureContext({ cert: identity.cert, key: Buffer.from(pair.keyPem) })).toThrow();
  });
});
