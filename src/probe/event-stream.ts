/**
 * An answer that arrives as server-sent events: passes over priming events, notifications and requests until the JSON-RPC answer to our
 * request is there. Holds at most one event.
 */
import type { ByteBudget } from './byte-budget.ts';
import { createEventReader, readEventMessage } from './event-reader.ts';
import type { BodySink } from './exchange.ts';
import type { AnswerMessage } from './json-rpc.ts';

export interface AnswerStream extends BodySink {
  /** The answer, once it was there. */
  answer(): AnswerMessage | undefined;
  /** The id of the last event that had one: where a broken stream may be taken up again. */
  lastEventID(): string | undefined;
  /** How long the server wants us to wait before that, in ms; undefined when it does not say. */
  retryMs(): number | undefined;
}

/** Reads until any JSON-RPC answer; whether its id is ours is for the caller to say. */
export function readAnswerStream(httpStatus: number, budget: ByteBudget): AnswerStream {
  let answer: AnswerMessage | undefined;
  const reader = createEventReader((type, data) => {
    if (answer !== undefined || type !== 'message') return undefined;
    const message = readEventMessage(data, httpStatus, budget);
    if (message.kind === 'unreadable') return message.fact;
    if (message.kind !== 'incoming') answer = message;
    return undefined;
  });
  return {
    write(chunk) {
      if (answer !== undefined) return 'enough';
      const failure = reader.feed(chunk);
      // An answer that is there counts, whatever came behind it.
      return answer === undefined ? (failure ?? 'more') : 'enough';
    },
    answer: () => answer,
    lastEventID: reader.lastEventID,
    retryMs: reader.retryMs,
  };
}
