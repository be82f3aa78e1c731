/**
 * Canary credentials, the forms in which one could show, and servers that give what they are shown back wherever a server can write.
 */
import type { Socket } from 'node:net';
import { json, legacy, modern, result, rpcError, TOOL } from '../../probe/behaviours.ts';
import type { Behaviour, Seen } from '../../probe/scripted-server.ts';

/** Values that raw, URL-encoded, hex and base64 forms tell apart; by the kind of credential. */
export const CANARIES = {
  bearer: 'cAnary1/bEarer+Qx7Zk~w9Tm3Lr0.Yu5Vd==',
  apiKey: 'cAnary2/aPikey+Hs8Jd~p2Nf6Gc1.Ow4Xe==',
  header: 'cAnary3/hEader+Ri5Bv~k7Ma9Qt2.Eu6Wz==',
} as const;

/** Sent in the URL and not given back: no log, status or metric of ours repeats it. */
export const QUERY_CANARY = 'cAnary4qUeryLz3Kp8Ty';

/** The value as it is, in base64 at each of the three offsets that it may have in a longer text, URL-encoded and in hex. */
export function formsOf(canary: string): string[] {
  const bytes = Buffer.from(canary);
  const shifted = [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    // Whole groups of three that hold nothing but the value.
    const inner = padded.subarray(offset === 0 ? 0 : 3, padded.length - (padded.length % 3));
    return [inner.toString('base64'), inner.toString('base64url')];
  });
  return [...new Set([canary, ...shifted, encodeURIComponent(canary), bytes.toString('hex')])];
}

/** Each form of each credential that came with a request, and of the whole headers. */
function shownBy({ headers }: Seen): string[] {
  const values = [headers.authorization, headers['x-api-key'], headers['x-tenant-key']].filter((value) => value !== undefined);
  const words = [...values, ...values.map((value) => String(value).replace(/^Bearer /, ''))].map(String);
  return words.flatMap((word) => {
    const bytes = Buffer.from(word);
    return [word, bytes.toString('base64'), bytes.toString('base64url'), encodeURIComponent(word), bytes.toString('hex')];
  });
}

type Answer = (seen: Seen, reply: Parameters<Behaviour>[1], text: string, all: readonly string[]) => void | Promise<void>;

const reflect =
  (answer: Answer): Behaviour =>
  (seen, reply) => {
    const all = shownBy(seen);
    return answer(seen, reply, all.join(' '), all);
  };

/** A refusal whose every header and byte reflects. */
const refuse = (httpStatus: number, extra: (text: string) => Record<string, string> = () => ({})): Behaviour =>
  reflect((_seen, reply, text) => {
    const quoted = text.replaceAll(/["\\]/g, '');
    reply
      .writeHead(httpStatus, { 'X-Debug': quoted, 'Content-Type': 'application/json', ...extra(quoted) })
      .end(JSON.stringify({ error: text, message: text, detail: { token: text } }));
  });

/** One behaviour for each class of failure that a server can choose, and for success. */
export const REFLECTIONS: Readonly<Record<string, Behaviour>> = {
  'success-modern': reflect((seen, reply, text, all) =>
    modern({
      serverInfo: { name: `n ${text}`, version: all[0] ?? '', title: all.slice(2).join(',') },
      capabilities: { tools: {}, [text]: {}, experimental: { [text]: {} } },
      lists: { 'tools/list': { tools: all.map((name, index) => ({ ...TOOL, name: `${index}-${name}`, description: text })) } },
    })(seen, reply),
  ),
  'success-legacy': reflect((seen, reply, text, all) =>
    legacy({
      sessions: false,
      serverInfo: { name: text, version: text, title: text },
      capabilities: { tools: {}, prompts: {} },
      lists: { 'tools/list': { tools: all.map((name) => ({ ...TOOL, name })) }, 'prompts/list': { prompts: [{ name: text }] } },
    }).behaviour(seen, reply),
  ),
  unauthorized: refuse(401, (text) => ({
    'WWW-Authenticate': `Bearer realm="${text}", error="${text}", error_description="${text}", resource_metadata="http://127.0.0.1/${encodeURIComponent(text)}", scope="${text}"`,
  })),
  forbidden: refuse(403, (text) => ({ 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${text}"` })),
  'not-found': refuse(404),
  'server-error': refuse(500),
  unavailable: refuse(503, (text) => ({ 'Retry-After': text })),
  'rate-limited': refuse(429, (text) => ({ 'Retry-After': text })),
  redirect: refuse(307, (text) => ({
    Location: `http://127.0.0.2/${encodeURIComponent(text)}?token=${encodeURIComponent(text)}`,
  })),
  'bad-redirect': refuse(302, (text) => ({ Location: text })),
  page: reflect((_seen, reply, text) => void reply.writeHead(200, { 'Content-Type': 'text/html' }).end(`<html>${text}`)),
  'other-type': reflect((_seen, reply, text) => void reply.writeHead(200, { 'Content-Type': `x/y; a="${text}"` }).end(text)),
  'broken-json': reflect((_seen, reply, text) => {
    reply.writeHead(200, { 'Content-Type': 'application/json' }).end(`${text} {"jsonrpc": ${text}`);
  }),
  'other-json': reflect((_seen, reply, text) => json(reply, 200, { [text]: text })),
  'rpc-error': reflect((seen, reply, text) =>
    json(reply, 200, rpcError(seen, -32603, text, { [text]: text, supported: [text] })),
  ),
  'rpc-version': reflect((seen, reply, text) => json(reply, 400, rpcError(seen, -32022, text, { supported: [text] }))),
  'bad-version': reflect((seen, reply, text) =>
    json(reply, 200, result(seen, { protocolVersion: text, capabilities: {}, serverInfo: { name: text, version: text } })),
  ),
  session: reflect((seen, reply, text, all) => {
    if (seen.message?.method === 'server/discover') return json(reply, 404, rpcError(seen, -32601, text));
    if (seen.message?.method !== 'initialize') return json(reply, 404, rpcError(seen, -32001, text));
    const value = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: text, version: '1' } };
    json(reply, 200, result(seen, value), { 'Mcp-Session-Id': all[0] ?? '' });
  }),
  stream: reflect((_seen, reply, text) => {
    reply.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(`id: ${text}\nevent: ${text}\ndata: ${text}\n\n`);
  }),
  huge: reflect((_seen, reply, text) => {
    reply
      .writeHead(200, { 'Content-Type': 'application/json' })
      .end(`{"a":"${text.repeat(Math.ceil((9 << 20) / text.length))}"}`);
  }),
  cut: reflect((_seen, reply, text) => {
    reply.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100000' });
    reply.write(`{"a":"${text}`, () => reply.destroy());
  }),
  silent: () => undefined,
};

/** Answers with a status line that is none, made of the request. */
export function reflectRaw(socket: Socket, chunk: Buffer): void {
  const text = chunk.toString('latin1').replaceAll(/\r?\n/g, ' ');
  socket.end(`HTTP/1.1 ${text}\r\n${text}\r\n\r\n`);
}
