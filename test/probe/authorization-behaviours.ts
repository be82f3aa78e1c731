/**
 * Behaviours of OAuth authorization servers, and of MCP servers that take their tokens, for scripted servers. They refuse what is not
 * correctly asked, and count nothing: the scripted server keeps the requests.
 */
import type { ServerResponse } from 'node:http';
import { json, modern, respond } from './behaviours.ts';
import type { Behaviour, Scripted, Seen } from './scripted-server.ts';

export const CLIENT_ID = 'client-1';
export const CLIENT_SECRET = 's3cret-of-client-1';

const RFC8414 = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';

export interface AuthorizationOptions {
  /** Path of the issuer; default none. */
  readonly path?: string;
  /** Where metadata is found; default both. */
  readonly forms?: readonly ('rfc8414' | 'openid')[];
  /** Over what the metadata says. */
  readonly metadata?: Record<string, unknown>;
  /** Instead of an answer to a token request that is as it must be. */
  readonly token?: Behaviour;
  /** Over what the token answer says. */
  readonly answer?: Record<string, unknown>;
  /** Whether a client is who it says; default: by {@link CLIENT_SECRET}. */
  readonly accepts?: (seen: Seen) => boolean | Promise<boolean>;
}

/** A correct authorization server. Its tokens are `token-1`, `token-2`, … */
export function authorization(options: AuthorizationOptions = {}): Behaviour {
  const { path = '', forms = ['rfc8414', 'openid'], accepts = knowsSecret } = options;
  let issued = 0;
  return async (seen, reply) => {
    const issuer = `http://${seen.headers.host}${path}`;
    const places = [...(forms.includes('rfc8414') ? [RFC8414 + path] : []), ...(forms.includes('openid') ? [path + OPENID] : [])];
    if (seen.method === 'GET' && places.includes(seen.path)) {
      return json(reply, 200, {
        issuer,
        token_endpoint: `${issuer}/token`,
        grant_types_supported: ['authorization_code', 'client_credentials'],
        ...options.metadata,
      });
    }
    if (seen.method !== 'POST' || seen.path !== `${path}/token`) return json(reply, 404, { error: 'not_found' });
    if (options.token !== undefined) return options.token(seen, reply);
    const form = formOf(seen);
    if (form.get('grant_type') !== 'client_credentials') return json(reply, 400, { error: 'unsupported_grant_type' });
    if (!(await accepts(seen))) return refuse(reply, 401, 'invalid_client', { 'WWW-Authenticate': 'Basic realm="x"' });
    if (form.get('scope')?.includes('forbidden')) return refuse(reply, 400, 'invalid_scope');
    issued += 1;
    json(reply, 200, { access_token: `token-${issued}`, token_type: 'Bearer', expires_in: 3600, ...options.answer });
  };
}

/** An OAuth error as RFC 6749, 5.2, writes it. */
export function refuse(reply: ServerResponse, httpStatus: number, error: string, headers: Record<string, string> = {}): void {
  json(reply, httpStatus, { error, error_description: 'canary of the authorization server' }, headers);
}

export function formOf(seen: Seen): URLSearchParams {
  return new URLSearchParams(seen.body);
}

function knowsSecret(seen: Seen): boolean {
  const form = formOf(seen);
  if (form.get('client_secret') !== null)
    return form.get('client_id') === CLIENT_ID && form.get('client_secret') === CLIENT_SECRET;
  const expected = Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64');
  return seen.headers.authorization === `Basic ${expected}`;
}

/** A healthy MCP server for whoever bears a token that `takes` likes, by default any of {@link authorization}. */
export function guarded(takes: (token: string) => boolean = (token) => token.startsWith('token-')): Behaviour {
  return (seen, reply) => {
    const token = seen.headers.authorization?.replace(/^Bearer /, '') ?? '';
    return takes(token)
      ? modern()(seen, reply)
      : respond(401, '', { 'WWW-Authenticate': 'Bearer error="invalid_token"' })(seen, reply);
  };
}

/** `auth` of a spec for a scripted authorization server; the Secret is `client`. */
export function oauth(server: Pick<Scripted, 'url'>, more: Record<string, unknown> = {}) {
  const proof = 'privateKeyRef' in more ? {} : { clientSecretRef: { name: 'client', key: 'secret' } };
  return { type: 'OAuthClientCredentials' as const, oauth: { issuer: server.url(''), clientID: CLIENT_ID, ...proof, ...more } };
}
