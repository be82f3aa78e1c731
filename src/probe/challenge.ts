/**
 * Reads `WWW-Authenticate` (RFC 9110, 11.6.1): any number of challenges in any number of header lines, tokens, quoted strings, token68.
 * Keeps which schemes were offered and which error was named, and nothing else. What does not parse ends the reading of that line; it
 * never throws, and its work is bounded by the length it looks at.
 */
import type { Challenge } from './outcome.ts';

/** Real headers have 50–600 characters; every byte is looked at once or twice. */
const MAX_HEADER_CHARS = 8 * 1024;
/** Header lines looked at. */
const MAX_LINES = 8;

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*[ \t]*(?:,|$)/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
const SPACES = /[ \t]+/y;
const SEPARATORS = /[ \t]*(?:,[ \t]*)*/y;

interface Scheme {
  readonly name: string;
  error?: string;
}

/** Undefined when the header is absent or bears no challenge. `error` is the first one that a challenge names (RFC 6750, 3; RFC 9449). */
export function parseChallenge(header: string | readonly string[] | undefined): Challenge | undefined {
  const lines = typeof header === 'string' ? [header] : (header ?? []);
  const schemes = lines.slice(0, MAX_LINES).flatMap((line) => parseLine(line.slice(0, MAX_HEADER_CHARS)));
  if (schemes.length === 0) return undefined;
  const error = schemes.find((scheme) => scheme.error !== undefined)?.error;
  return { bearer: schemes.some(({ name }) => name === 'bearer'), ...(error !== undefined && { error: errorOf(error) }) };
}

function errorOf(error: string): NonNullable<Challenge['error']> {
  switch (error) {
    case 'invalid_token':
    case 'insufficient_scope':
    case 'invalid_request':
      return error;
  }
  return 'other';
}

function parseLine(line: string): readonly Scheme[] {
  const schemes: Scheme[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = position;
    const match = pattern.exec(line);
    if (match === null) return undefined;
    position = pattern.lastIndex;
    return match;
  };

  take(SEPARATORS);
  // Each round takes at least one character.
  while (position < line.length) {
    const word = take(TOKEN)?.[0].toLowerCase();
    if (word === undefined) break;
    const scheme = schemes.at(-1);
    if (scheme !== undefined && take(EQUALS) !== undefined) {
      const value = take(QUOTED)?.[1]?.replace(/\\(.)/gs, '$1') ?? take(TOKEN)?.[0];
      if (value === undefined) break;
      if (word === 'error') scheme.error ??= value.toLowerCase();
    } else {
      schemes.push({ name: word });
      // A parameter does not match: after its equals sign there is a value, where a token68 has ended.
      if (take(SPACES) !== undefined) take(TOKEN68);
    }
    take(SEPARATORS);
  }
  return schemes;
}
