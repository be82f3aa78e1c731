/**
 * HTTP to the API server: one call in, one value out. Whatever happens (refused, reset, late, overloaded, not allowed) is a value;
 * nothing is thrown.
 *
 * Every call has a deadline on the injected clock. Reads are tried again on 429, 5xx and a broken connection, after the time that the
 * server asks for, within their deadline; writes are not, because only the caller knows whether a lost answer may be repeated. A 401 is
 * answered once with a fresh identity, if there is one. It logs nothing and shows no body, header, token or query.
 */
import type { Dispatcher } from 'undici';
import { type Clock, createDeadline, sleep } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import { type Random, uniform } from '../platform/random.ts';
import type { KubeConfig } from './config.ts';
import { type Connection, type Connections, createConnections, type FencedRequest } from './connections.ts';
import { createCredentials } from './credentials.ts';
import { errorCode, isTLSError, readBody, readReason, retryAfterMs } from './response.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface KubeRequest {
  readonly method: Method;
  /** Begins with a slash; no query. Names in it are DNS names, so nothing needs escaping. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string;
  /** Of the body. Default `application/json`. */
  readonly contentType?: string;
  /** Default `application/json`. */
  readonly accept?: string;
  /** For the whole call, repetitions included. Default {@link REQUEST_TIMEOUT_MS}. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Try again on 429, 5xx and a broken connection. Default: true for GET, else false. */
  readonly retry?: boolean;
  /** A longer answer is `network` with code `BODY_TOO_LARGE`. Default 4 MiB: an object in etcd is at most 1.5 MiB, as JSON less than 4. */
  readonly maxBodyBytes?: number;
  /** Never queue behind other calls: for the lease. Default false. */
  readonly urgent?: boolean;
  /**
   * The fence of a leader: asked each time when a socket is there and nothing is written to it yet, however long the way was (an exec
   * plugin, a handshake, a process that was paused). False: nothing is sent and the call is `network` with code `NOT_SENT`. Default: true.
   */
  readonly mayBeSent?: () => boolean;
}

/** What kept a call from its answer. */
export type KubeFailure =
  /** The server answered, and not with 2xx. `reason` is the CamelCase word of its `Status`. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterMs?: number; readonly reason?: string }
  /** No whole answer: refused, reset, too long, too late (`DEADLINE_EXCEEDED`), no credentials (`NO_CREDENTIALS`). */
  | { readonly kind: 'network'; readonly errorCode?: string }
  /** The caller's signal. */
  | { readonly kind: 'aborted' };

export type KubeResult = { readonly kind: 'ok'; readonly status: number; readonly body: string } | KubeFailure;

export type KubeStream =
  /** Ends as the server ends it; throws when the connection breaks or the signal aborts. Leaving the loop drops the socket. */
  { readonly kind: 'open'; readonly chunks: AsyncIterable<Buffer> } | KubeFailure;

export interface KubeClient {
  request(request: KubeRequest): Promise<KubeResult>;
  /** Opens an answer that does not end. `timeoutMs` (30 s) is until its headers; after that only `signal` ends it. Never tried again. */
  stream(request: Omit<KubeRequest, 'method' | 'body' | 'retry'> & { readonly signal: AbortSignal }): Promise<KubeStream>;
  /** Cuts what is under way and frees every socket. */
  close(): Promise<void>;
}

export const REQUEST_TIMEOUT_MS = 10_000;
const STREAM_OPEN_TIMEOUT_MS = 30_000;
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** With waits of 0.25, 0.5 and 1 s (±50 %) a blip of a second is bridged; what lasts longer is the caller's backoff. */
const MAX_TRIES = 4;
const FIRST_WAIT_MS = 250;

export interface KubeClientDeps {
  readonly config: KubeConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Logger;
  /** Hears of each HTTP exchange: `code` is the status, or `<error>` as client-go names it (`rest_client_requests_total`). */
  readonly observe?: (exchange: { readonly method: Method; readonly code: string }) => void;
  /** Default `mcpserver-operator`. */
  readonly userAgent?: string;
}

/** Opens nothing yet: the first call connects. Close it in the end. */
export function createKubeClient(deps: KubeClientDeps): KubeClient {
  const { config, clock, log } = deps;
  const connections = createConnections({ config, credentials: createCredentials({ config, clock }), clock, log });
  const send = createSend(deps, connections);

  const networkFailure = (error: unknown): KubeFailure => {
    const code = errorCode(error);
    if (isTLSError(code)) connections.suspect();
    return { kind: 'network', ...(code === undefined ? {} : { errorCode: code }) };
  };

  return {
    request(request) {
      const timeoutMs = request.timeoutMs ?? REQUEST_TIMEOUT_MS;
      const once = (signal: AbortSignal) =>
        send<KubeResult>(request, request.urgent ? 'streams' : 'requests', signal, async (response) => {
          const body = await readBody(response.body, request.maxBodyBytes ?? MAX_BODY_BYTES);
          if (body === undefined) return { kind: 'network', errorCode: 'BODY_TOO_LARGE' };
          return { kind: 'ok', status: response.statusCode, body };
        }).catch((error: unknown) => {
          if (signal.aborted) throw error;
          return networkFailure(error);
        });
      return underDeadline<KubeResult>(clock, timeoutMs, request.signal, (signal) =>
        (request.retry ?? request.method === 'GET') ? tryAgain(deps, () => once(signal), timeoutMs, signal) : once(signal),
      );
    },

    async stream(request) {
      // Ends the stream for the caller's signal, and until its headers have come for the deadline too.
      const cut = new AbortController();
      const onAbort = () => cut.abort(request.signal.reason);
      if (request.signal.aborted) onAbort();
      else request.signal.addEventListener('abort', onAbort, { once: true });
      const forget = () => request.signal.removeEventListener('abort', onAbort);
      const opened = await underDeadline<KubeStream>(
        clock,
        request.timeoutMs ?? STREAM_OPEN_TIMEOUT_MS,
        request.signal,
        async (signal) => {
          const onDeadline = () => cut.abort(signal.reason);
          signal.addEventListener('abort', onDeadline, { once: true });
          try {
            return await send<KubeStream>({ ...request, method: 'GET' }, 'streams', cut.signal, async (response) => {
              // Without a listener an abort between two reads would be an uncaught error.
              response.body.on('error', forget).on('close', forget);
              return { kind: 'open', chunks: response.body };
            });
          } catch (error) {
            if (signal.aborted) throw error;
            return networkFailure(error);
          } finally {
            signal.removeEventListener('abort', onDeadline);
          }
        },
      );
      if (opened.kind !== 'open') forget();
      return opened;
    },

    close: () => connections.close(),
  };
}

type Pool = 'requests' | 'streams';
type Send = <T>(
  request: KubeRequest,
  pool: Pool,
  signal: AbortSignal,
  accept: (response: Dispatcher.ResponseData) => Promise<T | KubeFailure>,
) => Promise<T | KubeFailure>;

/** Sends once, or twice when the first answer is 401 and a fresh identity is at hand. Rejects with what broke the connection. */
function createSend(
  { config, clock, observe, userAgent = 'mcpserver-operator' }: KubeClientDeps,
  connections: Connections,
): Send {
  const exchange = async ({ identity, ...pools }: Connection, request: KubeRequest, pool: Pool, signal: AbortSignal) => {
    try {
      const options: FencedRequest = {
        origin: config.origin,
        path: config.basePath + request.path + queryOf(request.query),
        method: request.method,
        headers: {
          ...identity.headers,
          accept: request.accept ?? 'application/json',
          'user-agent': userAgent,
          ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
        },
        body: request.body ?? null,
        signal,
        mayBeSent: request.mayBeSent,
      };
      const response = await pools[pool].request(options);
      observe?.({ method: request.method, code: String(response.statusCode) });
      return response;
    } catch (error) {
      observe?.({ method: request.method, code: '<error>' });
      throw error;
    }
  };

  return async (request, pool, signal, accept) => {
    for (let wasRefused = false; ; wasRefused = true) {
      const connection = await beforeAbort(connections.current(), signal).catch((error: unknown) => {
        if (signal.aborted) throw error;
      });
      if (!connection) return { kind: 'network', errorCode: 'NO_CREDENTIALS' };
      const response = await exchange(connection, request, pool, signal);
      if (response.statusCode >= 200 && response.statusCode <= 299) return accept(response);
      const failure = await failureOf(response, clock);
      if (response.statusCode !== 401 || wasRefused) return failure;
      if (!(await beforeAbort(connections.refused(connection), signal))) return failure;
    }
  };
}

/** The outcome of `work`, or the reason of `signal` when that aborts first: an exec plugin that hangs keeps no call beyond its deadline. */
function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([work, cut]).finally(() => signal.removeEventListener('abort', onAbort));
}

/** Repeats what failed in passing, as long as the wait fits into half of the deadline. */
async function tryAgain(
  { clock, random }: KubeClientDeps,
  once: () => Promise<KubeResult>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<KubeResult> {
  for (let n = 1; ; n++) {
    const result = await once();
    if (n >= MAX_TRIES || !isPassing(result)) return result;
    const askedMs = result.kind === 'status' ? (result.retryAfterMs ?? 0) : 0;
    if (askedMs > timeoutMs / 2) return result;
    await sleep(clock, Math.max(askedMs, uniform(random, 0.5, 1.5) * FIRST_WAIT_MS * 2 ** (n - 1)), signal);
  }
}

/** Runs `work` under a deadline; an abort becomes a value that says whose it was. Other errors of `work` are passed on. */
async function underDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T | KubeFailure>,
): Promise<T | KubeFailure> {
  const deadline = createDeadline(clock, timeoutMs, parent);
  try {
    return await work(deadline.signal);
  } catch (error) {
    if (deadline.expired()) return { kind: 'network', errorCode: 'DEADLINE_EXCEEDED' };
    if (parent?.aborted) return { kind: 'aborted' };
    throw error;
  } finally {
    deadline.clear();
  }
}

/** Worth another try: the server is overloaded, starting or gone for a moment. */
function isPassing(result: KubeResult): result is KubeFailure {
  switch (result.kind) {
    case 'ok':
    case 'aborted':
      return false;
    case 'network':
      return result.errorCode !== 'BODY_TOO_LARGE' && result.errorCode !== 'NO_CREDENTIALS';
    case 'status':
      return result.status === 429 || result.status >= 500;
  }
}

async function failureOf(response: Dispatcher.ResponseData, clock: Clock): Promise<KubeFailure> {
  const waitMs = retryAfterMs(response.headers['retry-after'], clock);
  const reason = await readReason(response.body);
  return {
    kind: 'status',
    status: response.statusCode,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function queryOf(query: Readonly<Record<string, string>> | undefined): string {
  return query === undefined ? '' : `?${new URLSearchParams(query)}`;
}
