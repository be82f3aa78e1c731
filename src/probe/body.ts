/**
 * Bodies that are read whole: bounded while they arrive, then parsed as JSON after their nesting was measured, so that no text makes
 * the parser recurse. It keeps nothing of a body but the parsed value.
 */
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
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    write(chunk) {
      size += chunk.length;
      if (size <= limitBytes) {
        chunks.push(chunk);
        return 'more';
      }
      if (beyond === 'refuse') return { kind: 'limit', stage: 'payload', limit: 'body' };
      chunks.push(chunk.subarray(0, chunk.length - (size - limitBytes)));
      return 'enough';
    },
    text() {
      const [only] = chunks;
      const text = chunks.length === 1 && only !== undefined ? only.toString('utf8') : Buffer.concat(chunks).toString('utf8');
      return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    },
  };
}

/** A sink for bodies that nobody reads. */
export const ignoreBody: BodySink = { skips: true, write: () => 'enough' };

export type ParsedJSON =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'tooDeep' }
  | { readonly kind: 'broken' };

/** Parses `text`; `tooDeep` when it nests deeper than {@link LIMITS.jsonDepth} (a scalar has depth 0). */
export function parseJSON(text: string): ParsedJSON {
  if (isTooDeep(text)) return { kind: 'tooDeep' };
  try {
    return { kind: 'json', value: JSON.parse(text) as unknown };
  } catch {
    return { kind: 'broken' };
  }
}

const QUOTE = 34;
const BACKSLASH = 92;

/** One pass over the text: linear, whatever it holds. Strings are skipped from quote to quote. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === 91 || code === 123) {
      depth += 1;
      if (depth > LIMITS.jsonDepth) return true;
    } else if (code === 93 || code === 125) {
      depth -= 1;
    }
  }
  return false;
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
