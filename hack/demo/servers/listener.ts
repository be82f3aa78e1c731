/**
 * Mounts a fetch-shaped handler of the SDK on `node:http`. A request whose answer fails is cut off, never left hanging.
 */
import type { RequestListener } from 'node:http';
import { type FetchLikeMcpHandler, toNodeHandler } from '@modelcontextprotocol/node';

/** The listener for `createServer`. */
export function listenerFor(handler: FetchLikeMcpHandler): RequestListener {
  const handle = toNodeHandler(handler);
  return (request, response) => {
    // The SDK's view of a request knows no undefined method or URL.
    const { method = 'GET', url = '/', headers } = request;
    const view = { method, url, headers, [Symbol.asyncIterator]: () => request[Symbol.asyncIterator]() };
    handle(view, response).catch(() => response.destroy());
  };
}
