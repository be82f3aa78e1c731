/**
 * One scripted MCP server of a fleet, on a port of 127.0.0.1 that stays its own whatever it does: what it may do, and what it counts.
 * What a probe and a retry are is told in fleet.ts.
 */
import http from 'node:http';
import type { Socket } from 'node:net';
import type { HeldPort } from '../../hack/held-port.ts';
import { legacy, modern, type Offer, respond } from '../probe/behaviours.ts';
import type { Behaviour, Message, Seen } from '../probe/scripted-server.ts';
import type { Tally } from './fleet.ts';

/** How a server treats everybody. `delayMs` (default 0) is the wait before each answer. */
export type Conduct =
  | { readonly kind: 'healthy'; readonly delayMs?: number; readonly offer?: Offer }
  | { readonly kind: 'legacy'; readonly delayMs?: number }
  /** This HTTP status for every request. */
  | {
      readonly kind: 'failing';
      readonly httpStatus: number;
      readonly delayMs?: number;
      readonly headers?: Record<string, string>;
    }
  /** Takes connections and requests, and never answers. */
  | { readonly kind: 'tarpit' }
  /** Nobody listens; the port stays its own. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'scripted'; readonly behaviour: Behaviour };

export interface FleetServer {
  readonly name: string;
  /** `http://127.0.0.1:PORT/mcp`. */
  readonly url: string;
  /** Hangs up on everybody and behaves so from then on, as if the process behind the port had been replaced. */
  become(conduct: Conduct): Promise<void>;
  counts(): ServerCounts;
}

export interface ServerCounts {
  readonly connections: number;
  readonly open: number;
  readonly requests: number;
  /** Begun ones. */
  readonly probes: number;
  readonly retries: number;
  readonly probesInFlight: number;
  /** The last answered probe failed. */
  readonly isFailing: boolean;
  /** Monotonic times at which its probes began, the last 1,000. */
  readonly probedAtMs: readonly number[];
}

/** More connections than this to one server at once is a bug of the operator; the rest waits in the backlog. */
const MAX_CONNECTIONS = 256;
const MAX_TIMES = 1_000;

/** A server as its fleet holds it. */
export type FleetMember = FleetServer & {
  listen(): Promise<void>;
  reset(): void;
  close(): Promise<void>;
};

/** One probe that is in flight at one server. */
interface Visit {
  readonly socket: Socket;
  readonly over: () => void;
}

/** Listens nowhere yet. While nobody does, another server must not be given its port: that is `held` until it is closed. */
export function createMember(name: string, held: HeldPort, tally: Tally): FleetMember {
  let conduct: Conduct = { kind: 'healthy' };
  let behaviour = behaviourOf(conduct);
  let server: http.Server | undefined;
  const sockets = new Set<Socket>();
  const counts = { connections: 0, requests: 0, probes: 0, retries: 0 };
  let probedAtMs: number[] = [];
  let isFailing = false;
  let isRetry = false;
  let lastMethod = '';
  // A probe keeps to one connection as a rule; one that opens another is still the same probe until its last answer.
  let visit: Visit | undefined;
  const waiting = new Set<NodeJS.Timeout>();

  const begin = (socket: Socket, method: string) => {
    // While the era is negotiated, `initialize` is a later step of the same probe; a server that is known to be old is only asked for it.
    if (
      method === 'server/discover' ||
      (method === 'initialize' && conduct.kind === 'legacy' && lastMethod !== 'server/discover')
    ) {
      counts.probes += 1;
      isRetry = isFailing;
      if (isRetry) counts.retries += 1;
      probedAtMs = [...probedAtMs.slice(-MAX_TIMES + 1), performance.now()];
    }
    lastMethod = method;
    if (visit !== undefined && (visit.socket === socket || !visit.socket.destroyed)) return;
    visit?.over();
    visit = { socket, over: tally.begin(isRetry) };
    socket.once('close', () => {
      if (visit?.socket === socket) end();
    });
  };
  const end = () => {
    visit?.over();
    visit = undefined;
  };

  const onRequest = async (request: http.IncomingMessage, reply: http.ServerResponse) => {
    counts.requests += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const message = parse(body);
    begin(request.socket, message?.method ?? '');
    const seen: Seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      message,
      body,
      connection: 0,
    };
    reply.on('close', () => {
      const failed = reply.statusCode >= 400;
      const isLast = failed ? !isNegotiation(conduct, reply.statusCode) : message?.method === 'tools/list';
      if (!reply.writableFinished || !isLast) return;
      if (seen.method === 'POST') isFailing = failed;
      if (visit?.socket === request.socket) end();
    });
    const delayMs = 'delayMs' in conduct ? (conduct.delayMs ?? 0) : 0;
    const answer = behaviour;
    if (delayMs === 0) await answer(seen, reply);
    else {
      const timer = setTimeout(() => {
        waiting.delete(timer);
        if (!reply.destroyed) void answer(seen, reply);
      }, delayMs);
      waiting.add(timer);
    }
  };

  const hangUp = () => {
    for (const timer of waiting) clearTimeout(timer);
    waiting.clear();
    for (const socket of sockets) socket.destroy();
  };
  const close = async () => {
    const closing = server;
    server = undefined;
    hangUp();
    if (closing !== undefined) await new Promise<void>((resolve) => closing.close(() => resolve()));
  };
  const listen = async () => {
    const opening = http.createServer({ keepAliveTimeout: 60_000 }, (request, reply) => {
      // The peer may hang up at any time: that is its right.
      onRequest(request, reply).catch(() => reply.destroy());
    });
    opening.maxConnections = MAX_CONNECTIONS;
    opening.on('connection', (socket: Socket) => {
      counts.connections += 1;
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      opening.once('error', reject);
      opening.listen({ host: '127.0.0.1', port: held.port, backlog: 256 }, resolve);
    });
    server = opening;
  };

  return {
    name,
    url: `http://127.0.0.1:${held.port}/mcp`,
    listen,
    async become(next) {
      conduct = next;
      behaviour = behaviourOf(next);
      if (next.kind === 'refused') {
        await close();
        isFailing = true;
        return;
      }
      hangUp();
      if (server === undefined) await listen();
    },
    counts: () => ({
      ...counts,
      open: sockets.size,
      probesInFlight: visit === undefined ? 0 : 1,
      isFailing,
      probedAtMs,
    }),
    reset() {
      Object.assign(counts, { connections: 0, requests: 0, probes: 0, retries: 0 });
      probedAtMs = [];
    },
    async close() {
      await close();
      held.release();
    },
  };
}

/** What a probe may be told on its way to the right era, without being refused. */
function isNegotiation(conduct: Conduct, status: number): boolean {
  return (conduct.kind === 'legacy' || conduct.kind === 'healthy') && (status === 400 || status === 404 || status === 405);
}

function behaviourOf(conduct: Conduct): Behaviour {
  switch (conduct.kind) {
    case 'healthy':
      return modern(conduct.offer);
    case 'legacy':
      return legacy().behaviour;
    case 'failing':
      return respond(conduct.httpStatus, '', conduct.headers);
    case 'tarpit':
    case 'refused':
      return () => undefined;
    case 'scripted':
      return conduct.behaviour;
  }
}

function parse(text: string): Message | undefined {
  try {
    return JSON.parse(text) as Message;
  } catch {
    return undefined;
  }
}
