/**
 * Answers of real servers and gateways, as bytes, with the verdict that each must get. A JSON file per family; this file reads them and
 * reduces an answer to a fact by the pure parts alone, as far as they go without a socket.
 */
import { readdirSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { parseChallenge } from '../../../src/probe/challenge.ts';
import type { Failure, McpMethod } from '../../../src/probe/outcome.ts';
import { parseRetryAfter } from '../../../src/probe/retry-after.ts';
import { describeRpcError, markOfBody } from '../../../src/probe/text-mark.ts';

const METHODS = ['server/discover', 'initialize', 'tools/list'] as const satisfies readonly McpMethod[];

const Recorded = z.strictObject({
  name: z.string(),
  request: z.strictObject({
    method: z.enum(METHODS).optional(),
    credentials: z.boolean().default(false),
    session: z.boolean().default(false),
    advertised: z.boolean().optional(),
    /** What the spec must pin for this answer to be the last word. */
    protocol: z.enum(['Modern', 'Legacy']).optional(),
    transport: z.enum(['SSE']).optional(),
    /** The answer stands at this path alone; elsewhere the server is healthy. */
    path: z.string().optional(),
  }),
  status: z.int(),
  /** `{host}` stands for the authority of the server. */
  headers: z.record(z.string(), z.string()),
  /** A number as the `id` of JSON-RPC stands for that of the request. */
  body: z.string(),
  /** `row 17: Transient ServerError, burst`, or `Available` where the answer is no failure. */
  verdict: z.string(),
});
export type Recorded = z.output<typeof Recorded>;

/** Every recorded answer, named `file: name`. */
export function readCorpus(): readonly Recorded[] {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.json'));
  return files.flatMap((file) => {
    const answers = z.array(Recorded).parse(JSON.parse(readFileSync(`${import.meta.dirname}/${file}`, 'utf8')));
    return answers.map((answer) => ({ ...answer, name: `${file.replace('.json', '')}: ${answer.name}` }));
  });
}

/** The failure that a recorded answer is. */
export function failureOf({ request, status, headers, body }: Recorded): Failure {
  const { method, credentials, session, advertised } = request;
  const context = {
    ...(method !== undefined && { method }),
    ...(advertised !== undefined && { advertised }),
    credentialsDeclared: credentials,
    credentialsSent: credentials,
    sessionSent: session,
  };
  const error = rpcErrorOf(body);
  if (status < 300) {
    if (error === undefined) return { ...context, kind: 'payload', stage: 'payload', problem: 'html', httpStatus: status };
    return { ...context, kind: 'rpcError', stage: 'rpc', rpc: describeRpcError(error) };
  }
  const challenge = parseChallenge(headers['www-authenticate']);
  const retryAfterMs = parseRetryAfter(headers['retry-after'], 0);
  return {
    ...context,
    kind: 'httpStatus',
    stage: 'http',
    httpStatus: status,
    mark: markOfBody(status, body),
    ...(challenge !== undefined && { challenge }),
    ...(error !== undefined && { rpc: describeRpcError(error) }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

const Envelope = z.looseObject({ jsonrpc: z.literal('2.0'), error: z.looseObject({ code: z.number() }) });

function rpcErrorOf(body: string): unknown {
  if (!body.startsWith('{')) return undefined;
  const parsed = Envelope.safeParse(JSON.parse(body));
  return parsed.success ? parsed.data.error : undefined;
}
