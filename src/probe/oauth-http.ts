/**
 * The HTTP of the OAuth library: each of its requests goes through our own exchange, so that the egress policy with every address, the
 * bounds, the deadlines and the trusted authorities hold for an authorization server as for an MCP server. Redirects are never followed,
 * plain http is refused where no credential may go, and nothing ambient (proxy, pool, cookie, cache) takes part.
 */

import { factOfRefusal, factOfTrouble, misconfigured } from './authorization-fact.ts';
import { collectBody, type ParsedJSON, parseJSON } from './body.ts';
import type { Head } from './exchange.ts';
import { LIMITS } from './limits.ts';
import { type Line, type LineDeps, openLine } from './line.ts';
import type { FailureFact } from './outcome.ts';
import { exchangeRepeatable } from './repeatable-exchange.ts';
import { parseRetryAfter } from './retry-after.ts';
import { createStopwatch } from './stopwatch.ts';
import { createTarget, type Target, takesCredentials } from './target.ts';

/** Why there is no answer to work with. */
export type Ending =
  | { readonly kind: 'refused'; readonly fact: FailureFact }
  | { readonly kind: 'aborted' }
  /** We ran out of descriptors or memory, or the API server could not be asked: nothing was learned. */
  | { readonly kind: 'unavailable' };

/** Carries an {@link Ending} through the library, which lets it pass. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
  readonly ending: Ending;

  constructor(ending: Ending) {
    super('the authorization server gave no usable answer');
    this.ending = ending;
  }
}

export interface OAuthHTTPDeps extends Omit<LineDeps, 'stopwatch'> {
  readonly userAgent: string;
}

/** What the library hands over, reduced to what we send. */
export interface OAuthRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams | undefined;
}

export interface OAuthHTTP {
  /** Sends one request. Answers with the body of a 2xx that names no error; rejects with {@link Unanswered} for everything else. */
  readonly request: (url: string, request: OAuthRequest) => Promise<Response>;
  /** Whether the last request left this machine. */
  sent(): boolean;
  /** Ends the connections. Idempotent. */
  close(): void;
}

/** Opens no connection before the first request; keeps one per origin, of which there are at most two (issuer and token endpoint). */
export function createOAuthHTTP(deps: OAuthHTTPDeps): OAuthHTTP {
  const lines = new Map<string, Line>();
  let stopwatch = createStopwatch(deps.clock);

  const reach = async (target: Target): Promise<Line> => {
    const open = lines.get(target.origin);
    if (open !== undefined) return open;
    const opened = await openLine(target, { ...deps, stopwatch });
    if (opened.kind === 'aborted') throw new Unanswered(opened);
    if (opened.kind === 'undecided') throw new Unanswered({ kind: 'unavailable' });
    if (opened.kind === 'failed') throw new Unanswered({ kind: 'refused', fact: factOfTrouble(opened.fact) });
    lines.set(target.origin, opened.line);
    return opened.line;
  };

  return {
    async request(url, { method, headers, body }) {
      stopwatch = createStopwatch(deps.clock);
      const target = createTarget(new URL(url), deps.policy);
      if (!takesCredentials(target, deps.policy)) throw refuse(misconfigured('plainHTTP'));
      const line = await reach(target);
      // Metadata may be asked for twice, a token may not (an assertion is good for one request): it goes out on a fresh connection, that
      // no idle time-out of the server can have ended already.
      if (method === 'POST') line.close();
      const text = body?.toString();
      const collected = collectBody(LIMITS.authorizationBytes, 'refuse');
      let head: Head | undefined;
      const ended = await exchangeRepeatable(
        { ...line, target },
        { ...deps, stopwatch },
        {
          method,
          headers: writeHeaders(target, headers, text, deps.userAgent),
          timeoutMs: deps.timeoutMs,
          ...(text && { body: text }),
        },
        (received) => {
          head = received;
          return collected;
        },
      );
      if (ended.kind === 'aborted') throw new Unanswered(ended);
      if (ended.kind === 'undecided') throw new Unanswered({ kind: 'unavailable' });
      if (ended.kind === 'failed') throw refuse(factOfTrouble(ended.fact));
      if (head === undefined) throw refuse({ kind: 'unexpected', stage: 'credentials' });
      const { httpStatus } = head;
      const success = httpStatus >= 200 && httpStatus <= 299;
      if (success && ended.ended === 'truncated') {
        throw refuse(factOfTrouble({ kind: 'payload', stage: 'payload', problem: 'truncated', httpStatus }));
      }
      const retryAfterMs = parseRetryAfter(head.headers['retry-after'], deps.clock.wallMs());
      return readResponse(httpStatus, success, collected.text(), retryAfterMs);
    },
    sent: () => stopwatch.readMs().http !== undefined,
    close() {
      for (const line of lines.values()) line.close();
      lines.clear();
    },
  };
}

function refuse(fact: FailureFact): Unanswered {
  return new Unanswered({ kind: 'refused', fact });
}

/** A success of any body goes on to the library, which says what it should hold; a refusal is understood here, by status and error code. */
function readResponse(httpStatus: number, success: boolean, text: string, retryAfterMs: number | undefined): Response {
  const parsed: ParsedJSON = parseJSON(text);
  const value = parsed.kind === 'json' ? parsed.value : undefined;
  const error = typeof value === 'object' && value !== null && 'error' in value ? value.error : undefined;
  if (!success || typeof error === 'string') throw refuse(factOfRefusal(httpStatus, error, retryAfterMs));
  // A text beyond our bounds is not given to another parser. 200: a 204 could bear no body for the library to refuse.
  return new Response(parsed.kind === 'tooLarge' ? '' : text, { status: 200, headers: { 'content-type': 'application/json' } });
}

/** Our own headers win: the library names itself as the user agent. */
function writeHeaders(
  target: Target,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
  userAgent: string,
): readonly string[] {
  const written = [
    'Host',
    target.authority,
    'User-Agent',
    userAgent,
    'Accept',
    'application/json',
    'Accept-Encoding',
    'identity',
  ];
  if (body !== undefined) written.push('Content-Length', String(Buffer.byteLength(body)));
  for (const name of ['content-type', 'authorization']) {
    const value = headers[name];
    if (value !== undefined) written.push(name, value);
  }
  return written;
}
