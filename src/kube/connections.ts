/**
 * The sockets to the API server: one pool for requests, one for what must never wait behind them (watches, the lease), both HTTP/1.1.
 *
 * Measured on a real API server: a connection for every call makes 304 requests a second, a shared pool of 16 makes 2,400; more than
 * 16 and HTTP/2 gain nothing, and over HTTP/2 a watch shares the fate of its one connection.
 * The identity is read again at most once a minute, and at once when the server refused it; the pools are made anew only when the TLS
 * material differs. A rotation never cuts what is under way: the old pools close as they drain.
 */
import { createSecureContext } from 'node:tls';
import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import { type Clock, sleep } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import type { KubeConfig } from './config.ts';
import type { Credentials, Identity } from './credentials.ts';

export interface Connection {
  readonly identity: Identity;
  /** At most {@link POOL_WIDTH} sockets; the rest queue. */
  readonly requests: Dispatcher;
  /** One socket for each call, no queue. Callers bound their number. */
  readonly streams: Dispatcher;
}

export interface Connections {
  /**
   * The present pools, with the identity as last read: reading it again holds a call up for {@link PATIENCE_MS} at most. Rejects when the
   * credentials can not be read and never could be; before the first time they can, it lasts as long as they need.
   */
  current(): Promise<Connection>;
  /** The server refused `connection`'s identity. Resolves to true when another one is at hand: the call is worth repeating. */
  refused(connection: Connection): Promise<boolean>;
  /** The TLS handshake failed: look at the files again before the next call, but not more than once a second. */
  suspect(): void;
  /** Cuts everything that is under way and frees all sockets. */
  close(): Promise<void>;
}

export const POOL_WIDTH = 16;
/** Kubelet replaces a projected token at 80 % of its life, an hour as a rule: a minute late is 48 minutes early. As client-go. */
const REREAD_MS = 60_000;
const SUSPECT_MS = 1_000;
/** Files take milliseconds. An exec plugin may hang for a minute: nobody waits longer for it than this who has an identity that works. */
const PATIENCE_MS = 1_000;

/** What the pools take: `mayBeSent` is asked when a socket is there and nothing is written yet; false ends the call with `NOT_SENT`. */
export type FencedRequest = Dispatcher.RequestOptions & { readonly mayBeSent?: (() => boolean) | undefined };

/** Opens nothing yet; pools are made when they are first asked for, and anew when CA or client certificate change. */
export function createConnections(deps: {
  config: KubeConfig;
  credentials: Credentials;
  clock: Clock;
  log?: Logger | undefined;
}): Connections {
  const { config, credentials, clock, log } = deps;
  let current: Connection | undefined;
  let readMs = 0;
  let maxAgeMs = REREAD_MS;
  let reading: Promise<Connection> | undefined;
  /** Resolves when the present reading has lasted too long to wait for. */
  let impatience: Promise<void> | undefined;
  let isFailing = false;
  let isClosed = false;
  const draining = new Set<Dispatcher>();

  const retire = (connection: Connection) => {
    for (const dispatcher of [connection.requests, connection.streams]) {
      draining.add(dispatcher);
      // A socket that breaks while draining is nobody's news.
      dispatcher
        .close()
        .catch(() => undefined)
        .finally(() => draining.delete(dispatcher));
    }
  };

  const adopt = (identity: Identity): Connection => {
    if (current && current.identity.tlsDigest === identity.tlsDigest) current = { ...current, identity };
    else {
      const previous = current;
      current = { identity, requests: openPool(config, identity, POOL_WIDTH), streams: openPool(config, identity, null) };
      if (previous) {
        retire(previous);
        log?.info({}, 'TLS material of the API server connection changed: connecting anew');
      }
    }
    return current;
  };

  const read = async (isRefused: boolean): Promise<Connection> => {
    try {
      const identity = await credentials.read(isRefused);
      if (isFailing) log?.info({}, 'credentials for the API server can be read again');
      isFailing = false;
      if (isClosed) throw new Error('closed');
      return adopt(identity);
    } catch (error) {
      if (!isFailing && !isClosed) {
        log?.warn(
          { cause: error instanceof Error ? error.message : 'unknown' },
          'credentials for the API server can not be read',
        );
      }
      isFailing = true;
      // What worked a minute ago may work still: a file is away for a moment while it is being replaced.
      if (current && !isClosed) return current;
      throw error;
    } finally {
      readMs = clock.monotonicMs();
      maxAgeMs = isFailing ? SUSPECT_MS : REREAD_MS;
      reading = undefined;
    }
  };

  const reread = (isRefused: boolean) => {
    if (reading) return reading;
    const done = new AbortController();
    // Who has nothing to go on with has no choice but to wait.
    impatience = current ? sleep(clock, PATIENCE_MS, done.signal).catch(() => undefined) : undefined;
    reading = read(isRefused).finally(() => done.abort(new Error('read')));
    return reading;
  };

  return {
    async current() {
      if (current && clock.monotonicMs() - readMs < maxAgeMs) return current;
      const next = reread(false);
      if (!current || !impatience) return next;
      return Promise.race([next, impatience.then(() => current)]).then((found) => found ?? next);
    },
    async refused(connection) {
      if (current?.identity !== connection.identity) return true;
      if (clock.monotonicMs() - readMs < SUSPECT_MS) return false;
      const next = await reread(true);
      return JSON.stringify(next.identity.headers) !== JSON.stringify(connection.identity.headers);
    },
    suspect() {
      maxAgeMs = SUSPECT_MS;
    },
    async close() {
      isClosed = true;
      const open = current ? [current.requests, current.streams] : [];
      await Promise.all([...open, ...draining].map((dispatcher) => dispatcher.destroy().catch(() => undefined)));
    },
  };
}

function openPool(config: KubeConfig, { tls }: Identity, connections: number | null): Dispatcher {
  const options = {
    allowH2: false,
    connections,
    pipelining: 1,
    // The API server closes idle connections after 90 s; the lease is renewed every 2 s and should find its socket open.
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 60_000,
    // Deadlines are ours (client.ts), on our clock.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 64 * 1024,
  };
  // 30 s as client-go: under the idle limit of load balancers.
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: 30_000 };
  if (config.proxyUrl)
    return new ProxyAgent({ ...options, uri: config.proxyUrl, requestTls: tls, proxyTls: keepAlive }).compose(fence);
  // Not an Agent: one that was closed forgets its sockets, and could not be cut any more while a watch lives on.
  // Parsed once for all sockets.
  const secureContext = createSecureContext(tls);
  return new Pool(config.origin, { ...options, connect: { ...tls, secureContext, ...keepAlive, timeout: 10_000 } }).compose(
    fence,
  );
}

/** The last look before the first byte: whoever asked earlier has waited for a socket since, or was paused. */
const fence: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const mayBeSent = 'mayBeSent' in options ? options.mayBeSent : undefined;
  if (typeof mayBeSent === 'function') {
    // The handler is this call's own.
    const start = handler.onRequestStart?.bind(handler);
    handler.onRequestStart = (controller, context) => {
      if (mayBeSent() !== true) throw Object.assign(new Error('not sent'), { code: 'NOT_SENT' });
      start?.(controller, context);
    };
  }
  return dispatch(options, handler);
};
