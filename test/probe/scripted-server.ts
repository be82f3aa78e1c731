/**
 * Servers that do what a test tells them, on 127.0.0.1, over real sockets: HTTP behaviours as functions, or raw bytes over TCP. They
 * record every request and connection, so that a test can say exactly what was sent and whether sockets were freed.
 */
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { holdPort } from '../../hack/held-port.ts';

/** One request as it arrived. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  /** The parsed JSON body, or undefined. */
  readonly message: Message | undefined;
  /** The body as text. */
  readonly body: string;
  /** Which connection it came on, counted from 1. */
  readonly connection: number;
}

export interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

export type Behaviour = (seen: Seen, reply: http.ServerResponse) => void | Promise<void>;

export interface Scripted {
  readonly port: number;
  /** `http://127.0.0.1:PORT/mcp` unless another path is given. */
  url(path?: string): string;
  readonly requests: Seen[];
  /** Methods of JSON-RPC messages, or HTTP methods where there was none, in order. */
  calls(): string[];
  /** Connections accepted so far. */
  connections(): number;
  /** Connections that are open. */
  open(): number;
  become(behaviour: Behaviour): void;
  close(): Promise<void>;
}

/** An HTTP server with a behaviour. */
export async function startServer(behaviour: Behaviour): Promise<Scripted> {
  let behave = behaviour;
  const requests: Seen[] = [];
  const numbers = new WeakMap<Socket, number>();
  const server = http.createServer({ keepAliveTimeout: 60_000 }, async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const seen: Seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      message: parse(body),
      body,
      connection: numbers.get(request.socket) ?? 0,
    };
    requests.push(seen);
    await behave(seen, reply);
  });
  const sockets = trackSockets(server, (socket, number) => numbers.set(socket, number));
  const port = await listen(server);
  return {
    port,
    url: (path = '/mcp') => `http://127.0.0.1:${port}${path}`,
    requests,
    calls: () => requests.map(({ message, method }) => message?.method ?? method),
    connections: sockets.total,
    open: sockets.open,
    become(next) {
      behave = next;
    },
    close: () => sockets.close(),
  };
}

/** A TCP server; `talk` gets each connection and what arrived on it, chunk by chunk. */
export async function startRawServer(
  talk: (socket: Socket, chunk: Buffer, connection: number) => void,
): Promise<Omit<Scripted, 'become'>> {
  const requests: Seen[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    const connection = sockets.total();
    socket.on('data', (chunk) => {
      requests.push({ method: 'RAW', path: '', headers: {}, message: undefined, body: chunk.toString('latin1'), connection });
      talk(socket, Buffer.from(chunk), connection);
    });
  });
  const sockets = trackSockets(server, () => {});
  const port = await listen(server);
  return {
    port,
    url: (path = '/mcp') => `http://127.0.0.1:${port}${path}`,
    requests,
    calls: () => requests.map(({ method }) => method),
    connections: sockets.total,
    open: sockets.open,
    close: () => sockets.close(),
  };
}

/** A port of 127.0.0.1 that nobody listens on, nor is given to listen on, for as long as this process lasts. */
export async function closedPort(): Promise<number> {
  const { port } = await holdPort();
  return port;
}

function trackSockets(server: net.Server, onOpen: (socket: Socket, number: number) => void) {
  const open = new Set<Socket>();
  let total = 0;
  server.prependListener('connection', (socket: Socket) => {
    total += 1;
    open.add(socket);
    onOpen(socket, total);
    socket.on('close', () => open.delete(socket));
  });
  return {
    total: () => total,
    open: () => open.size,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function parse(text: string): Message | undefined {
  try {
    return JSON.parse(text) as Message;
  } catch {
    return undefined;
  }
}
