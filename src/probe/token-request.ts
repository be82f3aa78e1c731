/**
 * One request for an access token with the grant client_credentials (RFC 6749, 4.4): it proves who the client is, in the way that the
 * authorization server's metadata names, and takes from the answer the token and how long it lasts. A value out of a Secret leaves only
 * for the token endpoint, only where its Secret lets it go, and each time an audit line says so.
 */
import {
  type AuthorizationServer,
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretPost,
  clientCredentialsGrantRequest,
  customFetch,
  modifyAssertion,
  PrivateKeyJwt,
} from 'oauth4webapi';
import * as z from 'zod';
import type { Clock } from '../platform/clock.ts';
import { misconfigured } from './authorization-fact.ts';
import { readClientKey } from './client-key.ts';
import { Credential, isBoundToHost } from './credential.ts';
import type { EgressPolicy } from './egress-policy.ts';
import { LIMITS } from './limits.ts';
import type { OAuthClient, Proof } from './oauth-client.ts';
import { type Ending, type OAuthHTTP, Unanswered } from './oauth-http.ts';
import type { FailureFact } from './outcome.ts';
import type { CredentialUse } from './probe-log.ts';
import { createTarget, takesCredentials } from './target.ts';

export interface TokenRequestDeps {
  readonly http: OAuthHTTP;
  readonly clock: Clock;
  readonly policy: EgressPolicy;
  readonly audit: (use: Pick<CredentialUse, 'host' | 'fingerprint' | 'decision' | 'reason'>) => void;
}

export type TokenIssued =
  | {
      readonly kind: 'issued';
      readonly token: Credential;
      /** Until when it may be used, monotonic; undefined when the authorization server does not say. */
      readonly expiresAtMs: number | undefined;
    }
  | Ending;

/** An assertion is used at once; a minute allows for clocks that disagree. */
const ASSERTION_SECONDS = 60;

/**
 * What is taken from an answer (RFC 6749, 5.1; RFC 6750). Servers add much else, nulls and tokens of other kinds, that nobody asked for: the
 * library would refuse a token over them. Some write the lifetime as a text, or as null where they do not tell it.
 */
const TokenAnswer = z.object({
  access_token: z
    .string()
    .max(LIMITS.credentialBytes)
    .regex(/^[\x21-\x7e]+$/),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{1,12}(\.\d{1,6})?$/)
        .transform(Number),
    ])
    .refine((seconds) => seconds >= 0)
    .nullish(),
});

/** Asks `server` for a token for `client`. */
export async function requestToken(
  deps: TokenRequestDeps,
  client: OAuthClient,
  server: AuthorizationServer,
): Promise<TokenIssued> {
  const endpoint = URL.parse(server.token_endpoint ?? '');
  if (endpoint === null) return refused(misconfigured('noMetadata'));
  const withheld = judgeUse(deps, client, endpoint);
  if (withheld !== undefined) return refused(withheld);
  const proved = await proveClient(client, server, deps.clock);
  if (proved.kind === 'refused') return proved;
  const parameters = new URLSearchParams(client.resource === undefined ? {} : { resource: client.resource });
  if (client.scopes.length > 0) parameters.set('scope', client.scopes.join(' '));
  const identity = { client_id: client.clientID };
  const startedMs = deps.clock.monotonicMs();
  try {
    const options = { [customFetch]: deps.http.request, [allowInsecureRequests]: true };
    const response = await clientCredentialsGrantRequest(server, identity, proved.authenticate, parameters, options);
    const answer = TokenAnswer.safeParse(await response.json());
    if (!answer.success) return refused(misconfigured('tokenAnswer'));
    const { access_token: token, expires_in: seconds } = answer.data;
    return {
      kind: 'issued',
      token: new Credential(token, `Bearer ${token}`),
      // From before the request: the token may be as old as the request is.
      expiresAtMs: seconds === undefined || seconds === null ? undefined : startedMs + seconds * 1000,
    };
  } catch (error) {
    return error instanceof Unanswered ? error.ending : refused(misconfigured('tokenAnswer'));
  } finally {
    if (deps.http.sent()) report(deps, client, endpoint, 'sent');
  }
}

function refused(fact: FailureFact): Extract<Ending, { kind: 'refused' }> {
  return { kind: 'refused', fact };
}

/** Whether every value may go to the token endpoint (page 3.6, host binding; page 3.8.3, plain http). */
function judgeUse(deps: TokenRequestDeps, client: OAuthClient, endpoint: URL): FailureFact | undefined {
  const target = createTarget(endpoint, deps.policy);
  const mayGo = (allowed: string | undefined) =>
    allowed === undefined ? !deps.policy.requireSecretHostBinding : isBoundToHost(allowed, target.host);
  const unbound = client.bound.find(({ allowedHosts }) => !mayGo(allowedHosts));
  if (unbound !== undefined) {
    report(deps, client, endpoint, 'withheld', 'notBoundToHost');
    return { kind: 'reference', stage: 'credentials', problem: 'notBoundToHost', field: unbound.field };
  }
  if (takesCredentials(target, deps.policy)) return undefined;
  report(deps, client, endpoint, 'withheld', 'plaintext');
  return misconfigured('plainHTTP');
}

function report(
  { audit, policy }: TokenRequestDeps,
  client: OAuthClient,
  endpoint: URL,
  decision: CredentialUse['decision'],
  reason?: CredentialUse['reason'],
): void {
  const { host } = createTarget(endpoint, policy);
  for (const { credential } of client.bound) {
    audit({ host, fingerprint: credential.fingerprint(), decision, ...(reason === undefined ? {} : { reason }) });
  }
}

type Proved = { readonly kind: 'proved'; readonly authenticate: ClientAuth } | Extract<Ending, { kind: 'refused' }>;

/** Chooses among what the metadata offers; without a list it is client_secret_basic (RFC 8414, section 2), or the declared key. */
async function proveClient({ clientID, proof }: OAuthClient, server: AuthorizationServer, clock: Clock): Promise<Proved> {
  const methods = server.token_endpoint_auth_methods_supported;
  const offers = (method: string) => methods?.includes(method) ?? false;
  if (proof.kind === 'key') {
    return methods !== undefined && !offers('private_key_jwt') ? NOT_OFFERED : proveByKey(proof, clock);
  }
  const basic = methods === undefined || offers('client_secret_basic');
  const post = offers('client_secret_post');
  if (!basic && !post) return NOT_OFFERED;
  // Servers disagree on whether Basic credentials are form-encoded; in a form there is no doubt.
  const ambiguous = encodeForm(clientID) !== clientID || encodeForm(proof.secret) !== proof.secret;
  const authenticate = post && (ambiguous || !basic) ? ClientSecretPost(proof.secret) : clientSecretBasic(proof.secret);
  return { kind: 'proved', authenticate };
}

const NOT_OFFERED: Proved = refused(misconfigured('clientAuthentication'));

async function proveByKey({ bytes, declared }: Extract<Proof, { kind: 'key' }>, clock: Clock): Promise<Proved> {
  const key = await readClientKey(bytes, declared);
  if (key === undefined) {
    const field = 'auth.oauth.privateKeyRef';
    return refused({ kind: 'reference', stage: 'credentials', problem: 'invalidCredentials', field, detail: 'clientKey' });
  }
  const authenticate = PrivateKeyJwt(key, {
    [modifyAssertion](header, payload) {
      // The library would say Ed25519 (RFC 9864), which few servers know.
      header['alg'] = key.alg;
      const seconds = Math.floor(clock.wallMs() / 1000);
      payload['iat'] = seconds;
      payload['exp'] = seconds + ASSERTION_SECONDS;
      // A server whose clock is behind would refuse it.
      delete payload['nbf'];
    },
  });
  return { kind: 'proved', authenticate };
}

/**
 * client_secret_basic (RFC 6749, 2.3.1). The library's own encodes `-`, `_` and `.` too, which is allowed, and fails at the many servers
 * that do not decode.
 */
function clientSecretBasic(secret: string): ClientAuth {
  return (_server, { client_id }, _body, headers) => {
    const value = Buffer.from(`${encodeForm(client_id)}:${encodeForm(secret)}`).toString('base64');
    headers.set('authorization', `Basic ${value}`);
  };
}

/** A text as application/x-www-form-urlencoded writes it: letters, digits and `*-._` stay. */
export function encodeForm(text: string): string {
  return new URLSearchParams({ v: text }).toString().slice('v='.length);
}
