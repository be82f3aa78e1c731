/**
 * The HTTP+SSE transport (2024-11-05): one GET stays open and carries the answers, each call is a POST to the place that it named. Two
 * sockets at most. `initialize` opens a fresh stream, since the stream is the session: its end is the session's end, and a POST that is
 * answered with 404 has lost it. Answers in the body of a POST, as odd servers give them, are taken too.
 */
import { type CollectedBody, collectBody, ignoreBody } from './body.ts';
import { isSentOnce } from './call.ts';
import type { Answer, Call, Channel, Ended } from './conversation.ts';
import { failed, isSuccess, mediaType, readBody, readRefusal } from './http-answer.ts';
import { createHTTPSender, type HTTPSender, type SenderDeps, type Sent } from './http-sender.ts';
import { writeRequest } from './json-rpc.ts';
import { LIMITS } from './limits.ts';
import { openServerStream, type ServerStream, type StreamOpened } from './sse-stream.ts';

/** A stream and the sender to its endpoint. */
interface Connection {
  readonly stream: ServerStream;
  readonly poster: HTTPSender;
}

/** Opens the channel of one attempt; nothing is sent before `initialize`. `getter` sends the GET, on a socket that it may have already. */
export function createSSEChannel(deps: SenderDeps, getter: HTTPSender = createHTTPSender(deps)): Channel {
  const { clock } = deps;
  let connection: Connection | undefined;
  let nextID = 0;

  const close = () => {
    connection?.poster.close();
    getter.close();
    connection = undefined;
  };
  const connect = async (call: Call): Promise<Connection | Exclude<StreamOpened, { kind: 'open' }>> => {
    if (connection !== undefined) close();
    const opened = await openServerStream(call, deps, getter);
    if (opened.kind !== 'open') return opened;
    const { stream } = opened;
    connection = { stream, poster: createHTTPSender({ ...deps, target: stream.endpoint }) };
    return connection;
  };

  /** Waits for `work`, at most `waitMs`. */
  const within = async <T, O>(work: Promise<T>, waitMs: number, otherwise: O): Promise<T | O> => {
    const overdue = Promise.withResolvers<O>();
    const timer = clock.setTimer(waitMs, () => overdue.resolve(otherwise));
    try {
      return await Promise.race([work, overdue.promise]);
    } finally {
      timer.cancel();
    }
  };

  return {
    transport: 'SSE',
    async call(call) {
      const reached = call.method === 'initialize' || connection === undefined ? await connect(call) : connection;
      if ('kind' in reached) return reached;
      const { stream, poster } = reached;
      const asked = inSession(call, stream);
      const ended = stream.ended(asked);
      if (ended !== undefined) return ended;
      const id = nextID;
      nextID += 1;
      const startedMs = clock.monotonicMs();
      const answered = stream.answer(asked, id);
      const posted = post(poster, asked, id, deps);
      // Both may still be under way when the other one decides.
      posted.catch(() => undefined);
      answered.catch(() => undefined);
      const first = await Promise.race([answered.then((answer) => ({ answer })), posted]);
      if (first === 'accepted') {
        deps.stopwatch.enter('payload');
        const restMs = deps.timeoutMs - (clock.monotonicMs() - startedMs);
        const overdue = failed(asked, { kind: 'deadline', stage: 'payload', scope: 'request' });
        const answer = await within(answered, restMs, overdue);
        deps.stopwatch.stop();
        return answer;
      }
      if (!('answer' in first)) return first;
      // The stream was faster than the 202, whose socket the next request needs.
      if ((await within(posted, LIMITS.drainMs, 'late')) === 'late') poster.close();
      return first.answer;
    },
    async notify(call) {
      if (connection === undefined) return failed(call, { kind: 'unexpected', stage: 'session' });
      const posted = await post(connection.poster, inSession(call, connection.stream), undefined, deps);
      return posted === 'accepted' || posted.kind === 'result' ? undefined : posted;
    },
    // Closing the stream ends the session.
    endSession: async () => {},
    close,
  };
}

/** The endpoint's URL is what identifies the session; a 404 from there means what a 404 with Mcp-Session-Id means. */
function inSession(call: Call, { endpoint }: ServerStream): Call {
  return { ...call, session: endpoint.path };
}

/** POSTs a request, or a notification where `id` is undefined. `accepted`: any 2xx whose body is no answer. */
async function post(
  poster: HTTPSender,
  call: Call,
  id: number | undefined,
  { clock, budget }: SenderDeps,
): Promise<'accepted' | Answer | Ended> {
  const body = writeRequest(id, call.method, call.params);
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body))];
  let collected: CollectedBody | undefined;
  const sent: Sent = await poster.send(
    call,
    { method: 'POST', headers, body, ...(isSentOnce(call.method) && { once: true }) },
    (head) => {
      if (!isSuccess(head.httpStatus)) collected = collectBody(LIMITS.errorBodyBytes, 'cut');
      else if (id !== undefined && mediaType(head) === 'application/json') collected = collectBody(LIMITS.bodyBytes, 'refuse');
      return collected ?? ignoreBody;
    },
  );
  if (sent.kind !== 'answered') return sent;
  const { head, ended } = sent;
  const text = collected?.text() ?? '';
  if (!isSuccess(head.httpStatus)) return readRefusal(call, head, text, clock.wallMs());
  if (id === undefined || collected === undefined) return 'accepted';
  const answer = readBody(call, id, { ...head, httpStatus: 200 }, { text, truncated: ended === 'truncated' }, budget);
  return answer.kind === 'failed' && answer.trouble.fact.kind === 'payload' ? 'accepted' : answer;
}
