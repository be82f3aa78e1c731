/**
 * What an HTTP answer to a JSON-RPC request says: head and body in, an answer or a fact out. Pure. Texts of a body are compared with the
 * short list of page 4 and then forgotten.
 */
import { describeNonJSON, parseJSON } from './body.ts';
import type { ByteBudget } from './byte-budget.ts';
import { parseChallenge } from './challenge.ts';
import type { Answer, Call, Trouble } from './conversation.ts';
import type { Head } from './exchange.ts';
import { type RpcMessage, readMessage } from './json-rpc.ts';
import type { FailureFact } from './outcome.ts';
import { parseRetryAfter } from './retry-after.ts';
import { markOfBody } from './text-mark.ts';

/** 2xx. */
export function isSuccess(httpStatus: number): boolean {
  return httpStatus >= 200 && httpStatus <= 299;
}

/** The media type of a head, without parameters. */
export function mediaType(head: Head): string {
  return (head.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** A failed answer to `call`. */
export function failed(call: Call, fact: FailureFact, more: Partial<Trouble> = {}): Extract<Answer, { kind: 'failed' }> {
  return { kind: 'failed', trouble: { fact, method: call.method, sessionSent: call.session !== undefined, ...more } };
}

/** An answer with a status other than 2xx (and no redirect): the status decides, the body may add an error code or a mark. */
export function readRefusal(call: Call, head: Head, text: string, wallMs: number): Extract<Answer, { kind: 'failed' }> {
  const { httpStatus, headers } = head;
  const parsed = parseJSON(text);
  const message = parsed.kind === 'json' ? readMessage(parsed.value) : undefined;
  const error = message?.kind === 'error' ? message : undefined;
  const challenge = parseChallenge(headers['www-authenticate']);
  const retryAfterMs = parseRetryAfter(headers['retry-after'], wallMs);
  const fact: FailureFact = {
    kind: 'httpStatus',
    stage: 'http',
    httpStatus,
    mark: markOfBody(httpStatus, text),
    ...(challenge === undefined ? {} : { challenge }),
    ...(error === undefined ? {} : { rpc: error.error }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return failed(call, fact, {
    jsonBody: parsed.kind === 'json',
    ...(error?.supported === undefined ? {} : { supported: error.supported }),
  });
}

/** What came of a body that is read whole. */
export interface Arrived {
  readonly text: string;
  /** The peer went away before its end. */
  readonly truncated: boolean;
}

/** The body of a 2xx answer. What it costs to parse is taken from `budget`. */
export function readBody(call: Call, id: number, head: Head, { text, truncated }: Arrived, budget: ByteBudget): Answer {
  const { httpStatus } = head;
  const problem = (name: Extract<FailureFact, { kind: 'payload' }>['problem']) =>
    failed(call, { kind: 'payload', stage: 'payload', problem: name, httpStatus });
  if (truncated) return problem('truncated');
  if (httpStatus === 202 || httpStatus === 204) return problem('noContent');
  const parsed = parseJSON(text, budget);
  switch (parsed.kind) {
    case 'tooLarge':
      return failed(call, { kind: 'limit', stage: 'payload', limit: parsed.limit });
    case 'broken':
      return markedOr(call, httpStatus, text, () => problem(isCutOff(head, text) ? 'truncated' : describeNonJSON(text)));
    case 'json': {
      const message = readMessage(parsed.value);
      if (message.kind === 'foreign' || message.kind === 'incoming') {
        return markedOr(call, httpStatus, text, () => problem('notJSONRPC'));
      }
      return readAnswer(call, id, httpStatus, message);
    }
  }
}

/** A JSON-RPC answer of a 2xx, from a body or from a stream. An error may lack the id when the server could not read ours. */
export function readAnswer(
  call: Call,
  id: number,
  httpStatus: number,
  message: Extract<RpcMessage, { kind: 'result' | 'error' | 'malformed' }>,
): Answer {
  switch (message.kind) {
    case 'malformed':
      return failed(call, { kind: 'payload', stage: 'payload', problem: 'schema', httpStatus });
    case 'result':
      if (message.id === id) return { kind: 'result', result: message.result };
      return failed(call, { kind: 'payload', stage: 'payload', problem: 'otherID', httpStatus });
    case 'error':
      if (message.id !== id && message.id !== null && message.id !== undefined) {
        return failed(call, { kind: 'payload', stage: 'payload', problem: 'otherID', httpStatus });
      }
      return failed(
        call,
        { kind: 'rpcError', stage: 'rpc', rpc: message.error },
        { jsonBody: true, ...(message.supported === undefined ? {} : { supported: message.supported }) },
      );
  }
}

/** Some servers say "session not found" with a 200 and no JSON-RPC: page 4, row 36. */
function markedOr(call: Call, httpStatus: number, text: string, otherwise: () => Answer): Answer {
  const mark = markOfBody(httpStatus, text);
  if (mark !== 'sessionNotFound' || call.session === undefined) return otherwise();
  return failed(call, { kind: 'httpStatus', stage: 'http', httpStatus, mark });
}

/** A body that only the end of the connection delimits, and that begins like JSON, was cut off: nothing else can tell. */
function isCutOff(head: Head, text: string): boolean {
  const framed = head.headers['content-length'] !== undefined || head.headers['transfer-encoding'] !== undefined;
  return !framed && /^\s*[{[]/.test(text);
}
