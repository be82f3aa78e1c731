/**
 * Looks at what a probe really sends: a relay on loopback between it and a mock server, which keeps the bytes of one direction.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { RecordedRequest } from './messages.ts';

export interface Recording {
  readonly connections: number;
  /** All that was sent, one byte a character. With several connections in the order of arrival. */
  readonly sent: string;
}

/** Of one probe: a handful of requests of less than a KiB. */
const MAX_BYTES = 1024 * 1024;

/** Lets `visit` speak with the server behind `url` through a relay. Rejects as `visit` does. */
export async function recordRequests(url: string, visit: (relayURL: string) => Promise<void>): Promise<Recording> {
  const { hostname, port, pathname } = new URL(url);
  const sockets = new Set<Socket>();
  let connections = 0;
  let sent = '';
  const relay = createServer((client) => {
    connections++;
    const server = connect({ host: hostname, port: Number(port) });
    for (const socket of [client, server]) {
      sockets.add(socket);
      // Either end may go away as it likes; the other one goes with it.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      if (sent.length < MAX_BYTES) sent += chunk.toString('latin1');
    });
    client.pipe(server).pipe(client);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  try {
    await visit(`http://127.0.0.1:${(relay.address() as AddressInfo).port}${pathname}`);
    return { connections, sent };
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => relay.close(resolve));
  }
}

/** The requests of a recording, to be sent again. Bodies have a `Content-Length`, or there is none. */
export function readRequests(sent: string): RecordedRequest[] {
  const requests: RecordedRequest[] = [];
  for (let at = 0; at < sent.length; ) {
    const end = sent.indexOf('\r\n\r\n', at);
    if (end === -1) throw new Error('a request was cut off');
    const [line = '', ...fields] = sent.slice(at, end).split('\r\n');
    const [method = '', path = ''] = line.split(' ');
    const headers = fields.map((field) => splitOnce(field)).filter(([name]) => name.toLowerCase() !== 'connection');
    const length = Number(headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1] ?? 0);
    const start = end + 4;
    at = start + length;
    requests.push({
      method,
      path,
      headers: headers.flat(),
      body: Buffer.from(sent.slice(start, at), 'latin1').toString(),
    });
  }
  return requests;
}

function splitOnce(field: string): [string, string] {
  const colon = field.indexOf(': ');
  return [field.slice(0, colon), field.slice(colon + 2)];
}

/** A recording with the port of its relay taken out: two recordings have two relays. */
export function withoutPort({ sent }: Recording): string {
  return sent.replaceAll(/(\r\nHost: 127\.0\.0\.1):\d+/g, '$1');
}
