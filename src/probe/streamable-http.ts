/**
 * The Streamable HTTP transport, in both of its eras: each call is a POST whose answer is a JSON body or a stream of events. Redirects,
 * limits and clean-up are decided here; what is called, and in which order, is the eras' business. Never opens the optional GET stream,
 * never keeps a cookie, never answers a request of the server's.
 */
import { type CollectedBody, collectBody, ignoreBody } from './body.ts';
import { isSentOnce, nameHeaderOf } from './call.ts';
import type { Answer, Call, Channel } from './conversation.ts';
import { type AnswerStream, readAnswerStream } from './event-stream.ts';
import type { BodySink, Head } from './exchange.ts';
import { failed, isSuccess, mediaType, readAnswer, readBody, readRefusal } from './http-answer.ts';
import { commonHeaders, createHTTPSender, type HTTPSender, type Message, type SenderDeps } from './http-sender.ts';
import { writeRequest } from './json-rpc.ts';
import { createLifeline } from './lifeline.ts';
import { LIMITS } from './limits.ts';
import type { Line } from './line.ts';
import { exchangeRepeatable } from './repeatable-exchange.ts';
import { createStopwatch } from './stopwatch.ts';

/** Opens the channel of one attempt; nothing is sent before the first call. `sender` may have a socket already. */
export function createStreamableHTTP(deps: SenderDeps, sender: HTTPSender = createHTTPSender(deps)): Channel {
  const { send } = sender;
  let nextID = 0;

  /** Takes a stream that broke off up again, once, where the server said that it can be, and not before the time that it named. */
  const resume = async (call: Call, id: number, lastEventID: string, retryMs: number): Promise<Answer> => {
    const why = retryMs === 0 ? deps.lifeline.stopped() : await deps.lifeline.wait(retryMs);
    if (why === 'aborted') return { kind: 'aborted' };
    if (why === 'deadline') return failed(call, { kind: 'deadline', stage: 'payload', scope: 'probe' });
    let stream: AnswerStream | undefined;
    const headers = [...callHeaders(call), 'Last-Event-ID', lastEventID];
    const sent = await send(call, { method: 'GET', headers }, (head) => {
      if (!isSuccess(head.httpStatus) || mediaType(head) !== 'text/event-stream') return ignoreBody;
      stream = readAnswerStream(head.httpStatus, deps.budget);
      return stream;
    });
    if (sent.kind !== 'answered') return sent;
    const message = stream?.answer();
    if (message !== undefined) return readAnswer(call, id, sent.head.httpStatus, message);
    return failed(call, { kind: 'payload', stage: 'payload', problem: 'streamEnded', httpStatus: 200 });
  };

  return {
    transport: 'StreamableHTTP',
    async call(call) {
      const id = nextID;
      nextID += 1;
      let body: CollectedBody | undefined;
      let stream: AnswerStream | undefined;
      const sent = await send(call, postOf(call, id), (head) => {
        noteSession(call, head);
        const type = isSuccess(head.httpStatus) ? mediaType(head) : undefined;
        if (type === 'text/event-stream') {
          stream = readAnswerStream(head.httpStatus, deps.budget);
          return stream;
        }
        body = type === undefined ? collectBody(LIMITS.errorBodyBytes, 'cut') : collectBody(LIMITS.bodyBytes, 'refuse');
        return type === 'text/html' ? refusePage(head.httpStatus) : body;
      });
      if (sent.kind !== 'answered') return sent;
      const { head, ended } = sent;
      if (!isSuccess(head.httpStatus)) return readRefusal(call, head, body?.text() ?? '', deps.clock.wallMs());
      if (stream === undefined) {
        return readBody(call, id, head, { text: body?.text() ?? '', truncated: ended === 'truncated' }, deps.budget);
      }
      const message = stream.answer();
      if (message !== undefined) return readAnswer(call, id, head.httpStatus, message);
      const lastEventID = stream.lastEventID();
      const retryMs = stream.retryMs() ?? 0;
      // Who names a time beyond that of a request is not waited for (MCP 2025-11-25: the `retry` field must be respected).
      if (call.era === 'Legacy' && lastEventID !== undefined && retryMs <= deps.timeoutMs) {
        return resume(call, id, lastEventID, retryMs);
      }
      const problem = ended === 'truncated' ? 'truncated' : 'streamEnded';
      return failed(call, { kind: 'payload', stage: 'payload', problem, httpStatus: head.httpStatus });
    },
    async notify(call) {
      let body: CollectedBody | undefined;
      const sent = await send(call, postOf(call, undefined), (head) => {
        if (isSuccess(head.httpStatus)) return ignoreBody;
        body = collectBody(LIMITS.errorBodyBytes, 'cut');
        return body;
      });
      if (sent.kind !== 'answered') return sent;
      if (isSuccess(sent.head.httpStatus)) return undefined;
      return readRefusal(call, sent.head, body?.text() ?? '', deps.clock.wallMs());
    },
    async endSession(session, version) {
      const line = sender.line();
      if (line !== undefined) await deleteSession(line, deps, session, version);
    },
    close: sender.close,
  };
}

/** A page is no answer, whatever it says: its first byte decides. */
function refusePage(httpStatus: number): BodySink {
  return { write: () => ({ kind: 'payload', stage: 'payload', problem: 'html', httpStatus }) };
}

/** A session id holds visible ASCII only (MCP 2025-11-25, "Session Management"); what can not be sent back is none. */
function noteSession(call: Call, head: Head): void {
  const id = head.headers['mcp-session-id'];
  if (call.onSession === undefined || typeof id !== 'string' || !isSuccess(head.httpStatus)) return;
  if (id.length <= LIMITS.sessionIDBytes && /^[\x21-\x7e]+$/.test(id)) call.onSession(id);
}

function callHeaders(call: Pick<Call, 'version' | 'session'>): readonly string[] {
  const headers: string[] = [];
  if (call.version !== undefined) headers.push('MCP-Protocol-Version', call.version);
  if (call.session !== undefined) headers.push('Mcp-Session-Id', call.session);
  return headers;
}

function postOf(call: Call, id: number | undefined): Message {
  const body = writeRequest(id, call.method, call.params);
  const headers = [...callHeaders(call), 'Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body))];
  if (call.era === 'Modern') headers.push('Mcp-Method', call.method);
  const name = nameHeaderOf(call.method, call.params);
  if (call.era === 'Modern' && name !== undefined) headers.push('Mcp-Name', name);
  return { method: 'POST', headers, body, ...(isSentOnce(call.method) && { once: true }) };
}

/** Un-deleted sessions cost servers a process or memory each: this runs after failures and aborts too, on a lifeline of its own. */
async function deleteSession(line: Line, deps: SenderDeps, session: string, version: string | undefined): Promise<void> {
  const lifeline = createLifeline(deps.clock, LIMITS.cleanupMs);
  const headers = [
    ...commonHeaders(line.target, deps),
    ...callHeaders({ session, ...(version === undefined ? {} : { version }) }),
  ];
  const quiet = { ...deps, lifeline, stopwatch: createStopwatch(deps.clock) };
  try {
    await exchangeRepeatable(line, quiet, { method: 'DELETE', headers, timeoutMs: LIMITS.cleanupMs }, () => ignoreBody);
  } finally {
    lifeline.close();
  }
}
