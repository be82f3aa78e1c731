/**
 * A port of 127.0.0.1 that is ours although nobody listens on it: for a server that comes later, or goes and comes back, and for an
 * address that must refuse connections for as long as a test lasts. A port that was merely free a moment ago goes to the next program
 * that asks the system for any, and tests on two cores ask a hundred times a second.
 *
 * It is held by a connection that starts at it. The system gives such a port neither to who listens on "any" (bind(2), port 0) nor to
 * who connects; whoever names it can still listen on it, as long as he sets SO_REUSEADDR, which Node, Go and Python do by default.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface HeldPort {
  readonly port: number;
  /** Lets the system give the port to others. A server that listens on it is not disturbed. Idempotent. */
  release(): void;
}

/** Holds a port until it is released or the process ends, which it does not keep from ending. Rejects when the system has none left. */
export async function holdPort(): Promise<HeldPort> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  // The local address makes it a bind(2) with SO_REUSEADDR; without one the port could not be listened on.
  const near = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, localAddress: '127.0.0.1' });
  await new Promise<void>((resolve, reject) => near.once('error', reject).once('connect', resolve));
  const ends = [near, await accepted];
  server.close();
  for (const end of ends) end.on('error', () => undefined).unref();
  const { localPort: port } = near;
  if (port === undefined) throw new Error('a connected socket has no local port');
  return {
    port,
    release() {
      // A reset: an orderly end would keep the port for a minute.
      for (const end of ends) end.resetAndDestroy();
    },
  };
}
