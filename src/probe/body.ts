/**
 * Bodies that are read whole: bounded while they arrive, then parsed as JSON after their nesting and values were counted and paid for, so
 * that no text makes the parser recurse, or a probe work on trees of many times its bytes. It keeps nothing of a body but the parsed value.
 */
import type { ByteBudget } from './byte-budget.ts';
import type { BodySink } from './exchange.ts';
import { LIMITS } from './limits.ts';
import type { FailureFact } from './outcome.ts';

export interface CollectedBody extends BodySink {
  /** What arrived, up to the bound. */
  text(): string;
}

/**
 * Collects at most `limitBytes`. One byte more is a fact for `refuse`, and simply the end for `cut`.
 */
export function collectBody(limitBytes: number, beyond: 'refuse' | 'cut'): CollectedBody {
  // One buffer that doubles: 4 MiB that come byte by byte would be four million objects of 100 bytes each.
  let held = Buffer.alloc(0);
  let size = 0;
  const keep = (chunk: Buffer) => {
    if (size + chunk.length > held.length) {
      const grown = Buffer.allocUnsafe(Math.min(Math.max(held.length * 2, size + chunk.length), limitBytes));
      held.copy(grown, 0, 0, size);
      held = grown;
    }
    chunk.copy(held, size);
    size += chunk.length;
  };
  return {
    write(chunk) {
      if (size + chunk.length <= limitBytes) {
        keep(chunk);
        return 'more';
      }
      if (beyond === 'refuse') return { kind: 'limit', stage: 'payload', limit: 'body' };
      keep(chunk.subarray(0, limitBytes - size));
      return 'enough';
    },
    text() {
      const text = held.toString('utf8', 0, size);
      return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    },
  };
}

/** A sink for bodies that nobody reads. */
export const ignoreBody: BodySink = { skips: true, write: () => 'enough' };

export type ParsedJSON =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'tooLarge'; readonly limit: 'depth' | 'values' | 'probe' }
  | { readonly kind: 'broken' };

/**
 * Parses `text`; `tooLarge` when it nests deeper than {@link LIMITS.jsonDepth} (a scalar has depth 0), or holds more than
 * {@link LIMITS.jsonValues}, or more than {@link LIMITS.jsonMembers} in one object or array. Its bytes are paid for when they arrive; what
 * its values cost beyond them ({@link LIMITS.jsonValueBytes}) is taken from `budget`, which only texts of up to 64 KiB may lack.
 */
export function parseJSON(text: string, budget?: ByteBudget): ParsedJSON {
  const values = countValues(text);
  if (typeof values === 'string') return { kind: 'tooLarge', limit: values };
  // A character has a byte at least.
  const unpaidBytes = Math.max(0, values * LIMITS.jsonValueBytes - text.length);
  if (budget?.spend(unpaidBytes) === false) return { kind: 'tooLarge', limit: 'probe' };
  try {
    return { kind: 'json', value: JSON.parse(text) as unknown };
  } catch {
    return { kind: 'broken' };
  }
}

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/**
 * What a text is charged for: its values by brackets and commas, one more for each object and {@link NUMBERED} more for each key that
 * may be a number; or the bound that is exceeded, which knows values alone. One pass, linear in any text: strings are skipped from
 * quote to quote.
 */
function countValues(text: string): number | 'depth' | 'values' {
  let depth = 0;
  let values = 0;
  let extra = 0;
  // Members of each container that is open, by its depth.
  const members = new Uint32Array(LIMITS.jsonDepth + 1);
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (mayBeNumber(text.charCodeAt(at + 1)) && isKey(text, end)) extra += NUMBERED;
      at = end;
    } else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      depth += 1;
      if (depth > LIMITS.jsonDepth) return 'depth';
      values += 1;
      if (code === OPEN_BRACE) extra += 1;
      members[depth] = 1;
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) {
      depth -= 1;
    } else if (code === COMMA) {
      values += 1;
      members[depth] = (members[depth] ?? 0) + 1;
      if ((members[depth] ?? 0) > LIMITS.jsonMembers) return 'values';
    }
    if (values > LIMITS.jsonValues) return 'values';
  }
  return values + extra;
}

/** V8 keeps `{"34":0}` as an array of 35 places, some 370 bytes for the eight of its text; from 35 on as a table of 220. */
const NUMBERED = 5;

/** By the first character of a key: a digit, or an escape, which may be one. */
const mayBeNumber = (code: number) => (code >= 48 && code <= 57) || code === BACKSLASH;

const COLON = 58;
const SPACE = 32;

/** Whether a colon follows the string that ends at `end`. */
function isKey(text: string, end: number): boolean {
  let next = end + 1;
  // Every character up to the space is white, or no JSON.
  while (next < text.length && text.charCodeAt(next) <= SPACE) next += 1;
  return text.charCodeAt(next) === COLON;
}

/** The place of the quote that ends the string which begins at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}

/** Why a complete text that is no JSON is none: `html` when it begins like a page, `empty` when there is nothing. */
export function describeNonJSON(text: string): Extract<FailureFact, { kind: 'payload' }>['problem'] {
  const begin = text.slice(0, 256).trimStart();
  if (begin === '') return text.length > 256 ? 'notJSON' : 'empty';
  return begin.startsWith('<') ? 'html' : 'notJSON';
}
