/**
 * What a healthy mock server says: protocol 2026-07-28 alone, a list of five tools, about 2 KB in all. Pure.
 */
import * as z from 'zod';

export interface Answered {
  /** The JSON-RPC method, or a word for what was not one. */
  readonly rpcMethod: string;
  /** JSON. */
  readonly body: string;
}

const VERSION = '2026-07-28';
const TOOLS = 5;
const METHOD_NOT_FOUND = -32_601;

const REST = {
  resultType: 'complete',
  ttlMs: 0,
  cacheScope: 'private',
  _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'farm', version: '1.0.0' } },
};

/** Written once: only the id differs from answer to answer. */
const RESULTS = new Map([
  ['server/discover', JSON.stringify({ supportedVersions: [VERSION], capabilities: { tools: { listChanged: true } }, ...REST })],
  ['tools/list', JSON.stringify({ tools: Array.from({ length: TOOLS }, (_, index) => tool(index)), ...REST })],
]);

const Call = z.looseObject({ id: z.union([z.string(), z.number()]).optional(), method: z.string() });

/** The answer to the body of a POST. */
export function answerCall(body: string): Answered {
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
  const result = RESULTS.get(method);
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
