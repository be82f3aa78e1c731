/**
 * What a client of MCP sends, by hand: the sample servers are proved over real sockets, without the operator's own code.
 */
import type { Server } from 'node:net';
import { placeServers } from '../../../../hack/demo/servers/place.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Runs `use` with the URL of a server that listens on a free port meanwhile. */
export async function withServer<T>(create: () => Server, use: (url: string) => Promise<T>): Promise<T> {
  // Port 65,535 of an address that is not ours: the server gets a free port of 127.0.0.1.
  const host = '203.0.113.1';
  const placement = await placeServers([{ what: 'under test', host, create }], 65_535);
  try {
    return await use(`http://${placement.moves[`${host}:65535`]}/mcp`);
  } finally {
    await placement.close();
  }
}

export async function post(url: string, message: object, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    signal: AbortSignal.timeout(5_000),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

export const MODERN_VERSION = '2026-07-28';

/** A request of the modern protocol. */
export function postModern(url: string, method: string, headers: Record<string, string> = {}): Promise<Answer> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN_VERSION,
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  };
  const versioned = { 'mcp-protocol-version': MODERN_VERSION, 'mcp-method': method, ...headers };
  return post(url, { id: 1, method, params: { _meta } }, versioned);
}

export const INITIALIZE = {
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

/** The names of the tools in an answer to `tools/list`, as JSON or as an event stream, with their descriptions. */
export function toolsOf(answer: Answer): Record<string, string> {
  const data = /^data: (\{.*)$/m.exec(answer.text)?.[1] ?? answer.text;
  const message: { result?: { tools?: { name: string; description: string }[] } } = JSON.parse(data);
  return Object.fromEntries((message.result?.tools ?? []).map(({ name, description }) => [name, description]));
}
