/**
 * Server-sent events out of bytes, bounded while they arrive: the size of an event and the number of events (all bytes of a probe are
 * bounded where they are read). Holds at most one event. Bytes may be split anywhere; line ends and a byte order mark are the parser's
 * part. What an event means is the caller's business.
 */
import { StringDecoder } from 'node:string_decoder';
import { createParser } from 'eventsource-parser';
import { parseJSON } from './body.ts';
import type { ByteBudget } from './byte-budget.ts';
import { type RpcMessage, readMessage } from './json-rpc.ts';
import { LIMITS } from './limits.ts';
import type { FailureFact } from './outcome.ts';

/** Takes one event. `type` is `message` where the server named none. A fact ends the reading. */
export type OnEvent = (type: string, data: string) => FailureFact | undefined;

export interface EventReader {
  /** Takes the next bytes; gives the fact that ended the reading, this time and ever after. */
  feed(chunk: Buffer): FailureFact | undefined;
  /** The id of the last event that had one. */
  lastEventID(): string | undefined;
  /** What the last `retry` field said: how long to wait before the stream is taken up again, in ms. */
  retryMs(): number | undefined;
}

/** The field name and the space before the data of a line, which the parser counts too. */
const FIELD_CHARACTERS = 16;

/** Pieces of a line are put together up to this size: the parser keeps each that it gets, and 4 MiB in single bytes would be 100 MB. */
const HELD_BYTES = 16 * 1024;

/** A reader of one stream. Events without data (SEP-1699 primes streams with them) count and are passed over. */
export function createEventReader(onEvent: OnEvent): EventReader {
  const decoder = new StringDecoder('utf8');
  let failure: FailureFact | undefined;
  let lastEventID: string | undefined;
  let retryMs: number | undefined;
  let events = 0;
  let lines = 0;
  let held: Buffer | undefined;
  let heldBytes = 0;
  /** Since the chunk with the last line end. */
  let lineBytes = 0;
  const parser = createParser({
    onEvent({ event, data }) {
      if (failure !== undefined) return;
      events += 1;
      lines = 0;
      if (events > LIMITS.events) failure = tooLarge('events');
      else if (isOver(data)) failure = tooLarge('event');
      else if (data !== '') failure = onEvent(event ?? 'message', data);
    },
    onId(id) {
      lastEventID = /^[\x20-\x7e]{1,1024}$/.test(id) ? id : undefined;
    },
    onRetry(waitMs) {
      retryMs = waitMs;
    },
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') failure ??= tooLarge('event');
    },
    maxBufferSize: LIMITS.eventBytes + FIELD_CHARACTERS,
  });
  return {
    feed(chunk) {
      if (failure !== undefined) return failure;
      const lineEnds = countLineEnds(chunk);
      lineBytes = lineEnds === 0 ? lineBytes + chunk.length : 0;
      // No event ends without a line that ends: until then bytes can wait, but for those that make a line too long.
      if (lineEnds === 0 && heldBytes + chunk.length <= HELD_BYTES && lineBytes <= LIMITS.eventBytes) {
        held ??= Buffer.allocUnsafe(HELD_BYTES);
        heldBytes += chunk.copy(held, heldBytes);
        return undefined;
      }
      lines += lineEnds;
      if (held !== undefined && heldBytes > 0) parser.feed(decoder.write(held.subarray(0, heldBytes)));
      heldBytes = 0;
      // What was held may have been too much already, and then the parser takes no more.
      if (failure === undefined) parser.feed(decoder.write(chunk));
      if (lines > LIMITS.eventLines) failure ??= tooLarge('event');
      return failure;
    },
    lastEventID: () => lastEventID,
    retryMs: () => retryMs,
  };
}

/** CRLF counts twice: the bound is far from what is real. By index: an iterator takes ten times as long (0.8 s for all a probe may read). */
function countLineEnds(chunk: Buffer): number {
  let count = 0;
  for (let at = 0; at < chunk.length; at += 1) if (chunk[at] === 10 || chunk[at] === 13) count += 1;
  return count;
}

/** The JSON-RPC message in the data of an event, or why there is none. What it costs to parse is taken from `budget`. */
export function readEventMessage(
  data: string,
  httpStatus: number,
  budget: ByteBudget,
): Exclude<RpcMessage, { kind: 'foreign' }> | { readonly kind: 'unreadable'; readonly fact: FailureFact } {
  const parsed = parseJSON(data, budget);
  switch (parsed.kind) {
    case 'tooLarge':
      return { kind: 'unreadable', fact: tooLarge(parsed.limit) };
    case 'broken':
      return { kind: 'unreadable', fact: { kind: 'payload', stage: 'payload', problem: 'brokenStream', httpStatus } };
    case 'json': {
      const message = readMessage(parsed.value);
      if (message.kind !== 'foreign') return message;
      return { kind: 'unreadable', fact: { kind: 'payload', stage: 'payload', problem: 'notJSONRPC', httpStatus } };
    }
  }
}

function tooLarge(limit: Extract<FailureFact, { kind: 'limit' }>['limit']): FailureFact {
  return { kind: 'limit', stage: 'payload', limit };
}

/** Bytes matter, and a character has at most three in UTF-8 per UTF-16 unit: short texts need no count. */
function isOver(data: string): boolean {
  return data.length * 3 > LIMITS.eventBytes && Buffer.byteLength(data) > LIMITS.eventBytes;
}
