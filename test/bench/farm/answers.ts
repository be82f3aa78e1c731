/**
 * What a healthy mock server of either era says: one protocol version, a list of five tools, about 2 KB in all. Pure.
 */
import * as z from 'zod';

export interface Answered {
  /** The JSON-RPC method, or a word for what was not one. */
  readonly rpcMethod: string;
  /** JSON. */
  readonly body: string;
}

/** A server of the legacy era answers notifications without a body. */
export const NO_BODY = '';

const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';
const TOOLS = 5;
const METHOD_NOT_FOUND = -32_601;

const SERVER_INFO = { name: 'farm', version: '1.0.0' };
const REST = {
  resultType: 'complete',
  ttlMs: 0,
  cacheScope: 'private',
  _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO },
};

const CAPABILITIES = { tools: { listChanged: true } };
const LIST = { tools: Array.from({ length: TOOLS }, (_, index) => tool(index)) };

/** Written once: only the id differs from answer to answer. */
const RESULTS = {
  modern: new Map([
    ['server/discover', JSON.stringify({ supportedVersions: [MODERN], capabilities: CAPABILITIES, ...REST })],
    ['tools/list', JSON.stringify({ ...LIST, ...REST })],
  ]),
  legacy: new Map([
    ['initialize', JSON.stringify({ protocolVersion: LEGACY, capabilities: CAPABILITIES, serverInfo: SERVER_INFO })],
    ['tools/list', JSON.stringify(LIST)],
  ]),
};

const Call = z.looseObject({ id: z.union([z.string(), z.number()]).optional(), method: z.string() });

/** The answer to the body of a POST. */
export function answerCall(body: string, era: keyof typeof RESULTS = 'modern'): Answered {
  let message: unknown;
  try {
    message = JSON.parse(body);
  } catch {
    return { rpcMethod: 'unreadable', body: '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}' };
  }
  const call = Call.safeParse(message);
  if (!call.success) {
    return { rpcMethod: 'invalid', body: '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}}' };
  }
  const { id = null, method } = call.data;
  if (era === 'legacy' && call.data.id === undefined) return { rpcMethod: method, body: NO_BODY };
  const result = RESULTS[era].get(method);
  const rest = result === undefined ? `"error":{"code":${METHOD_NOT_FOUND},"message":"Method not found"}` : `"result":${result}`;
  return { rpcMethod: method, body: `{"jsonrpc":"2.0","id":${JSON.stringify(id)},${rest}}` };
}

function tool(index: number): object {
  return {
    name: `tool_${index}`,
    title: `Tool ${index}`,
    description:
      'Looks up the records of one collection that match a query, newest first, and returns at most limit of them with their fields.',
    inputSchema: {
      type: 'object',
      properties: {
        query: { type: 'string', description: 'What to look for' },
        limit: { type: 'integer', minimum: 1, maximum: 100, default: 10 },
      },
      required: ['query'],
    },
  };
}
