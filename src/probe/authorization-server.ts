/**
 * Which token endpoint a client asks, and what it may ask for: the metadata of the declared issuer, looked for in the places that RFC
 * 8414 and OpenID Connect name, and believed only when it names the very same issuer. What an MCP server says about authorization servers
 * plays no part: it could send a secret anywhere.
 */
import { type AuthorizationServer, processDiscoveryResponse } from 'oauth4webapi';
import * as z from 'zod';
import { INTERACTIVE_ONLY, misconfigured } from './authorization-fact.ts';
import type { OAuthClient } from './oauth-client.ts';
import { type Ending, type OAuthHTTP, Unanswered } from './oauth-http.ts';
import type { FailureFact } from './outcome.ts';

/** The parts of RFC 8414, section 2, that decide. Lists that are none make the whole unusable. */
const Metadata = z.looseObject({
  issuer: z.string(),
  grant_types_supported: z.array(z.string()).optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
});

export type AuthorizationServerFound = { readonly kind: 'found'; readonly server: AuthorizationServer } | Ending;

type Read = Exclude<AuthorizationServerFound, { kind: 'aborted' | 'unavailable' }>;

/** Finds the authorization server of `client`, with no request when a `tokenURL` is declared and at most three otherwise. */
export async function findAuthorizationServer(
  client: Pick<OAuthClient, 'issuer' | 'tokenURL'>,
  http: OAuthHTTP,
): Promise<AuthorizationServerFound> {
  const { issuer, tokenURL } = client;
  if (tokenURL !== undefined) return { kind: 'found', server: { issuer, token_endpoint: tokenURL } };
  let told: Extract<Read, { kind: 'refused' }> | undefined;
  for (const place of placesOf(issuer)) {
    const read = await readMetadata(issuer, place, http);
    if (read.kind !== 'refused') return read;
    told = told === undefined ? read : refused(moreTelling(told.fact, read.fact));
    if (isFinal(read.fact)) break;
  }
  return told ?? refused(misconfigured('noMetadata'));
}

/**
 * Where RFC 8414 (section 3.1) and OpenID Connect Discovery (section 4) put the metadata of an issuer, in the order of MCP's authorization
 * (2025-11-25, "Authorization Server Metadata Discovery"). Two without a path, three with one.
 */
function placesOf(issuer: string): ReadonlySet<string> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const known = `${origin}/.well-known`;
  return new Set([
    `${known}/oauth-authorization-server${path}`,
    `${known}/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]);
}

async function readMetadata(issuer: string, place: string, http: OAuthHTTP): Promise<AuthorizationServerFound> {
  try {
    const response = await http.request(place, { method: 'GET', headers: {} });
    const told = Metadata.safeParse(await response.clone().json());
    if (!told.success) return refused(misconfigured('noMetadata'));
    if (told.data.issuer !== issuer) return refused(describeMismatch(issuer, told.data.issuer));
    return judgeMetadata(await processDiscoveryResponse(new URL(issuer), response));
  } catch (error) {
    if (!(error instanceof Unanswered)) return refused(misconfigured('noMetadata'));
    const { ending } = error;
    // A 404 is no reason to tell its code: there is another place, and one sentence for all.
    const absent =
      ending.kind === 'refused' && ending.fact.kind === 'authorizationServer' && ending.fact.httpStatus !== undefined;
    return absent && isRefusal(ending.fact) ? refused(misconfigured('noMetadata', ending.fact.httpStatus)) : ending;
  }
}

/** RFC 8414, section 3.3: the issuer must be identical to the declared one, character by character. */
function describeMismatch(declared: string, told: string): FailureFact {
  const bare = (issuer: string) => issuer.replace(/\/$/, '');
  return misconfigured(bare(declared) === bare(told) ? 'issuerSlash' : 'issuerMismatch');
}

/** Without a list of grants any may be offered: many servers leave it out, whatever RFC 8414 says about its default. */
function judgeMetadata(server: AuthorizationServer): Read {
  const grants = server.grant_types_supported;
  if (grants !== undefined && !grants.includes('client_credentials')) return refused(INTERACTIVE_ONLY);
  if (typeof server.token_endpoint !== 'string' || !URL.canParse(server.token_endpoint))
    return refused(misconfigured('noMetadata'));
  return { kind: 'found', server };
}

function refused(fact: FailureFact): Extract<Read, { kind: 'refused' }> {
  return { kind: 'refused', fact };
}

/** An HTTP answer that is no overload, so that another place may have another one. */
function isRefusal(fact: FailureFact): fact is Extract<FailureFact, { kind: 'authorizationServer' }> {
  return fact.kind === 'authorizationServer' && fact.problem !== 'unavailable' && fact.detail !== 'redirect';
}

/** Whether the other places would have no other answer: nobody answered, nothing may be sent, we are asked to wait, or it was understood. */
function isFinal(fact: FailureFact): boolean {
  if (fact.kind !== 'authorizationServer' || fact.detail === 'plainHTTP' || fact.problem === 'interactiveOnly') return true;
  if (fact.problem === 'unavailable') return fact.httpStatus === undefined || fact.httpStatus === 429;
  return fact.detail === undefined;
}

/** Of two failures the one that helps: what may heal, then what was really said, then that nothing was there. */
function moreTelling(first: FailureFact, second: FailureFact): FailureFact {
  const rank = (fact: FailureFact) => {
    if (fact.kind !== 'authorizationServer' || fact.problem === 'unavailable') return 0;
    return fact.detail === 'noMetadata' ? 2 : 1;
  };
  return rank(first) <= rank(second) ? first : second;
}
