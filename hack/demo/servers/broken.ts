/**
 * Servers that are no MCP server, or not yet: one that is still starting, a web page, and one that never answers.
 */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createNetServer, type Server as NetServer } from 'node:net';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { listenerFor } from './listener.ts';
import { buildServer, type SampleTool } from './tools.ts';

/** How long the slow starter answers 503. */
export const SLOW_START_MS = 20_000;

const TRANSLATION: readonly SampleTool[] = [{ name: 'translate', description: 'Translates a text into another language.' }];

const PAGE = `<!doctype html>
<html lang="en"><head><title>Sign in</title></head>
<body><h1>Welcome</h1><form><input name="user"><input name="password" type="password"></form></body></html>
`;

/** 503 for {@link SLOW_START_MS} after its first request, healthy from then on; `nowMs` is a monotonic clock. */
export function createSlowServer(nowMs: () => number = () => performance.now()): HttpServer {
  let firstMs: number | undefined;
  const listener = listenerFor(createMcpHandler(() => buildServer('translation', 'Translation', TRANSLATION)));
  return createHttpServer((request, response) => {
    firstMs ??= nowMs();
    if (nowMs() - firstMs >= SLOW_START_MS) {
      listener(request, response);
      return;
    }
    request.resume();
    response.writeHead(503, { 'content-type': 'text/plain' }).end('no healthy upstream');
  });
}

/** 200 and a login page, whatever is asked. */
export function createPageServer(): HttpServer {
  return createHttpServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
  });
}

/** Takes every connection, reads what comes and never answers. */
export function createTarPit(): NetServer {
  return createNetServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
  });
}
