/**
 * A healthy server that lets nobody in without a client certificate of its own authority: mutual TLS as one company runs it for another.
 *
 * The files in `partner/` were made once with hack/controlplane/certificates.ts and never expire; the client's half is in the manifest for
 * all to read, and opens nothing but this server. The authority's key was thrown away, so there will never be another certificate of it.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import path from 'node:path';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { listenerFor } from './listener.ts';
import { buildServer, type SampleTool } from './tools.ts';

const SETTLEMENT: readonly SampleTool[] = [
  { name: 'find_payment', description: 'Finds payments by reference.' },
  { name: 'read_statement', description: 'Reads the statement of one day.' },
];

/**
 * Speaks TLS 1.2 and 1.3. Without a certificate the handshake ends in an alert: `certificate_required` in TLS 1.3, `handshake_failure` in
 * TLS 1.2. One of another authority gets no alert but a closed connection: Node judges it after the handshake, and has no call for an alert.
 */
export function createPartnerServer(): Server {
  const handler = createMcpHandler(() => buildServer('settlement', 'Settlement', SETTLEMENT));
  const identity = { cert: read('server.crt'), key: read('server.key') };
  const demand = { ca: read('ca.crt'), requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;
  return createServer({ ...identity, ...demand }, listenerFor(handler));
}

function read(name: string): Buffer {
  return readFileSync(path.join(import.meta.dirname, 'partner', name));
}
