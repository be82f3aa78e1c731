/**
 * A proxy between the operator and a real API server that breaks what it is told to break. It ends TLS on both sides with certificates of
 * the control plane's own authority, so that it sees requests, answers and lines of watches, and sits behind a TCP front (tcp-front.ts)
 * that breaks connections. What it is not told to break goes through unchanged: identity, bodies, order.
 *
 * A test says which requests fail by `onRequest`, and what becomes of each line of a watch by `onWatchLine`; both default to nothing.
 */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { type KeyPair, openAuthority } from '../../hack/controlplane/certificates.ts';
import type { ControlPlaneClient } from '../../hack/controlplane/client.ts';
import { startTCPFront, type TCPFront } from './tcp-front.ts';

/** A request of the operator, as it arrived. */
export interface Proxied {
  /** Counted from 1, in order of arrival. */
  readonly number: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly isWatch: boolean;
  /** `status`, `lease`, `event` for a request that changes something; undefined for a read. */
  readonly writes: 'status' | 'lease' | 'event' | 'other' | undefined;
  readonly body: string;
  readonly atMs: number;
}

/** What becomes of a request. */
export type Fault =
  | { readonly kind: 'pass' }
  /** Answered by the proxy; the API server hears nothing. A `Status` body is made when none is given. */
  | { readonly kind: 'answer'; readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  /** The connection is reset; the API server hears nothing. */
  | { readonly kind: 'reset' }
  /** Never answered; the API server hears nothing. */
  | { readonly kind: 'hang' }
  /** Let through to the API server, which acts upon it even if the client is gone; then the connection is reset instead of an answer. */
  | { readonly kind: 'dropAnswer' }
  /** Let through; the first `bytes` of the answer's body come, then the connection is reset, or the answer ends as if it were whole. */
  | { readonly kind: 'truncate'; readonly bytes: number; readonly ending: 'reset' | 'whole' }
  /** Let through after a while. */
  | { readonly kind: 'delay'; readonly delayMs: number };

export interface FaultProxy extends Omit<TCPFront, 'port' | 'resetClient' | 'close'> {
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** Writes a copy of a kubeconfig that goes through the proxy, and resolves with its path. */
  kubeconfig(source: string): Promise<string>;
  /** The last 20,000 requests. */
  readonly seen: readonly Proxied[];
  /** Called once per request, before it is forwarded. Default: pass. */
  onRequest: (request: Proxied) => Fault | Promise<Fault>;
  /**
   * Called with each line of a watch (without its newline) and resolves with the lines to send instead: none drops it, two double it.
   * `'reset'` resets the connection in the middle of that line. Default: the line. A slow answer holds the later lines of its watch.
   */
  onWatchLine: (line: string, request: Proxied) => readonly string[] | 'reset' | Promise<readonly string[] | 'reset'>;
  /** Watches that are open. */
  watches(): number;
  /** Ends every watch after a whole line, as the API server does at `timeoutSeconds`. */
  endWatches(): void;
  /** Shows another certificate to connections that come after it. */
  present(pair: KeyPair): void;
  close(): Promise<void>;
}

export const PASS: Fault = { kind: 'pass' };
const MAX_SEEN = 20_000;

/** Starts a proxy before `controlPlane`. Close it. */
export async function startFaultProxy(
  controlPlane: Pick<ControlPlaneClient, 'server' | 'directory' | 'caFile'>,
): Promise<FaultProxy> {
  const caPem = await readFile(controlPlane.caFile, 'utf8');
  const authority = openAuthority({
    certPem: caPem,
    keyPem: await readFile(path.join(controlPlane.directory, 'ca.key'), 'utf8'),
  });
  const own = authority.issue({ commonName: 'fault-proxy', usage: 'server', ipAddresses: ['127.0.0.1'] });
  const target = new URL(controlPlane.server);
  const agent = new https.Agent({ keepAlive: true, ca: caPem, maxSockets: 512 });
  const seen: Proxied[] = [];
  const watches = new Set<ServerResponse>();
  let count = 0;

  const back = https.createServer({ cert: own.certPem, key: own.keyPem, keepAliveTimeout: 0 }, (request, reply) => {
    serve(request, reply).catch(() => reply.destroy());
  });
  back.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => back.listen(0, '127.0.0.1', resolve));
  const front = await startTCPFront((back.address() as AddressInfo).port);
  const resetClientOf = (request: IncomingMessage) => front.resetClient(request.socket.remotePort ?? 0);

  const serve = async (request: IncomingMessage, reply: ServerResponse) => {
    // A client that resets is its own business.
    reply.on('error', () => undefined);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    count += 1;
    const proxied = describe(request, body, count);
    seen.push(proxied);
    if (seen.length > MAX_SEEN) seen.shift();
    const fault = await proxy.onRequest(proxied);
    switch (fault.kind) {
      case 'hang':
        return;
      case 'reset':
        resetClientOf(request);
        return;
      case 'answer':
        reply.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
        reply.end(fault.body ?? statusBody(fault.status));
        return;
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
        break;
      case 'pass':
      case 'dropAnswer':
      case 'truncate':
        break;
    }
    const answer = await forward(request, body, fault.kind === 'dropAnswer' ? undefined : reply);
    if (answer === undefined) {
      resetClientOf(request);
      return;
    }
    if (fault.kind === 'dropAnswer') {
      // Only when the answer is whole is it certain that the API server acted.
      for await (const _ of answer);
      resetClientOf(request);
      return;
    }
    const headers = { ...answer.headers };
    delete headers['transfer-encoding'];
    delete headers['connection'];
    if (proxied.isWatch && answer.statusCode === 200) {
      reply.writeHead(200, headers);
      reply.flushHeaders();
      await relayWatch(answer, reply, proxied, () => resetClientOf(request));
      return;
    }
    if (fault.kind === 'truncate') {
      const whole: Buffer[] = [];
      for await (const chunk of answer) whole.push(chunk);
      const part = Buffer.concat(whole).subarray(0, fault.bytes);
      if (fault.ending === 'whole') headers['content-length'] = String(part.length);
      reply.writeHead(answer.statusCode ?? 502, headers);
      if (fault.ending === 'whole') reply.end(part);
      else reply.write(part, () => setTimeout(() => resetClientOf(request), 20));
      return;
    }
    reply.writeHead(answer.statusCode ?? 502, headers);
    answer.on('error', () => resetClientOf(request));
    answer.pipe(reply);
  };

  /** The API server's answer; undefined when it gave none. Who hangs up ends the call, if `reply` is given. */
  const forward = (request: IncomingMessage, body: Buffer, reply: ServerResponse | undefined) =>
    new Promise<IncomingMessage | undefined>((resolve) => {
      const headers = { ...request.headers, host: target.host, 'content-length': String(body.length) };
      const call = https.request(
        { host: target.hostname, port: target.port, method: request.method, path: request.url, headers, agent },
        resolve,
      );
      call.on('error', () => resolve(undefined));
      reply?.on('close', () => call.destroy());
      call.end(body);
    });

  const relayWatch = async (answer: IncomingMessage, reply: ServerResponse, proxied: Proxied, reset: () => void) => {
    watches.add(reply);
    reply.on('close', () => watches.delete(reply));
    let rest = '';
    try {
      for await (const chunk of answer.setEncoding('utf8')) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const relayed = await proxy.onWatchLine(line, proxied);
          if (relayed === 'reset') {
            reply.write(line.slice(0, Math.ceil(line.length / 2)), () => setTimeout(reset, 20));
            return;
          }
          for (const each of relayed) reply.write(`${each}\n`);
        }
      }
    } catch {
      // Unless it was us who ended it.
      if (!reply.writableEnded) reset();
      return;
    }
    if (reply.writableEnded) return;
    // The API server died in the middle of a line, or ended the watch in good order.
    if (rest !== '') reply.write(rest);
    reply.end();
  };

  const proxy: FaultProxy = {
    ...front,
    server: `https://127.0.0.1:${front.port}`,
    async kubeconfig(source) {
      const config = parse(await readFile(source, 'utf8')) as { clusters: { cluster: { server: string } }[] };
      for (const { cluster } of config.clusters) cluster.server = proxy.server;
      const file = source.replace(/(\.yaml)?$/, `-proxied-${randomBytes(4).toString('hex')}.yaml`);
      await writeFile(file, stringify(config, { lineWidth: 0 }), { mode: 0o600 });
      return file;
    },
    seen,
    onRequest: () => PASS,
    onWatchLine: (line) => [line],
    watches: () => watches.size,
    endWatches() {
      for (const reply of watches) reply.end();
    },
    present({ certPem, keyPem }) {
      back.setSecureContext({ cert: certPem, key: keyPem });
    },
    async close() {
      await front.close();
      agent.destroy();
      back.closeAllConnections();
      await new Promise<void>((resolve) => back.close(() => resolve()));
    },
  };
  return proxy;
}

function describe(request: IncomingMessage, body: Buffer, number: number): Proxied {
  const url = new URL(request.url ?? '/', 'https://proxy');
  const method = request.method ?? '';
  return {
    number,
    method,
    path: url.pathname,
    query: url.searchParams,
    isWatch: url.searchParams.get('watch') === 'true',
    writes: method === 'GET' ? undefined : writtenBy(url.pathname),
    body: body.toString(),
    atMs: performance.now(),
  };
}

function writtenBy(pathname: string): 'status' | 'lease' | 'event' | 'other' {
  if (pathname.includes('/mcpservers/') && pathname.endsWith('/status')) return 'status';
  if (pathname.includes('/leases')) return 'lease';
  return pathname.includes('/events') ? 'event' : 'other';
}

/** A `Status` as the API server writes it. */
function statusBody(code: number): string {
  const reasons: Record<number, string> = { 409: 'Conflict', 410: 'Expired', 429: 'TooManyRequests', 500: 'InternalError' };
  const reason = reasons[code] ?? 'Unknown';
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'injected', reason, code });
}
