/**
 * One mock MCP server: a listener on a loopback address of its own, whose behaviour may change at any time. A change hangs up on
 * everybody who is connected, as if the process behind the address had been replaced.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { answerCall, NO_BODY } from './answers.ts';
import type { Behaviour } from './messages.ts';
import { createRequestReader, type HTTPRequest } from './request-reader.ts';
import type { Tally } from './tally.ts';

export interface MockServer {
  readonly url: string;
  /** Resolves when the server behaves so. Rejects when its address can not be listened on. */
  become(behaviour: Behaviour): Promise<void>;
  close(): Promise<void>;
}

/** Where a server listens. */
export interface Address {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** Opens a healthy server. Rejects with the error of `listen`. */
export async function openMockServer(index: number, address: Address, tally: Tally): Promise<MockServer> {
  let behaviour: Behaviour = { kind: 'healthy' };
  let listener: Server | undefined;
  let { port } = address;
  const sockets = new Set<Socket>();

  const open = async () => {
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      const isHealthy = behaviour.kind === 'healthy' || behaviour.kind === 'legacy';
      const over = isHealthy ? tally.connect() : () => undefined;
      socket.on('close', () => {
        sockets.delete(socket);
        over();
        tally.leave(index);
      });
      serve(socket, index, () => behaviour, tally);
    });
    port = await listen(server, { host: address.host, port });
    listener = server;
  };
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  const close = async () => {
    const server = listener;
    listener = undefined;
    hangUp();
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  };

  await open();
  return {
    url: `http://${address.host}:${port}/mcp`,
    async become(next) {
      behaviour = next;
      hangUp();
      if (next.kind === 'refused') await close();
      else if (listener === undefined) await open();
    },
    close,
  };
}

function listen(server: Server, { host, port }: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 128 }, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port'));
      else resolve(address.port);
    });
  });
}

function serve(socket: Socket, index: number, behaviourNow: () => Behaviour, tally: Tally): void {
  const reader = createRequestReader();
  // A client that resets a connection is its own business.
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const requests = reader.push(chunk);
    if (requests === 'broken') socket.destroy();
    else for (const request of requests) answer(socket, index, request, behaviourNow(), tally);
  });
}

/** One for all: what a session costs a server is not asked here. */
const SESSION = 'Mcp-Session-Id: 6a1f0e6c-6f0b-4f0e-9a55-2b1f7c0d9e21\r\n';

function answer(socket: Socket, index: number, request: HTTPRequest, behaviour: Behaviour, tally: Tally): void {
  const isPost = request.method === 'POST';
  const isHealthy = behaviour.kind === 'healthy' || behaviour.kind === 'legacy';
  const { rpcMethod, body } = answerCall(request.body, behaviour.kind === 'legacy' ? 'legacy' : 'modern');
  const over = tally.begin(index, isPost ? rpcMethod : request.method, !isHealthy, Date.now());
  const reply = (status: string, text: string, headers = '') => {
    over();
    const connection = request.isLast ? 'close' : 'keep-alive';
    const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n${headers}`;
    const bytes = `${head}Connection: ${connection}\r\n\r\n${text}`;
    if (request.isLast) socket.end(bytes);
    else socket.write(bytes);
  };
  switch (behaviour.kind) {
    case 'healthy':
      reply(isPost ? '200 OK' : '405 Method Not Allowed', isPost ? body : '{}');
      return;
    case 'legacy':
      if (request.method === 'DELETE') reply('200 OK', NO_BODY);
      else if (!isPost) reply('405 Method Not Allowed', '{}');
      else reply(body === NO_BODY ? '202 Accepted' : '200 OK', body, rpcMethod === 'initialize' ? SESSION : '');
      return;
    case 'unavailable': {
      const timer = setTimeout(() => {
        socket.off('close', abandon);
        reply('503 Service Unavailable', '{}');
      }, behaviour.delayMs);
      const abandon = () => {
        clearTimeout(timer);
        over();
      };
      socket.once('close', abandon);
      return;
    }
    case 'tarpit':
    case 'refused':
      socket.once('close', over);
      return;
  }
}
