/**
 * What exactly is wrong between an OAuth client and its authorization server: one sentence for each fact, added to the message of the
 * reasons TokenRequestRejected and AuthorizationMisconfigured. The words are ours alone; an authorization server chooses none of them.
 */

/** Sentences by fact. "It" is the authorization server. Denied ones promise no retry, as all messages of that class (page 9, A6). */
export const AUTHORIZATION_DETAILS = {
  issuerSlash:
    'Its metadata names the declared issuer but for a slash at the end: write auth.oauth.issuer exactly as the metadata does.',
  issuerMismatch: 'Its metadata names another issuer than auth.oauth.issuer.',
  noMetadata: 'Nothing usable was found below auth.oauth.issuer where RFC 8414 and OpenID Connect place its metadata.',
  plainHTTP: 'The issuer or the token endpoint is a plain http URL, and no credential is sent there.',
  clientAuthentication: 'Its metadata does not offer the kind of client authentication that auth.oauth declares.',
  redirect: 'It answered with a redirect, and none is followed with a credential.',
  tokenAnswer: 'Its token answer holds no bearer token that can be sent.',
  unsupportedGrant: 'It does not know the grant client_credentials (unsupported_grant_type).',
  invalidRequest:
    'It calls the token request malformed (invalid_request). If it knows no resource indicators, set auth.oauth.resourceIndicator to Omit.',
  invalidClient: 'It does not accept the client, its secret or its key (invalid_client).',
  unauthorizedClient: 'The client may not use the grant client_credentials (unauthorized_client).',
  invalidGrant: 'It does not accept the grant (invalid_grant).',
  invalidScope: 'It does not give this client the scopes of auth.oauth.scopes (invalid_scope).',
  invalidTarget:
    'It does not give this client tokens for the resource of auth.oauth.resource (invalid_target): correct it, or set auth.oauth.resourceIndicator to Omit if it knows none.',
} as const satisfies Record<string, string>;

/** One fact about an authorization server. */
export type AuthorizationDetail = keyof typeof AUTHORIZATION_DETAILS;
