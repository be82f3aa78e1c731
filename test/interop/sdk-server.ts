/**
 * Servers made with SDK v2, as a program: `node sdk-server.ts dual|modern|legacy PORT`. `dual` serves both eras without sessions, `modern`
 * refuses the legacy one, `legacy` is what servers of earlier years are: one transport per session, and `initialize` alone opens one.
 */
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

function createSample(): McpServer {
  const server = new McpServer({ name: 'sdk-sample', version: '2.4.0', title: 'A sample of SDK v2' });
  const say = async () => ({ content: [{ type: 'text' as const, text: 'never called' }] });
  server.registerTool('add', { description: 'Adds', inputSchema: z.object({ a: z.number(), b: z.number() }) }, say);
  server.registerTool('now', { title: 'The time', description: 'Tells the time' }, say);
  server.registerResource('motto', 'sample://motto', { mimeType: 'text/plain' }, async (uri) => ({
    contents: [{ uri: uri.href, text: 'never read' }],
  }));
  server.registerPrompt('greet', { description: 'Greets' }, async () => ({
    messages: [{ role: 'user', content: { type: 'text', text: 'never got' } }],
  }));
  return server;
}

/** A transport per session; a request with an unknown session is refused as the SDK's own examples do. */
function createSessions(): http.RequestListener {
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>();
  return async (request, reply) => {
    const id = request.headers['mcp-session-id'];
    if (typeof id === 'string') {
      const known = sessions.get(id);
      if (known !== undefined) return known.handleRequest(request, reply);
      reply.writeHead(404, { 'content-type': 'application/json' });
      reply.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}');
      return;
    }
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (session) => void sessions.set(session, transport),
      onsessionclosed: (session) => void sessions.delete(session),
    });
    await createSample().connect(transport);
    return transport.handleRequest(request, reply);
  };
}

function createStateless(legacy: 'reject' | 'stateless'): http.RequestListener {
  const handle = toNodeHandler(createMcpHandler(createSample, { legacy }));
  return (request, reply) => {
    const { method = '', url = '', headers } = request;
    void handle({ method, url, headers, [Symbol.asyncIterator]: () => request[Symbol.asyncIterator]() }, reply);
  };
}

const [mode, port] = process.argv.slice(2);
const serve = mode === 'legacy' ? createSessions() : createStateless(mode === 'modern' ? 'reject' : 'stateless');
http
  .createServer((request, reply) => {
    if (new URL(request.url ?? '/', 'http://host').pathname === '/mcp') return void serve(request, reply);
    reply.writeHead(404);
    reply.end();
  })
  .listen(Number(port), '127.0.0.1');
