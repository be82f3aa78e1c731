/**
 * A relay before real servers that records what passes: which request bore which session, how it was answered, byte for byte. With
 * several targets it takes them in turn, request by request: replicas without affinity. It changes nothing that it passes on.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request and its answer. */
export interface Passed {
  readonly method: string;
  readonly path: string;
  /** The JSON-RPC method, where the body had one. */
  readonly call: string | undefined;
  /** `Mcp-Session-Id` of the request. */
  readonly session: string | undefined;
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** `Mcp-Session-Id` of the answer. */
  readonly issued: string | undefined;
  readonly body: string;
}

export interface Relay {
  /** `http://127.0.0.1:PORT` and this path. */
  url(path: string): string;
  /** Whole exchanges, in the order in which they ended; the last 1,000. */
  readonly passed: readonly Passed[];
  close(): Promise<void>;
}

const MAX_PASSED = 1_000;

/** Starts a relay to these ports of 127.0.0.1. */
export async function startRelay(ports: readonly number[]): Promise<Relay> {
  const passed: Passed[] = [];
  let turn = 0;
  const server = http.createServer(async (request, reply) => {
    const port = ports[turn % ports.length];
    turn += 1;
    const { method = 'GET', url: path = '/', headers } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const message = Buffer.concat(chunks);
    const onward = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
      const { statusCode: status = 0 } = answer;
      const body: Buffer[] = [];
      reply.writeHead(status, answer.headers);
      answer.on('data', (chunk) => body.push(chunk));
      answer.pipe(reply);
      answer.on('close', () => {
        if (passed.length === MAX_PASSED) passed.shift();
        passed.push({
          method,
          path,
          call: callOf(message),
          session: textOf(headers['mcp-session-id']),
          status,
          headers: answer.headers,
          issued: textOf(answer.headers['mcp-session-id']),
          body: Buffer.concat(body).toString(),
        });
      });
    });
    onward.on('error', () => reply.destroy());
    reply.on('close', () => onward.destroy());
    onward.end(message);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    passed,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

function callOf(message: Buffer): string | undefined {
  try {
    const { method } = JSON.parse(message.toString()) as { method?: unknown };
    return typeof method === 'string' ? method : undefined;
  } catch {
    return undefined;
  }
}
