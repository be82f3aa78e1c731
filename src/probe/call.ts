/**
 * One `tools/call` or `resources/read` in place of the lists. It rides on everything that a probe has: target, credentials, egress policy,
 * limits, era and transport. It promises that a call leaves at most once for each server: a conversation that begins anew gets the answer
 * of the first time, and no exchange of it is repeated. An error that a tool reports in its result is a result.
 */
import type { Answer } from './conversation.ts';
import type { JSONObject } from './json-rpc.ts';
import type { Errand } from './lists.ts';
import type { McpMethod } from './outcome.ts';
import type { Sanitize } from './sanitize.ts';
import { assembleSnapshot } from './snapshot.ts';

export type CallMethod = 'tools/call' | 'resources/read';

/** What a server answered. The result is its own object, as it came; `sanitize` knows the credentials that were sent. */
export interface CallResult {
  readonly result: JSONObject;
  readonly sanitize: Sanitize;
}

/** One call to one server. */
export interface OneCall {
  readonly errand: Errand;
  /** Undefined as long as no usable answer came. */
  result(): CallResult | undefined;
  /** Whether it left, or may have left. */
  sent(): boolean;
}

/** Prepares a call; nothing is sent before the errand runs. */
export function createCall(method: CallMethod, params: JSONObject): OneCall {
  let answer: Promise<Answer> | undefined;
  let kept: CallResult | undefined;
  return {
    async errand(ask, advertised, sanitize) {
      answer ??= ask(method, params);
      const answered = await answer;
      if (answered.kind === 'failed') return { kind: 'failed', trouble: { ...answered.trouble, advertised: true } };
      if (answered.kind !== 'result') return answered;
      const { result } = answered;
      if (result['resultType'] === 'input_required') {
        const fact = { kind: 'payload', stage: 'payload', problem: 'inputRequired', httpStatus: 200 } as const;
        return { kind: 'failed', trouble: { fact, method, sessionSent: false, advertised: true } };
      }
      kept = { result, sanitize };
      return { kind: 'read', snapshot: assembleSnapshot({ features: advertised.features }), missingTools: [] };
    },
    result: () => kept,
    sent: () => answer !== undefined,
  };
}

/** Whether a request may change something, and so must not arrive twice. */
export function isSentOnce(method: McpMethod): boolean {
  return method === 'tools/call' || method === 'resources/read';
}

/** Fits a header as it is (MCP 2026-07-28, SEP-2243): visible ASCII with spaces and tabs inside, and not what encoded text looks like. */
const PLAIN = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
const ENCODED = /^=\?base64\?.*\?=$/i;

/** The value of `Mcp-Name`: the tool's name or the resource's URI. Undefined for methods that have none. */
export function nameHeaderOf(method: McpMethod, params: JSONObject): string | undefined {
  const name = method === 'tools/call' ? params['name'] : method === 'resources/read' ? params['uri'] : undefined;
  if (typeof name !== 'string') return undefined;
  return PLAIN.test(name) && !ENCODED.test(name) ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`;
}
