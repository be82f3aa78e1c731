/**
 * A port of 127.0.0.1 that is ours although nobody listens on it: for a server that comes later, or goes and comes back, and for an
 * address that must refuse connections for as long as a test lasts. A port that was merely free a moment ago goes to the next program
 * that asks the system for any, and tests on two cores ask a hundred times a second.
 *
 * It is held by a connection that starts at it. The system gives such a port neither to who listens on "any" (bind(2), port 0) nor to
 * who connects; whoever names it can still listen on it, as long as he sets SO_REUSEADDR, which Node, Go and Python do by default.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface HeldPort {
  readonly port: number;
  /** Lets the system give the port to others. A server that listens on it is not disturbed. Idempotent. */
  release(): void;
}

/** Holds a port until it is released or the process ends, which it does not keep from ending. Rejects when the system has none left. */
export async function holdPort(): Promise<HeldPort> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    const ends = await joinedEnds(server);
    const { localPort: port } = ends[0];
    if (port === undefined) throw new Error('a connected socket has no local port');
    for (const end of ends) end.on('error', () => undefined).unref();
    return {
      port,
      release() {
        // A reset: an orderly end would keep the port for a minute.
        for (const end of ends) end.resetAndDestroy();
      },
    };
  } finally {
    server.close();
  }
}

/** Both ends of a connection to `server`. Strangers that knock at the same moment are sent away. */
function joinedEnds(server: Server): Promise<readonly [near: Socket, far: Socket]> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    // The local address makes it a bind(2) with SO_REUSEADDR; without one the port could not be listened on.
    const near = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.1' });
    near.once('error', reject).once('close', () => reject(new Error('the connection that was to hold a port ended')));
    // Our end may be the later one to hear of it.
    const connected = new Promise<void>((done) => near.once('connect', () => done()));
    server.on('connection', async (far) => {
      await connected;
      if (far.remotePort === near.localPort) resolve([near, far]);
      else far.destroy();
    });
  });
}
