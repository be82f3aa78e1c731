/**
 * Gives every sample server a socket: at the address in the manifests, or, where one of these can't be had (no Linux, another
 * demo, another program on the port), all of them at free ports of 127.0.0.1. Then `relocate` rewrites the manifests to match.
 */
import type { Server, Socket } from 'node:net';
import { SAMPLE_PORT, SAMPLE_SERVERS, type SampleServer } from './catalogue.ts';

/** From `host:port` as the manifests say it to where the server really is. Empty: everything is where the manifests say. */
export type Moves = Readonly<Record<string, string>>;

export interface Placement {
  readonly moves: Moves;
  /** Stops listening and cuts open connections. */
  close(): Promise<void>;
}

/** Nothing but a historic multiplexer listens on port 1: the closed port of machines without 127.0.20.9. */
const CLOSED = '127.0.0.1:1';

const UNAVAILABLE = new Set(['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES']);

/** Starts all of `samples` at their own addresses or all at free ports. Rejects when even free ports fail. */
export async function placeServers(samples: readonly SampleServer[] = SAMPLE_SERVERS, port = SAMPLE_PORT): Promise<Placement> {
  try {
    return await startAll(samples, port, 'asWritten');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && UNAVAILABLE.has(String(error.code)))) throw error;
    return startAll(samples, port, 'anyPort');
  }
}

async function startAll(samples: readonly SampleServer[], port: number, where: 'asWritten' | 'anyPort'): Promise<Placement> {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const moves: Record<string, string> = {};
  const close = async () => {
    const closed = servers.map(stop);
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  };
  try {
    for (const { host, create } of samples) {
      const server = create?.();
      if (server !== undefined) {
        servers.push(server);
        server.on('connection', (socket) => {
          sockets.add(socket);
          socket.once('close', () => sockets.delete(socket));
        });
        await listen(server, where === 'asWritten' ? { host, port } : { host: '127.0.0.1', port: 0 });
      }
      if (where === 'anyPort') moves[`${host}:${port}`] = server === undefined ? CLOSED : addressOf(server);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { moves, close };
}

function listen(server: Server, where: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, backlog: 128 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** A server that never listened has nothing to stop. */
function stop(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a TCP port');
  return `${address.address}:${address.port}`;
}

/** `manifest` with every `host:port` of `moves` in a URL replaced. */
export function relocate(manifest: string, moves: Moves): string {
  return manifest.replace(/(?<=:\/\/)[\d.]+:\d+/g, (authority) => moves[authority] ?? authority);
}
