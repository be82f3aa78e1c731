/**
 * Servers of HTTP+SSE (2024-11-05), healthy unless told otherwise: GET anywhere opens a stream, `/message?session=n` takes its requests.
 * Any other request gets a 404 page, as from the frameworks that such servers are written with.
 */
import type { ServerResponse } from 'node:http';
import { json, type Offer, respond, result, rpcError, TOOL } from './behaviours.ts';
import type { Behaviour, Seen } from './scripted-server.ts';

/** Takes a POST to a session. `answer` is undefined for a notification. */
export type TakePost = (seen: Seen, reply: ServerResponse, stream: ServerResponse, answer: unknown) => void;

export interface SSEOptions extends Offer {
  /** The data of the `endpoint` event; default `/message?session=n`. Undefined: there is no such event. */
  readonly endpoint?: (seen: Seen, session: string) => string | undefined;
  /** Bytes of the stream before anything else. */
  readonly preamble?: string;
  /** How an answer is written as an event; default one `message` event with LF. */
  readonly frame?: (text: string) => string | Buffer[];
  /** How a POST to a session is taken; default 202 and the answer on the stream. */
  readonly post?: TakePost;
  readonly version?: string;
}

export interface SSEServer {
  readonly behaviour: Behaviour;
  /** Sessions whose stream is open. */
  readonly alive: Map<string, ServerResponse>;
  /** Sessions whose stream the client closed. */
  readonly ended: string[];
}

/** One event of type `message`. */
export function messageEvent(text: string, newline = '\n'): string {
  return `event: message${newline}data: ${text}${newline}${newline}`;
}

/** A server of this transport. */
export function sse(options: SSEOptions = {}): SSEServer {
  const alive = new Map<string, ServerResponse>();
  const ended: string[] = [];
  let count = 0;

  const open = (seen: Seen, reply: ServerResponse) => {
    count += 1;
    const session = String(count);
    alive.set(session, reply);
    reply.on('close', () => {
      alive.delete(session);
      ended.push(session);
    });
    reply.writeHead(200, { 'Content-Type': 'text/event-stream' });
    reply.flushHeaders();
    if (options.preamble !== undefined) reply.write(options.preamble);
    const endpoint = options.endpoint === undefined ? `/message?session=${session}` : options.endpoint(seen, session);
    if (endpoint !== undefined) reply.write(`event: endpoint\ndata: ${endpoint}\n\n`);
  };
  const behaviour: Behaviour = (seen, reply) => {
    if (seen.method === 'GET') return open(seen, reply);
    const session = new URL(seen.path, 'http://x').searchParams.get('session');
    if (seen.method !== 'POST' || session === null) return respond(404, '<h1>Cannot POST</h1>')(seen, reply);
    const stream = alive.get(session);
    if (stream === undefined || seen.message === undefined) return respond(404, 'Could not find session')(seen, reply);
    const answer = answerOf(options, seen);
    if (options.post !== undefined) return options.post(seen, reply, stream, answer);
    reply.writeHead(202).end('Accepted');
    write(stream, answer, options);
  };
  return { behaviour, alive, ended };
}

/** Puts an answer on the stream, in the slices that `frame` gives. */
function write(stream: ServerResponse, answer: unknown, { frame = messageEvent }: SSEOptions): void {
  if (answer === undefined) return;
  const framed = frame(JSON.stringify(answer));
  if (typeof framed === 'string') stream.write(framed);
  else for (const [index, slice] of framed.entries()) setTimeout(() => stream.write(slice), index * 2);
}

function answerOf(options: SSEOptions, seen: Seen): unknown {
  const { message } = seen;
  if (message?.id === undefined) return undefined;
  if (message.method === 'initialize') {
    return result(seen, {
      protocolVersion: options.version ?? '2024-11-05',
      capabilities: options.capabilities ?? { tools: {} },
      serverInfo: options.serverInfo ?? { name: 'scripted', version: '1.2.3', title: 'Scripted server' },
    });
  }
  const list = (options.lists ?? { 'tools/list': { tools: [TOOL] } })[message.method];
  return list === undefined ? rpcError(seen, -32601) : result(seen, list);
}

/** A POST that answers the request in its own body. */
export const answersInBody: TakePost = (_seen, reply, _stream, answer) => {
  if (answer === undefined) reply.writeHead(202).end();
  else json(reply, 200, answer);
};
