/**
 * A healthy server of the oldest transport, HTTP+SSE (2024-11-05), as many are still run: a GET opens a stream of events, which first
 * says where to POST and then carries the answers. The SDK's server speaks the protocol; the transport is ours, since SDK v2 has none.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type JSONRPCMessage, parseJSONRPCMessage, type Transport } from '@modelcontextprotocol/server';
import { buildServer, type SampleTool } from './tools.ts';

const CALENDAR: readonly SampleTool[] = [
  { name: 'free_slots', description: 'When everybody of a group is free.' },
  { name: 'book_room', description: 'Books a room for a time.' },
];

/** Streams at once. A probe closes its own, so more than a few mean that somebody forgets to. */
const MAX_STREAMS = 64;
/** A request body of a probe has a few hundred bytes. */
const MAX_BODY_BYTES = 64 * 1024;

/** GET `/sse` opens a session, POST `/messages?session=ID` speaks in it, and the end of the stream ends it. */
export function createSSEServer(): Server {
  const sessions = new Map<string, Transport>();

  const open = async (response: ServerResponse) => {
    const id = randomUUID();
    const transport = createTransport(response, `/messages?session=${id}`);
    sessions.set(id, transport);
    response.on('close', () => {
      sessions.delete(id);
      transport.onclose?.();
    });
    await buildServer('calendar', 'Calendar', CALENDAR).connect(transport);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'GET' && url.pathname === '/sse') {
      if (sessions.size < MAX_STREAMS) await open(response);
      else response.writeHead(503).end();
      return;
    }
    const message = await readBody(request);
    const session = sessions.get(url.searchParams.get('session') ?? '');
    if (request.method !== 'POST' || url.pathname !== '/messages' || session === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
      return;
    }
    const call = parseJSONRPCMessage(JSON.parse(message));
    response.writeHead(202).end();
    session.onmessage?.(call);
  };

  return createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
}

/** The server's half of a session, on one stream. */
function createTransport(response: ServerResponse, endpoint: string): Transport {
  return {
    async start() {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      response.write(`event: endpoint\ndata: ${endpoint}\n\n`);
    },
    async send(message: JSONRPCMessage) {
      response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
    },
    async close() {
      response.end();
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > MAX_BODY_BYTES) throw new Error('the request is too large');
  }
  return body;
}
