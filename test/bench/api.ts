/**
 * The bench's own bare client of the API server, on undici and nothing of ours: what measures the operator must not be made of it,
 * and the floor of status writes is this client in a loop.
 */
import { readFile } from 'node:fs/promises';
import { Agent } from 'undici';
import { parse } from 'yaml';
import * as z from 'zod';

/** More than 16 connections and HTTP/2 gain nothing (page 5.5). */
export const API_WIDTH = 16;

const METHOD = z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

export interface APIRequest {
  readonly method: z.output<typeof METHOD>;
  /** With its query. */
  readonly path: string;
  /** Of a PATCH: a JSON merge patch. */
  readonly body?: string;
  /** Default `application/json`. */
  readonly accept?: string;
}

export interface API {
  /** Resolves with the body of a 2xx. Rejects with the status and the server's first words for anything else. */
  call(request: APIRequest): Promise<string>;
  /** The lines of an answer that does not end, until `signal` aborts, which is no error. Rejects when the server ends it. */
  lines(path: string, signal: AbortSignal, onLine: (line: string) => void): Promise<void>;
  close(): Promise<void>;
}

/** A list of 10,000 objects takes seconds, deleting them about twenty. */
const TIMEOUT_MS = 90_000;

const base64 = z.string().transform((text) => Buffer.from(text, 'base64').toString());
/** As hack/controlplane/kubeconfig.ts writes it: one cluster, one user, everything inside. */
const Kubeconfig = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ server: z.string(), 'certificate-authority-data': base64 }) })]),
  users: z.tuple([
    z.object({
      user: z.object({
        token: z.string().optional(),
        'client-certificate-data': base64.optional(),
        'client-key-data': base64.optional(),
      }),
    }),
  ]),
});

/** Opens a client with the identity in `kubeconfig`. Rejects when the file is not one of ours. */
export async function openAPI(kubeconfig: string): Promise<API> {
  const { clusters, users } = Kubeconfig.parse(parse(await readFile(kubeconfig, 'utf8')));
  const { server: origin, 'certificate-authority-data': ca } = clusters[0].cluster;
  const { token, 'client-certificate-data': cert, 'client-key-data': key } = users[0].user;
  const connect = { ca, ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
  const options = { allowH2: false, headersTimeout: TIMEOUT_MS, connect };
  const requests = new Agent({ ...options, connections: API_WIDTH, bodyTimeout: TIMEOUT_MS });
  const streams = new Agent({ ...options, bodyTimeout: 0 });
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };

  return {
    async call({ method, path, body, accept = 'application/json' }) {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const headers = { ...authorization, accept, ...(body === undefined ? {} : { 'content-type': type }) };
      const response = await requests.request({ origin, path, method, headers, body: body ?? null });
      const text = await response.body.text();
      if (response.statusCode > 299) throw new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 200)}`);
      return text;
    },
    async lines(path, signal, onLine) {
      const response = await streams.request({ origin, path, method: 'GET', headers: authorization, signal });
      if (response.statusCode > 299) throw new Error(`GET ${path}: ${response.statusCode}`);
      try {
        // An event is one object of at most 1.5 MiB, so a rest never grows beyond that.
        let rest = '';
        for await (const chunk of response.body.setEncoding('utf8')) {
          const parts = (rest + String(chunk)).split('\n');
          rest = parts.pop() ?? '';
          for (const line of parts) onLine(line);
        }
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      throw new Error('the API server ended the watch of the bench');
    },
    async close() {
      await Promise.all([requests.destroy(), streams.destroy()]);
    },
  };
}
