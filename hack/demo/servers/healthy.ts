/**
 * Two servers with nothing wrong: one of today's protocol, without sessions, and one of last year's, with them.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { listenerFor } from './listener.ts';
import { buildServer, type SampleTool } from './tools.ts';

const WEATHER: readonly SampleTool[] = [
  { name: 'current_weather', description: 'The weather at a place, as it is.' },
  { name: 'forecast', description: 'The weather at a place over the next five days.' },
  { name: 'warnings', description: 'Official weather warnings for a place.' },
];

const TICKETS: readonly SampleTool[] = [
  { name: 'find_ticket', description: 'Finds tickets by their text.' },
  { name: 'read_ticket', description: 'Reads one ticket with its comments.' },
];

/** Sessions at once. A probe deletes its own, so more than a few mean that somebody forgets to. */
const MAX_SESSIONS = 64;

/** Speaks 2026-07-28 only: stateless, no `initialize`. */
export function createModernServer(): Server {
  const handler = createMcpHandler(() => buildServer('weather', 'Weather', WEATHER), { legacy: 'reject' });
  return createServer(listenerFor(handler));
}

/** Speaks 2025-11-25 and earlier: `initialize` opens a session, every request must bear its id, DELETE ends it. */
export function createLegacyServer(): Server {
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>();

  const openSession = async (request: IncomingMessage, response: ServerResponse) => {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    const server = buildServer('tickets', 'Ticket system', TICKETS);
    await server.connect(transport);
    await transport.handleRequest(request, response);
    // Anything but `initialize` was refused by the transport, and there is no session to keep it for.
    if (transport.sessionId === undefined) await server.close();
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const id = request.headers['mcp-session-id'];
    if (typeof id !== 'string') {
      if (sessions.size < MAX_SESSIONS) await openSession(request, response);
      else response.writeHead(503).end();
      return;
    }
    const transport = sessions.get(id);
    if (transport === undefined) response.writeHead(404, { 'content-type': 'text/plain' }).end('session not found');
    else await transport.handleRequest(request, response);
  };

  return createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
}
