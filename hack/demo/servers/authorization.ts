/**
 * An authorization server, and an MCP server that takes nothing but its tokens: OAuth 2 client credentials as a platform team would set
 * them up. Tokens are JWTs for one resource and live for two minutes, so that a renewal can be watched.
 *
 * The client's secret is in the manifest for all to read, and opens nothing but this server.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createMcpHandler, OAuthError, OAuthErrorCode, requireBearerAuth } from '@modelcontextprotocol/server';
import { jwtVerify, SignJWT } from 'jose';
import { listenerFor } from './listener.ts';
import { buildServer, type SampleTool } from './tools.ts';

const CLIENT_ID = 'mcpserver-operator';
const CLIENT_SECRET = 'sample-secret-of-the-operator';
const LIFETIME_SECONDS = 120;
/** A token request of a probe has a few hundred bytes. */
const MAX_BODY_BYTES = 16 * 1024;

/** Both servers are one party: the key never leaves this process. */
const signingKey = randomBytes(32);

const CONTRACTS: readonly SampleTool[] = [
  { name: 'find_contract', description: 'Finds contracts by customer.' },
  { name: 'read_contract', description: 'Reads one contract.' },
  { name: 'list_deadlines', description: 'Contracts that end soon.' },
];

/** Metadata (RFC 8414) and the token endpoint, for one client. */
export function createAuthorizationServer(): Server {
  return createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const issuer = `http://${request.headers.host}`;
  if (request.method === 'GET' && request.url === '/.well-known/oauth-authorization-server') {
    reply(response, 200, {
      issuer,
      token_endpoint: `${issuer}/token`,
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
      response_types_supported: [],
    });
    return;
  }
  if (request.method !== 'POST' || request.url !== '/token') {
    request.resume();
    response.writeHead(404).end();
    return;
  }
  const form = new URLSearchParams(await readBody(request));
  const resource = form.get('resource');
  const basic = Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64');
  if (request.headers.authorization !== `Basic ${basic}`) reply(response, 401, { error: 'invalid_client' });
  else if (form.get('grant_type') !== 'client_credentials') reply(response, 400, { error: 'unsupported_grant_type' });
  else if (resource === null) reply(response, 400, { error: 'invalid_target' });
  else {
    const token = await new SignJWT({ client_id: CLIENT_ID, scope: 'contracts:read' })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
      .setIssuedAt()
      .setExpirationTime(`${LIFETIME_SECONDS} s`)
      .setAudience(resource)
      .sign(signingKey);
    reply(response, 200, { access_token: token, token_type: 'Bearer', expires_in: LIFETIME_SECONDS });
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > MAX_BODY_BYTES) throw new Error('the request is too large');
  }
  return body;
}

/** A healthy server for tokens of {@link createAuthorizationServer} that were issued for it; 401 with a challenge for all others. */
export function createProtectedServer(): Server {
  const handler = createMcpHandler(() => buildServer('contracts', 'Contracts', CONTRACTS));
  const fetch = async (request: Request) => {
    const gate = requireBearerAuth({ verifier: { verifyAccessToken: (token) => verify(token, request.url) } });
    const admitted = await gate(request);
    return admitted instanceof Response ? admitted : handler.fetch(request, { authInfo: admitted });
  };
  return createServer(listenerFor({ fetch }));
}

async function verify(token: string, audience: string) {
  try {
    const { payload } = await jwtVerify(token, signingKey, { audience, typ: 'at+jwt' });
    return { token, clientId: CLIENT_ID, scopes: ['contracts:read'], expiresAt: payload.exp ?? 0 };
  } catch {
    throw new OAuthError(OAuthErrorCode.InvalidToken, 'this token is not for this server');
  }
}
