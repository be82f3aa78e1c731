/**
 * JSON-RPC 2.0 messages as MCP uses them: requests out, answers in. Checked by hand, because a probe parses two to seventy of them and a
 * schema library would cost more than the rest of the work. It keeps of an error what decides, and none of its text.
 */
import type { McpMethod, RpcError } from './outcome.ts';
import { describeRpcError } from './text-mark.ts';

export type JSONObject = Readonly<Record<string, unknown>>;

export type RpcMessage =
  | { readonly kind: 'result'; readonly id: unknown; readonly result: JSONObject }
  | { readonly kind: 'error'; readonly id: unknown; readonly error: RpcError; readonly supported?: readonly string[] }
  /** A request or notification of the server's: passed over, never answered. */
  | { readonly kind: 'incoming' }
  /** An answer whose result is no object. */
  | { readonly kind: 'malformed' }
  /** No JSON-RPC message at all. */
  | { readonly kind: 'foreign' };

/** What may be an answer to a request of ours. */
export type AnswerMessage = Extract<RpcMessage, { kind: 'result' | 'error' | 'malformed' }>;

/** Versions listed in the data of −32022: no server speaks more than a handful. */
const MAX_SUPPORTED_VERSIONS = 32;

/** A JSON object: no array, not null. */
export function isObject(value: unknown): value is JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The body of a request, or of a notification when `id` is undefined. */
export function writeRequest(id: number | undefined, method: McpMethod, params: JSONObject): string {
  return JSON.stringify({ jsonrpc: '2.0', ...(id === undefined ? {} : { id }), method, params });
}

/** Tells what a parsed JSON value is as a message of the server's. */
export function readMessage(value: unknown): RpcMessage {
  if (!isObject(value) || value['jsonrpc'] !== '2.0') return { kind: 'foreign' };
  if (typeof value['method'] === 'string') return { kind: 'incoming' };
  const error = value['error'];
  if (isObject(error)) return readError(value['id'], error);
  if (!('result' in value)) return { kind: 'foreign' };
  const result = value['result'];
  return isObject(result) ? { kind: 'result', id: value['id'], result } : { kind: 'malformed' };
}

/** The strings of a list that holds protocol versions. */
export function readVersions(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.slice(0, MAX_SUPPORTED_VERSIONS).filter((version) => typeof version === 'string');
}

function readError(id: unknown, error: JSONObject): RpcMessage {
  const { data } = error;
  const supported = isObject(data) ? readVersions(data['supported']) : undefined;
  return { kind: 'error', id, error: describeRpcError(error), ...(supported === undefined ? {} : { supported }) };
}
