/**
 * An exchange for requests that may be sent twice. A server may end an idle connection at any time, also while the next request is on its
 * way; such a request goes out once more, on a fresh connection, within the time of the first (RFC 9112, section 9.3.1). A connection that
 * was fresh, or that brought one byte of an answer, is never tried again here: that is what attempts are for.
 */
import { type BodySink, type Exchanged, type ExchangeRequest, exchange, type Head } from './exchange.ts';
import type { Line, LineDeps } from './line.ts';

/**
 * `exchange`, and once more when the connection was stale. For requests that do the same twice as once: GET, DELETE, and of the POSTs
 * discovery, lists, `initialize` and its notification, of which a server that ended the connection has most likely seen none.
 */
export async function exchangeRepeatable(
  line: Line,
  deps: LineDeps,
  request: ExchangeRequest,
  onHead: (head: Head) => BodySink,
): Promise<Exchanged> {
  const startedMs = deps.clock.monotonicMs();
  const closes = line.closes();
  const first = await exchange(line, deps, request, onHead);
  // A connection that we ended ourselves looks as if the server had.
  if (first.kind !== 'failed' || first.stale !== true || line.closes() !== closes) return first;
  // The agent has dropped the socket that ended, and a line has one: this one connects.
  const leftMs = request.timeoutMs - (deps.clock.monotonicMs() - startedMs);
  return exchange(line, deps, { ...request, timeoutMs: Math.max(1, leftMs) }, onHead);
}
