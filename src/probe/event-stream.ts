/**
 * An answer that arrives as server-sent events: passes over priming events, notifications and requests until the JSON-RPC answer to our
 * request is there. Holds at most one event.
 */
import { createEventReader, readEventMessage } from './event-reader.ts';
import type { BodySink } from './exchange.ts';
import type { AnswerMessage } from './json-rpc.ts';

export interface AnswerStream extends BodySink {
  /** The answer, once it was there. */
  answer(): AnswerMessage | undefined;
  /** The id of the last event that had one: where a broken stream may be taken up again. */
  lastEventID(): string | undefined;
}

/** Reads until any JSON-RPC answer; whether its id is ours is for the caller to say. */
export function readAnswerStream(httpStatus: number): AnswerStream {
  let answer: AnswerMessage | undefined;
  const reader = createEventReader((type, data) => {
    if (answer !== undefined || type !== 'message') return undefined;
    const message = readEventMessage(data, httpStatus);
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
  };
}
