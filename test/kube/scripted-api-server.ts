/**
 * An API server that does what a test says: for what a real one can not be made to do. Plain HTTP on 127.0.0.1, bounded by its test:
 * `close` cuts every connection.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeConfig } from '../../src/kube/config.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Reply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  /** The connection breaks without an answer. */
  | 'reset'
  /** No answer at all. */
  | 'hang';

/** An open watch. */
export interface Watch {
  readonly query: URLSearchParams;
  event(type: string, object: unknown): void;
  /** Bytes as they are. */
  raw(bytes: string | Buffer): void;
  /** As the server does at `timeoutSeconds`. */
  end(): void;
  reset(): void;
  isClosed(): boolean;
}

export interface ScriptedAPIServer {
  readonly config: KubeConfig;
  /** All that came, oldest first; `watch` requests too. */
  readonly received: Received[];
  readonly watches: Watch[];
  /** Answers everything but watches. Default: an empty list at version 1. */
  onRequest: (received: Received) => Reply | Promise<Reply>;
  /** Answers watches; `open` (default) accepts. Called once per watch. */
  onWatch: (received: Received) => Reply | 'open';
  /** Called when a watch is open. */
  onOpen: (watch: Watch) => void;
  /** Sockets that were ever accepted. */
  sockets(): number;
  close(): Promise<void>;
}

export async function startScriptedAPIServer(): Promise<ScriptedAPIServer> {
  let sockets = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const url = new URL(request.url ?? '/', 'http://scripted');
      const received: Received = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      scripted.received.push(received);
      if (received.query.get('watch') !== 'true') return send(response, await scripted.onRequest(received));
      const reply = scripted.onWatch(received);
      if (reply === 'open') openWatch(received, response);
      else send(response, reply);
    });
  });
  server.on('connection', () => sockets++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const openWatch = (received: Received, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    let isClosed = false;
    response.on('close', () => {
      isClosed = true;
    });
    const watch: Watch = {
      query: received.query,
      event: (type, object) => response.write(`${JSON.stringify({ type, object })}\n`),
      raw: (bytes) => response.write(bytes),
      end: () => response.end(),
      reset: () => response.socket?.resetAndDestroy(),
      isClosed: () => isClosed,
    };
    scripted.watches.push(watch);
    scripted.onOpen(watch);
  };

  const scripted: ScriptedAPIServer = {
    config: {
      origin: `http://127.0.0.1:${port}`,
      basePath: '',
      namespace: 'default',
      source: 'test',
      tls: { skipVerify: false },
      user: {},
    },
    received: [],
    watches: [],
    onRequest: () => listReply([], '1'),
    onWatch: () => 'open',
    onOpen: () => {},
    sockets: () => sockets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return scripted;
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply === 'hang') return;
  if (reply === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? statusObject(reply.status));
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
  response.end(body);
}

export function listReply(items: readonly unknown[], resourceVersion: string, next?: string): Reply {
  return {
    status: 200,
    body: { kind: 'List', metadata: { resourceVersion, ...(next === undefined ? {} : { continue: next }) }, items },
  };
}

/** A `Status` as the API server writes it. */
export function statusObject(code: number, reason = 'Scripted', details: object = {}): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'scripted canary-message',
    reason,
    details,
    code,
  };
}

/** An MCPServer as the API server would send it. */
export function mcpserver(name: string, resourceVersion: number, options: { uid?: string; namespace?: string } = {}): object {
  return {
    apiVersion: 'mcpserver-operator.dev/v1alpha1',
    kind: 'MCPServer',
    metadata: {
      name,
      namespace: options.namespace ?? 'default',
      uid: options.uid ?? `uid-${name}`,
      resourceVersion: String(resourceVersion),
      generation: 1,
      labels: { a: 'b' },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'mcpserver-operator.dev/probe-requested-at': 'x' },
      managedFields: [{ manager: 'kubectl' }],
    },
    spec: { url: 'http://127.0.0.1/' },
    status: { state: 'Pending' },
  };
}

/** A bookmark of the watch cache. */
export function bookmark(resourceVersion: number): object {
  return {
    kind: 'MCPServer',
    apiVersion: 'mcpserver-operator.dev/v1alpha1',
    metadata: { resourceVersion: String(resourceVersion) },
  };
}
