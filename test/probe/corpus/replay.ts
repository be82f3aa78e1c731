/**
 * Serves one recorded answer over HTTP as the real server gave it: to the request that it answers, from a server that is healthy up to there.
 * It changes nothing but the id of the JSON-RPC message and the name of the host.
 */
import { legacy, modern } from '../behaviours.ts';
import type { Behaviour, Seen } from '../scripted-server.ts';
import type { Recorded } from './corpus.ts';

/** A server that gives `recorded` wherever the real one did. */
export function replay({ request, status, headers, body }: Recorded): Behaviour {
  const healthy = request.session || request.path !== undefined || status === 200 ? legacy().behaviour : modern();
  return (seen, reply) => {
    if (!isAnswered(request, status, seen)) return healthy(seen, reply);
    const host = seen.headers.host ?? '';
    const written = Object.entries(headers).map(([name, value]) => [name, value.replace('{host}', host)]);
    const id = seen.message?.id;
    reply.writeHead(status, Object.fromEntries(written));
    reply.end(id === undefined ? body : body.replace(/"id":\s*\d+/, `"id":${id}`));
  };
}

/** A refusal of `initialize` or `server/discover` is given to the other one too, and to a GET: real walls and guards do not look. */
function isAnswered(request: Recorded['request'], status: number, { path, message }: Seen): boolean {
  if (request.path !== undefined) return path === request.path;
  const method = request.method ?? '';
  return method.endsWith('/list') || (method !== '' && status === 200) ? message?.method === method : true;
}
