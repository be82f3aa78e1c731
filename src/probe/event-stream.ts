/**
 * An answer that arrives as server-sent events: passes over priming events, notifications and requests until the JSON-RPC answer to our
 * request is there. Holds at most one event. Bytes may be split anywhere; line ends and a byte order mark are the parser's part.
 */
import { StringDecoder } from 'node:string_decoder';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { parseJSON } from './body.ts';
import type { BodySink } from './exchange.ts';
import { type RpcMessage, readMessage } from './json-rpc.ts';
import { LIMITS } from './limits.ts';
import type { FailureFact } from './outcome.ts';

export interface AnswerStream extends BodySink {
  /** The answer, once it was there. */
  answer(): Extract<RpcMessage, { kind: 'result' | 'error' | 'malformed' }> | undefined;
  /** The id of the last event that had one: where a broken stream may be taken up again. */
  lastEventID(): string | undefined;
}

/** The field name and the space before the data of a line, which the parser counts too. */
const FIELD_CHARACTERS = 16;

/** Reads until any JSON-RPC answer; whether its id is ours is for the caller to say. */
export function readAnswerStream(httpStatus: number): AnswerStream {
  const decoder = new StringDecoder('utf8');
  let answer: ReturnType<AnswerStream['answer']>;
  let failure: FailureFact | undefined;
  let lastEventID: string | undefined;
  let events = 0;

  const onEvent = ({ event, data }: EventSourceMessage) => {
    if (answer !== undefined || failure !== undefined) return;
    events += 1;
    if (events > LIMITS.events) failure = { kind: 'limit', stage: 'payload', limit: 'events' };
    else if (isOver(data)) failure = { kind: 'limit', stage: 'payload', limit: 'event' };
    // A priming event has an id and no data (SEP-1699); events of other types are not messages.
    if (failure !== undefined || data === '' || (event !== undefined && event !== 'message')) return;
    const parsed = parseJSON(data);
    switch (parsed.kind) {
      case 'tooDeep':
        failure = { kind: 'limit', stage: 'payload', limit: 'depth' };
        return;
      case 'broken':
        failure = { kind: 'payload', stage: 'payload', problem: 'brokenStream', httpStatus };
        return;
      case 'json': {
        const message = readMessage(parsed.value);
        if (message.kind === 'foreign') failure = { kind: 'payload', stage: 'payload', problem: 'notJSONRPC', httpStatus };
        else if (message.kind !== 'incoming') answer = message;
      }
    }
  };
  const parser = createParser({
    onEvent,
    onId: (id) => {
      lastEventID = /^[\x20-\x7e]{1,1024}$/.test(id) ? id : undefined;
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') failure ??= { kind: 'limit', stage: 'payload', limit: 'event' };
    },
    maxBufferSize: LIMITS.eventBytes + FIELD_CHARACTERS,
  });
  return {
    write(chunk) {
      if (failure === undefined && answer === undefined) parser.feed(decoder.write(chunk));
      return failure ?? (answer === undefined ? 'more' : 'enough');
    },
    answer: () => answer,
    lastEventID: () => lastEventID,
  };
}

/** Bytes matter, and a character has at most three in UTF-8 per UTF-16 unit: short texts need no count. */
function isOver(data: string): boolean {
  return data.length * 3 > LIMITS.eventBytes && Buffer.byteLength(data) > LIMITS.eventBytes;
}
