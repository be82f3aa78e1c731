/**
 * One watch, from its request to its end: lines out of chunks, events out of lines, and one value that says how it ended.
 *
 * The API server sends a bookmark about every minute, so {@link WatchRequest.silenceMs} without a byte means that nobody is there any
 * more (half-open connection, frozen server) and the watch is given up. Memory is one line, bounded. It decides nothing: whether to
 * resume, to list anew or to wait is the reflector's.
 */
import type { Clock, Timer } from '../platform/clock.ts';
import type { KubeClient, KubeFailure } from './client.ts';
import { parseJSON } from './response.ts';

export interface WatchRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** The server accepted the watch. */
  readonly onOpen: () => void;
  /** One event; `ERROR` events are not told but end the watch. False: it can not be understood, and ends the watch as `garbage`. */
  readonly onEvent: (type: string, object: unknown) => boolean;
}

export type WatchEnd =
  /** The server ended it after a whole line: its time was over, or the server goes away in good order. */
  | { readonly kind: 'closed' }
  /** 410 Gone: the version that was asked for is not kept any more. */
  | { readonly kind: 'expired' }
  /** It ended in the middle of a line. What came before was told. */
  | { readonly kind: 'truncated' }
  /** A line that is no event, or one longer than {@link MAX_LINE_BYTES}. */
  | { readonly kind: 'garbage' }
  | { readonly kind: 'silent' }
  | KubeFailure;

/** An object in etcd is at most 1.5 MiB; as JSON with its managed fields less than 4. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;
const NEWLINE = 10;

/** Watches until it ends. Never rejects. */
export async function watchOnce(
  { client, clock }: { client: KubeClient; clock: Clock },
  request: WatchRequest,
): Promise<WatchEnd> {
  const cut = new AbortController();
  const onAbort = () => cut.abort(request.signal.reason);
  if (request.signal.aborted) return { kind: 'aborted' };
  request.signal.addEventListener('abort', onAbort, { once: true });
  let isSilent = false;
  const silence = watchSilence(clock, request.silenceMs, () => {
    isSilent = true;
    cut.abort(new Error('silent'));
  });
  try {
    const opened = await client.stream({ path: request.path, query: request.query, signal: cut.signal });
    if (opened.kind !== 'open') return endOf(opened, isSilent);
    silence.heard();
    request.onOpen();
    return await readEvents(opened.chunks, silence.heard, request.onEvent);
  } catch (error) {
    if (request.signal.aborted) return { kind: 'aborted' };
    if (isSilent) return { kind: 'silent' };
    if (!(error instanceof Error) || !('code' in error)) throw error;
    return { kind: 'network', ...(typeof error.code === 'string' ? { errorCode: error.code } : {}) };
  } finally {
    silence.cancel();
    request.signal.removeEventListener('abort', onAbort);
    cut.abort(new Error('done'));
  }
}

function endOf(failure: KubeFailure, isSilent: boolean): WatchEnd {
  if (failure.kind === 'aborted' && isSilent) return { kind: 'silent' };
  if (failure.kind === 'status' && failure.status === 410) return { kind: 'expired' };
  return failure;
}

async function readEvents(
  chunks: AsyncIterable<Buffer>,
  heard: () => void,
  onEvent: (type: string, object: unknown) => boolean,
): Promise<WatchEnd> {
  // Pieces of the line that has not ended yet: joined once, so that a slow long line costs no square.
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    heard();
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      const line =
        pieces.length === 0 ? chunk.toString('utf8', from, to) : Buffer.concat([...pieces, chunk.subarray(from, to)]).toString();
      const end = readLine(line, onEvent);
      if (end) return end;
      pieces = [];
      length = 0;
      from = to + 1;
    }
    if (from === chunk.length) continue;
    pieces.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > MAX_LINE_BYTES) return { kind: 'garbage' };
  }
  return length > 0 ? { kind: 'truncated' } : { kind: 'closed' };
}

/** Undefined: go on. */
function readLine(line: string, onEvent: (type: string, object: unknown) => boolean): WatchEnd | undefined {
  if (line.trim() === '') return undefined;
  const event = parseJSON(line) as { type?: unknown; object?: unknown } | null | undefined;
  if (typeof event !== 'object' || event === null || typeof event.type !== 'string') return { kind: 'garbage' };
  if (event.type !== 'ERROR') return onEvent(event.type, event.object) ? undefined : { kind: 'garbage' };
  const status = event.object as { code?: unknown; details?: { retryAfterSeconds?: unknown } | null } | null | undefined;
  if (status?.code === 410) return { kind: 'expired' };
  const seconds = status?.details?.retryAfterSeconds;
  return {
    kind: 'status',
    status: typeof status?.code === 'number' ? status.code : 500,
    ...(typeof seconds === 'number' && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}),
  };
}

/** One timer that looks how long ago the last byte came, instead of one that is set anew at each of 10,000 events. */
function watchSilence(clock: Clock, silenceMs: number, onSilence: () => void): { heard: () => void; cancel: () => void } {
  let heardMs = clock.monotonicMs();
  let timer: Timer;
  const arm = (delayMs: number) => {
    timer = clock.setTimer(delayMs, () => {
      const restMs = heardMs + silenceMs - clock.monotonicMs();
      if (restMs > 0) arm(restMs);
      else onSilence();
    });
  };
  arm(silenceMs);
  return {
    heard: () => {
      heardMs = clock.monotonicMs();
    },
    cancel: () => timer.cancel(),
  };
}
