/**
 * Behaviours of MCP servers, healthy and not, for scripted servers. Each is a function of what it is asked, and holds its own sessions.
 */
import type { ServerResponse } from 'node:http';
import type { Behaviour, Seen } from './scripted-server.ts';

export const MODERN = '2026-07-28';

export interface Offer {
  readonly capabilities?: Record<string, unknown>;
  /** Answers of list methods by name; a list is one page. */
  readonly lists?: Record<string, unknown>;
  readonly serverInfo?: Record<string, unknown>;
}

export const TOOL = { name: 'echo', description: 'Says it again.', inputSchema: { type: 'object' } };
const SERVER_INFO = { name: 'scripted', version: '1.2.3', title: 'Scripted server' };
const CAPABILITIES = { tools: {} };
const LISTS: Record<string, unknown> = { 'tools/list': { tools: [TOOL] } };

/** Any status, headers and body. */
export function respond(httpStatus: number, body = '', headers: Record<string, string> = {}): Behaviour {
  return (_seen, reply) => {
    reply.writeHead(httpStatus, headers).end(body);
  };
}

export function json(reply: ServerResponse, httpStatus: number, body: unknown, headers: Record<string, string> = {}): void {
  reply.writeHead(httpStatus, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export function result(seen: Seen, value: unknown): unknown {
  return { jsonrpc: '2.0', id: seen.message?.id, result: value };
}

export function rpcError(seen: Seen, code: number, message = 'no', data?: unknown): unknown {
  return { jsonrpc: '2.0', id: seen.message?.id ?? null, error: { code, message, ...(data === undefined ? {} : { data }) } };
}

/** A correct server of the modern era. It refuses what is not correctly asked. */
export function modern(offer: Offer = {}): Behaviour {
  return (seen, reply) => {
    const { message, headers } = seen;
    const meta = message?.params['_meta'] as Record<string, unknown> | undefined;
    if (message === undefined || seen.method !== 'POST') return json(reply, 405, rpcError(seen, -32000));
    if (message.method === 'initialize') return json(reply, 400, rpcError(seen, -32022, 'no', { supported: [MODERN] }));
    const asked =
      headers['mcp-protocol-version'] === MODERN &&
      headers['mcp-method'] === message.method &&
      meta?.['io.modelcontextprotocol/protocolVersion'] === MODERN &&
      typeof meta['io.modelcontextprotocol/clientCapabilities'] === 'object' &&
      typeof meta['io.modelcontextprotocol/clientInfo'] === 'object';
    if (!asked) return json(reply, 400, rpcError(seen, -32020));
    const common = { resultType: 'complete', _meta: { 'io.modelcontextprotocol/serverInfo': offer.serverInfo ?? SERVER_INFO } };
    if (message.method === 'server/discover') {
      const capabilities = offer.capabilities ?? CAPABILITIES;
      return json(reply, 200, result(seen, { supportedVersions: [MODERN], capabilities, ...common }));
    }
    const list = (offer.lists ?? LISTS)[message.method];
    if (list === undefined) return json(reply, 404, rpcError(seen, -32601));
    json(reply, 200, result(seen, { ...list, ...common }));
  };
}

export interface LegacyOptions extends Offer {
  /** `JSON`, or `SSE` with a priming event and a notification before each answer. */
  readonly answers?: 'JSON' | 'SSE';
  readonly sessions?: boolean;
  readonly version?: string;
}

export interface LegacyServer {
  readonly behaviour: Behaviour;
  /** Ids of sessions that are alive. */
  readonly alive: Set<string>;
  readonly ended: string[];
}

/** A correct server of the legacy era, with sessions unless told otherwise. */
export function legacy(options: LegacyOptions = {}): LegacyServer {
  const alive = new Set<string>();
  const ended: string[] = [];
  let count = 0;
  const sessions = options.sessions ?? true;
  const version = options.version ?? '2025-11-25';
  const answer = (seen: Seen, reply: ServerResponse, value: unknown, headers: Record<string, string> = {}) => {
    if (options.answers !== 'SSE') return json(reply, 200, result(seen, value), headers);
    reply.writeHead(200, { 'Content-Type': 'text/event-stream', ...headers });
    reply.write('id: 1\nretry: 10\ndata:\n\n: comment\n\n');
    reply.write('event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n');
    reply.end(`event: message\nid: 2\ndata: ${JSON.stringify(result(seen, value))}\n\n`);
  };
  const behaviour: Behaviour = (seen, reply) => {
    const { message, headers } = seen;
    const session = headers['mcp-session-id'];
    if (seen.method === 'DELETE' && typeof session === 'string') {
      ended.push(session);
      reply.writeHead(alive.delete(session) ? 200 : 404).end();
      return;
    }
    if (message === undefined || seen.method !== 'POST') return json(reply, 405, rpcError(seen, -32000));
    if (!headers.accept?.includes('application/json') || !headers.accept.includes('text/event-stream')) {
      return json(reply, 406, rpcError(seen, -32000, 'Not Acceptable'));
    }
    if (message.method === 'initialize') {
      if (headers['mcp-protocol-version'] !== undefined || session !== undefined) return json(reply, 400, rpcError(seen, -32600));
      count += 1;
      const id = `session-${count}`;
      if (sessions) alive.add(id);
      const capabilities = options.capabilities ?? CAPABILITIES;
      const value = { protocolVersion: version, capabilities, serverInfo: options.serverInfo ?? SERVER_INFO };
      return answer(seen, reply, value, sessions ? { 'Mcp-Session-Id': id } : {});
    }
    if (message.method === 'server/discover')
      return json(reply, 400, rpcError(seen, -32000, 'Bad Request: Server not initialized'));
    if (sessions && session === undefined) return json(reply, 400, rpcError(seen, -32000, 'Bad Request: Server not initialized'));
    if (sessions && !alive.has(String(session))) return json(reply, 404, rpcError(seen, -32001, 'Session not found'));
    if (headers['mcp-protocol-version'] !== version) return json(reply, 400, rpcError(seen, -32600, 'wrong version'));
    if (message.id === undefined) {
      reply.writeHead(202).end();
      return;
    }
    const list = (options.lists ?? LISTS)[message.method];
    if (list === undefined) return json(reply, 200, rpcError(seen, -32601));
    answer(seen, reply, list);
  };
  return { behaviour, alive, ended };
}
