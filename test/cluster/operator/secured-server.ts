/**
 * An MCP server as teams run them: behind a certificate of an authority of their own, and closed to whoever does not show the token.
 */
import { type AddressInfo, connect } from 'node:net';
import tls from 'node:tls';
import { createAuthority } from '../../../hack/controlplane/certificates.ts';
import { modern, respond } from '../../probe/behaviours.ts';
import { startServer } from '../../probe/scripted-server.ts';

export interface SecuredServer {
  readonly url: string;
  /** What its clients must trust. */
  readonly caPem: string;
  close(): Promise<void>;
}

/** Serves whoever shows `token` as a bearer, and answers 401 to all others. Close it. */
export async function startSecuredServer(token: string): Promise<SecuredServer> {
  const plain = await startServer((seen, reply) =>
    (seen.headers.authorization === `Bearer ${token}` ? modern() : respond(401))(seen, reply),
  );
  const authority = createAuthority({ name: 'Team CA' });
  const { certPem, keyPem } = authority.issue({ commonName: 's', usage: 'server', ipAddresses: ['127.0.0.1'] });
  const front = tls.createServer({ cert: certPem, key: keyPem }, (near) => {
    const far = connect(plain.port, '127.0.0.1');
    near.on('error', () => undefined).on('close', () => far.destroy());
    far.on('error', () => undefined).on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(front.address() as AddressInfo).port}/mcp`,
    caPem: authority.certPem,
    async close() {
      // Ends the connections of the front too.
      await plain.close();
      await new Promise<void>((resolve) => front.close(() => resolve()));
    },
  };
}
