/**
 * The server's half of HTTP+SSE (2024-11-05): one GET whose events first tell where to POST and then carry every answer. It stays open
 * beside the requests, so it ends by the peer, by the lifeline, or by `close`. Notifications and requests of the server's are passed over
 * and never answered; an answer that nobody waits for is dropped at once.
 */
import { type CollectedBody, collectBody, ignoreBody } from './body.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { Answer, Call, Ended } from './conversation.ts';
import { createEventReader, readEventMessage } from './event-reader.ts';
import type { BodySink, Head } from './exchange.ts';
import { failed, isSuccess, mediaType, readAnswer, readRefusal } from './http-answer.ts';
import type { HTTPSender, SenderDeps, Sent } from './http-sender.ts';
import type { AnswerMessage } from './json-rpc.ts';
import { LIMITS } from './limits.ts';
import type { FailureFact } from './outcome.ts';
import { createTarget, type Target } from './target.ts';

export interface ServerStream {
  /** Where requests are POSTed: the origin of the stream, the path that the server named. */
  readonly endpoint: Target;
  /** How the stream ended, as a failure of `call`; undefined while it is open. */
  ended(call: Call): Ended | undefined;
  /** Resolves with the answer to `id`, or with how the stream ended. One call waits at a time; the one before is forgotten. */
  answer(call: Call, id: number): Promise<Answer>;
  /** Ends the GET. Idempotent. */
  close(): void;
}

export type StreamOpened = { readonly kind: 'open'; readonly stream: ServerStream } | Exclude<Answer, { kind: 'result' }>;

type StreamFact = Exclude<Ended, { kind: 'failed' }> | { readonly kind: 'failed'; readonly fact: FailureFact };

/** Opens the stream and waits for its endpoint, at most `timeoutMs` from connect. `sender` serves nothing else until `close`. */
export function openServerStream(call: Call, deps: SenderDeps, sender: HTTPSender): Promise<StreamOpened> {
  const opening = Promise.withResolvers<StreamOpened>();
  let refusal: CollectedBody | undefined;
  let waiting:
    | { readonly id: number; readonly call: Call; resolve(answer: Answer): void; reject(error: unknown): void }
    | undefined;
  let over: StreamFact | undefined;

  const stream = (endpoint: Target): ServerStream => ({
    endpoint,
    ended: (asked) => (over === undefined ? undefined : endedFor(asked, over)),
    answer(asked, id) {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      waiting = { id, call: asked, resolve, reject };
      return promise;
    },
    close: sender.close,
  });
  const onAnswer = (message: AnswerMessage, httpStatus: number) => {
    if (waiting === undefined || isLate(message, waiting.id)) return;
    waiting.resolve(readAnswer(waiting.call, waiting.id, httpStatus, message));
    waiting = undefined;
  };
  const onEndpoint = (data: string): FailureFact | undefined => {
    const from = sender.line()?.target ?? deps.target;
    const read = readEndpoint(data, from, deps);
    if ('kind' in read) return read;
    opening.resolve({ kind: 'open', stream: stream(read) });
    return undefined;
  };
  const pick = (head: Head): BodySink => {
    const { httpStatus } = head;
    if (isSuccess(httpStatus)) {
      return mediaType(head) === 'text/event-stream' ? readStream(httpStatus, deps.budget, onEndpoint, onAnswer) : ignoreBody;
    }
    refusal = collectBody(LIMITS.errorBodyBytes, 'cut');
    return refusal;
  };
  const finish = (sent: Sent) => {
    const ended = sent.kind === 'answered' ? describeEnd(call, sent, refusal?.text() ?? '', deps.clock.wallMs()) : sent;
    over = ended.kind === 'failed' ? { kind: 'failed', fact: ended.trouble.fact } : ended;
    // Whichever of the two has been resolved already stays as it is.
    opening.resolve(ended);
    waiting?.resolve(endedFor(waiting.call, over));
  };
  const crash = (error: unknown) => {
    over = { kind: 'failed', fact: { kind: 'unexpected', stage: 'payload' } };
    opening.reject(error);
    waiting?.reject(error);
  };
  sender.send(call, { method: 'GET', headers: [], accept: 'text/event-stream' }, pick).then(finish).catch(crash);
  return opening.promise;
}

/** The stream as a sink: the first event of type `endpoint` makes it last. */
function readStream(
  httpStatus: number,
  budget: ByteBudget,
  onEndpoint: (data: string) => FailureFact | undefined,
  onAnswer: (message: AnswerMessage, httpStatus: number) => void,
): BodySink {
  let lasting = false;
  const reader = createEventReader((type, data) => {
    if (type === 'endpoint' && !lasting) {
      lasting = true;
      return onEndpoint(data);
    }
    if (type !== 'message') return undefined;
    const message = readEventMessage(data, httpStatus, budget);
    if (message.kind === 'unreadable') return message.fact;
    if (message.kind !== 'incoming') onAnswer(message, httpStatus);
    return undefined;
  });
  return { write: (chunk) => reader.feed(chunk) ?? (lasting ? 'lasting' : 'more') };
}

/** The endpoint event's URL, relative or absolute. A place on another origin would get the credentials of this one. */
function readEndpoint(data: string, from: Target, deps: SenderDeps): Target | FailureFact {
  if (data.length > LIMITS.endpointBytes) return { kind: 'limit', stage: 'payload', limit: 'event' };
  // Joined, not resolved: a path such as `//other.example/` resolves to another host, and `//` to none.
  const url = URL.parse(data, from.origin + from.path);
  if (url === null) return { kind: 'payload', stage: 'payload', problem: 'schema', httpStatus: 200 };
  // `blob:` claims the origin of what it wraps.
  const foreign = url.origin !== from.origin || (url.protocol !== 'http:' && url.protocol !== 'https:');
  if (foreign || url.username !== '' || url.password !== '') {
    return { kind: 'payload', stage: 'payload', problem: 'foreignEndpoint', httpStatus: 200 };
  }
  return createTarget(url, deps.policy);
}

/** An answer to an earlier request, told twice or too late: ids count up from 0. */
function isLate(message: AnswerMessage, id: number): boolean {
  return message.kind !== 'malformed' && typeof message.id === 'number' && message.id >= 0 && message.id < id;
}

function endedFor(call: Call, over: StreamFact): Ended {
  return over.kind === 'failed' ? failed(call, over.fact) : over;
}

/** What an answer to the GET that came to its end says. */
function describeEnd(call: Call, sent: Extract<Sent, { kind: 'answered' }>, text: string, wallMs: number): Ended {
  const { head, ended } = sent;
  const { httpStatus } = head;
  if (!isSuccess(httpStatus)) return readRefusal(call, head, text, wallMs);
  const problem = (name: Extract<FailureFact, { kind: 'payload' }>['problem']) =>
    failed(call, { kind: 'payload', stage: 'payload', problem: name, httpStatus });
  switch (mediaType(head)) {
    case 'text/event-stream':
      return problem(ended === 'truncated' ? 'truncated' : 'streamEnded');
    case 'text/html':
      return problem('html');
    case '':
      return problem(httpStatus === 202 || httpStatus === 204 ? 'noContent' : 'empty');
  }
  return problem('notJSON');
}
