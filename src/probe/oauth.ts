/**
 * The access token of a probe with OAuth client credentials (page 3.6): out of the cache, or asked for at the token endpoint of the declared
 * issuer. Of the declared TLS settings an authorization server gets the trusted authorities alone: client certificate, server name and
 * skipped verification are between us and the MCP server.
 */
import { findAuthorizationServer } from './authorization-server.ts';
import { Credential } from './credential.ts';
import { identifyToken, type OAuthClient } from './oauth-client.ts';
import { createOAuthHTTP, type Ending, type OAuthHTTPDeps } from './oauth-http.ts';
import type { TLSSettings } from './secure-context.ts';
import type { Target } from './target.ts';
import { takesCredentials } from './target.ts';
import type { TokenCache } from './token-cache.ts';
import { encodeForm, requestToken, type TokenIssued, type TokenRequestDeps } from './token-request.ts';

export interface OAuthDeps extends OAuthHTTPDeps, Pick<TokenRequestDeps, 'audit'> {
  readonly tokens: TokenCache;
}

/** A token as a probe uses it. */
export interface ProbeToken {
  /** What the cache keeps it under. */
  readonly key: string;
  readonly token: Credential;
  /** Values that the MCP server does not get, and that no text of its may show. */
  readonly hidden: readonly Credential[];
}

export type ProbeTokenObtained = ({ readonly kind: 'obtained' } & ProbeToken) | Ending;

/** Gets the token of `client` for `target`, in the name of `namespace`. Never rejects but for a bug. */
export async function obtainToken(
  deps: OAuthDeps,
  namespace: string,
  target: Target,
  client: OAuthClient,
): Promise<ProbeTokenObtained> {
  // A token that could not be sent is not asked for.
  if (!takesCredentials(target, deps.policy)) return { kind: 'refused', fact: { kind: 'forbidden', stage: 'policy' } };
  const { ca = [], systemRoots = true } = deps.tls;
  const trust: TLSSettings = { ca, systemRoots, rejectUnauthorized: true };
  const key = identifyToken(namespace, client, [systemRoots ? 'system' : 'bundle', ...ca]);
  const obtained = await deps.tokens.obtain(key, deps.lifeline, () => askForToken({ ...deps, tls: trust }, client));
  return obtained.kind === 'obtained' ? { ...obtained, key, hidden: hiddenOf(client) } : obtained;
}

async function askForToken(deps: OAuthDeps, client: OAuthClient): Promise<TokenIssued> {
  const http = createOAuthHTTP(deps);
  try {
    const found = await findAuthorizationServer(client, http);
    if (found.kind !== 'found') return found;
    return await requestToken({ ...deps, http }, client, found.server);
  } finally {
    http.close();
  }
}

/** A secret as it is, and as a form or a Basic header carries it. A key never leaves. */
function hiddenOf({ proof, bound }: OAuthClient): readonly Credential[] {
  const values = bound.map(({ credential }) => credential.reveal());
  const sent = proof.kind === 'key' ? values.slice(0, -1) : values;
  return [...new Set(sent.flatMap((value) => [value, encodeForm(value)]))].map((value) => new Credential(value));
}
