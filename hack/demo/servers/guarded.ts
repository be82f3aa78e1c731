/**
 * Servers that say no: one that wants a bearer token, one behind a gateway that forbids everything, and one that lets anyone in
 * and refuses at the first list.
 *
 * The tokens are in the manifests of hack/samples for all to read, and open nothing but these servers.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createMcpHandler, OAuthError, OAuthErrorCode, requireBearerAuth } from '@modelcontextprotocol/server';
import { listenerFor } from './listener.ts';
import { buildServer, type SampleTool } from './tools.ts';

/** The only token that {@link createTokenServer} takes. */
export const RIGHT_TOKEN = 'sample-token-that-is-right';

const PAYROLL: readonly SampleTool[] = [
  { name: 'find_employee', description: 'Finds an employee by name.' },
  { name: 'read_payslip', description: 'Reads one payslip.' },
];

/** A request body of a probe has a few hundred bytes. */
const MAX_BODY_BYTES = 64 * 1024;

/** 401 with `WWW-Authenticate` without the right bearer token (RFC 6750), a healthy modern server with it. */
export function createTokenServer(): Server {
  const gate = requireBearerAuth({
    verifier: {
      verifyAccessToken: async (token) => {
        if (token !== RIGHT_TOKEN) throw new OAuthError(OAuthErrorCode.InvalidToken, 'this token is not known');
        return { token, clientId: 'sample', scopes: [], expiresAt: Math.floor(Date.now() / 1000) + 3600 };
      },
    },
  });
  const handler = createMcpHandler(() => buildServer('payroll', 'Payroll', PAYROLL));
  const fetch = async (request: Request) => {
    const admitted = await gate(request);
    return admitted instanceof Response ? admitted : handler.fetch(request, { authInfo: admitted });
  };
  return createServer(listenerFor({ fetch }));
}

/** 403 to everyone, in the words of a well-known gateway. */
export function createForbiddenServer(): Server {
  return createServer((request, response) => {
    request.resume();
    response.writeHead(403, { 'content-type': 'text/plain' }).end('RBAC: access denied');
  });
}

/**
 * Lets anyone `initialize` and answers `tools/list` with HTTP 200 and a JSON-RPC error of code 0: what a server does whose
 * middleware checks the token only where work is done.
 */
export function createLateRefusalServer(): Server {
  return createServer((request, response) => {
    answerLate(request, response).catch(() => response.destroy());
  });
}

async function answerLate(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') {
    request.resume();
    response.writeHead(405, { allow: 'POST' }).end();
    return;
  }
  const call = await readCall(request);
  if (call.id === undefined) {
    response.writeHead(202).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: call.id, ...lateAnswer(call.method) }));
}

function lateAnswer(method: string): object {
  switch (method) {
    case 'initialize':
      return {
        result: {
          protocolVersion: '2025-06-18',
          capabilities: { tools: { listChanged: false } },
          serverInfo: { name: 'reports', version: '1.0.0' },
        },
      };
    case 'tools/list':
      return { error: { code: 0, message: 'Token has expired' } };
    default:
      return { error: { code: -32601, message: 'Method not found' } };
  }
}

/** Method and id of a JSON-RPC request; a notification has no id. Rejects for anything that is no such thing. */
async function readCall(request: IncomingMessage): Promise<{ method: string; id: unknown }> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > MAX_BODY_BYTES) throw new Error('the request is too large');
  }
  const call: unknown = JSON.parse(body);
  if (typeof call !== 'object' || call === null || !('method' in call)) throw new Error('not a JSON-RPC request');
  return { method: String(call.method), id: 'id' in call ? call.id : undefined };
}
