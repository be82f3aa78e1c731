/**
 * `/healthz` and `/readyz` on one address, `/metrics` on another: plain HTTP for the kubelet and for Prometheus.
 *
 * It promises that a peer which is slow, silent or rude costs at most a socket for `MAX_ANSWER_MS`, that there are at most
 * `MAX_CONNECTIONS` of them per address, and that an address which can not be had is one clear line. It reads no request body,
 * and answers nothing but these three paths.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type BindAddress, formatBindAddress } from '../platform/bind-address.ts';
import type { Clock } from '../platform/clock.ts';
import { answerHealth, type Check } from './health.ts';

/** Kubelets, scrapers and a few curious people; each costs some 20 KB. */
const MAX_CONNECTIONS = 64;
/** A scrape of 10,000 objects is 7 MB: at 1 MB a second it fits. */
const MAX_ANSWER_MS = 15_000;
const MAX_REQUEST_MS = 5_000;
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 16 * 1024;

/** What Prometheus gets; `createMetrics` fits. */
export interface Exposition {
  readonly contentType: string;
  render(): AsyncIterable<string>;
}

export interface ServersDeps {
  readonly clock: Clock;
  readonly metrics: Exposition;
  /** Fail only when this process must be restarted: an internal deadlock, never because the API server is away. */
  readonly healthChecks: readonly Check[];
  readonly readyChecks: readonly Check[];
}

export interface ServersOptions {
  /** Undefined: no server. */
  readonly metricsAddress?: BindAddress | undefined;
  readonly healthAddress?: BindAddress | undefined;
}

export interface Servers {
  /** Where they listen, with the real port; undefined when off. */
  readonly metricsAddress?: BindAddress;
  readonly healthAddress?: BindAddress;
  /** Stops listening and closes every connection. Idempotent. */
  close(): Promise<void>;
}

export type ServersResult =
  | { readonly kind: 'listening'; readonly servers: Servers }
  /** One line that names flag, address and cause. Nothing listens. */
  | { readonly kind: 'failed'; readonly message: string };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Opens both addresses, or neither. */
export async function startServers(deps: ServersDeps, options: ServersOptions): Promise<ServersResult> {
  const open: Server[] = [];
  const close = async () => void (await Promise.all(open.splice(0).map(closeServer)));
  const wanted = [
    { flag: '--metrics-bind-address', address: options.metricsAddress, answer: answerMetrics(deps) },
    { flag: '--health-bind-address', address: options.healthAddress, answer: answerChecks(deps) },
  ];
  const bound: (BindAddress | undefined)[] = [];
  for (const { flag, address, answer } of wanted) {
    if (address === undefined) {
      bound.push(undefined);
      continue;
    }
    const server = createBoundedServer(deps.clock, answer);
    const result = await listen(server, address);
    if (typeof result === 'string') {
      await close();
      return { kind: 'failed', message: `${flag} ${formatBindAddress(address)}: ${result}` };
    }
    open.push(server);
    bound.push(result);
  }
  const [metricsAddress, healthAddress] = bound;
  return {
    kind: 'listening',
    servers: { ...(metricsAddress && { metricsAddress }), ...(healthAddress && { healthAddress }), close },
  };
}

function createBoundedServer(clock: Clock, answer: Answer): Server {
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: MAX_REQUEST_MS,
    headersTimeout: MAX_REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 1_000,
  };
  const server = createServer(options, (request, response) => {
    // A peer that reads one byte a second is never idle, so the whole answer has a deadline.
    const deadline = clock.setTimer(MAX_ANSWER_MS, () => response.destroy());
    response.once('close', () => deadline.cancel());
    response.on('error', () => response.destroy());
    request.resume();
    if (request.method === 'GET' || request.method === 'HEAD') answer(request, response);
    else reply(response, 405, 'only GET and HEAD\n');
  });
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

function answerMetrics(deps: ServersDeps): Answer {
  return (request, response) => {
    if (pathOf(request) !== '/metrics') reply(response, 404, 'see /metrics\n');
    else void stream(deps.metrics, request, response);
  };
}

async function stream(metrics: Exposition, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': metrics.contentType });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  try {
    for await (const chunk of metrics.render()) {
      if (response.destroyed) return;
      if (!response.write(chunk)) await drained(response);
    }
    response.end();
  } catch {
    // A cut answer is an error to Prometheus, where a complete one with half the series would be believed.
    response.destroy();
  }
}

/** Resolves when there is room again, or when the peer is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

function answerChecks(deps: ServersDeps): Answer {
  const endpoints = new Map([
    ['/healthz', { name: 'healthz', checks: deps.healthChecks }],
    ['/readyz', { name: 'readyz', checks: deps.readyChecks }],
  ]);
  return (request, response) => {
    const endpoint = endpoints.get(pathOf(request));
    if (endpoint === undefined) {
      reply(response, 404, 'see /healthz and /readyz\n');
      return;
    }
    const { status, body } = answerHealth(endpoint.name, endpoint.checks, /[?&]verbose\b/.test(request.url ?? ''));
    reply(response, status, body);
  };
}

const pathOf = (request: IncomingMessage) => (request.url ?? '').replace(/\?.*$/s, '').replace(/(.)\/$/, '$1');

function reply(response: ServerResponse, status: number, body: string): void {
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };
  response.writeHead(status, headers).end(body);
}

/** The address that was bound, or what went wrong, in words. */
function listen(server: Server, address: BindAddress): Promise<BindAddress | string> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException) =>
      resolve(LISTEN_FAULTS[error.code ?? ''] ?? `can not listen there (${error.code})`);
    server.once('error', onError);
    server.listen({ port: address.port, ...(address.host !== undefined && { host: address.host }), exclusive: true }, () => {
      server.off('error', onError);
      // After listening, an error is one of accept (EMFILE): the next connection may work.
      server.on('error', () => {});
      const { port } = server.address() as AddressInfo;
      resolve({ ...address, port });
    });
  });
}

const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; choose another port, or 0 to turn this server off',
  EADDRNOTAVAIL: 'this machine has no such address; use :PORT for all addresses, or 0 to turn this server off',
  EACCES: 'not permitted; ports below 1024 need privileges, choose a higher one',
};

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
