/**
 * Who asks an authorization server for a token: the client that `auth.oauth` declares, with what its Secrets hold at this moment. It reads
 * Secrets by name, in the object's namespace, and nothing else; it sends nothing.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { OAuth } from '../api/v1alpha1/auth.ts';
import type { CredentialDetail } from '../api/v1alpha1/credential-details.ts';
import type { CredentialField } from '../api/v1alpha1/credential-field.ts';
import { ALLOWED_HOSTS } from '../api/v1alpha1/group.ts';
import { Credential, readCredentialText, whyUnsendable } from './credential.ts';
import type { FailureFact } from './outcome.ts';
import type { DataObject, References } from './ports.ts';
import type { Target } from './target.ts';

/** A value out of a Secret, and where that Secret lets it go. */
export interface BoundCredential {
  readonly credential: Credential;
  /** The annotation {@link ALLOWED_HOSTS} of its Secret. */
  readonly allowedHosts: string | undefined;
  /** Where the spec refers to it. */
  readonly field: CredentialField;
}

/** How the client proves itself. */
export type Proof =
  | { readonly kind: 'secret'; readonly secret: string }
  /** The bytes are parsed when a token is asked for: a token in the cache needs no key. */
  | {
      readonly kind: 'key';
      readonly bytes: Uint8Array;
      readonly declared: Pick<NonNullable<OAuth['privateKeyRef']>, 'alg' | 'kid'>;
    };

export interface OAuthClient {
  readonly issuer: string;
  readonly tokenURL: string | undefined;
  readonly clientID: string;
  readonly proof: Proof;
  /** Everything out of Secrets that the token endpoint gets, or a proof of. */
  readonly bound: readonly BoundCredential[];
  readonly scopes: readonly string[];
  /** What the token is meant for (RFC 8707); undefined: the authorization server is not told. */
  readonly resource: string | undefined;
}

export type OAuthClientRead =
  | { readonly kind: 'read'; readonly client: OAuthClient }
  | { readonly kind: 'refused'; readonly fact: FailureFact }
  /** The API server could not be asked. */
  | { readonly kind: 'unavailable' };

/** Reads the client of `oauth`; `target` is the server that the token is for. */
export async function readOAuthClient(
  oauth: OAuth,
  namespace: string,
  target: Target,
  references: References,
  signal: AbortSignal,
): Promise<OAuthClientRead> {
  const proofRef = oauth.clientSecretRef ?? oauth.privateKeyRef;
  const idRef = oauth.clientIDFrom?.secretKeyRef;
  if (proofRef === undefined || (oauth.clientID === undefined && idRef === undefined)) {
    return { kind: 'refused', fact: { kind: 'invalidSpec', stage: 'policy' } };
  }
  const bound: BoundCredential[] = [];
  let { clientID } = oauth;
  if (clientID === undefined && idRef !== undefined) {
    const field = 'auth.oauth.clientIDFrom.secretKeyRef';
    const found = await readKey({ ...idRef, field }, namespace, references, signal);
    if (found.kind !== 'read') return found;
    const text = readText(found.bytes);
    if (text === undefined) return refused('invalidCredentials', field, whyUnreadable(found.bytes));
    clientID = text;
    bound.push({ credential: new Credential(text), allowedHosts: found.allowedHosts, field });
  }
  const field = oauth.clientSecretRef === undefined ? 'auth.oauth.privateKeyRef' : 'auth.oauth.clientSecretRef';
  const found = await readKey({ name: proofRef.name, key: proofRef.key, field }, namespace, references, signal);
  if (found.kind !== 'read') return found;
  const proof = readProof(oauth, found.bytes);
  if (proof === undefined) return refused('invalidCredentials', field, whyUnreadable(found.bytes));
  const value = proof.kind === 'secret' ? proof.secret : Buffer.from(proof.bytes).toString('latin1');
  bound.push({ credential: new Credential(value), allowedHosts: found.allowedHosts, field });
  return {
    kind: 'read',
    client: {
      issuer: oauth.issuer,
      tokenURL: oauth.tokenURL,
      clientID: clientID ?? '',
      proof,
      bound,
      scopes: oauth.scopes ?? [],
      resource: oauth.resourceIndicator === 'Omit' ? undefined : (oauth.resource ?? resourceOf(target)),
    },
  };
}

/**
 * What a token is kept under: everything that the answer to a request for it may depend on, hashed, so that no value of a Secret is a key
 * of a map. `trust` stands for the authorities that the authorization server's certificate is checked with.
 */
export function identifyToken(namespace: string, client: OAuthClient, trust: readonly string[]): string {
  const { proof } = client;
  const parts = [
    namespace,
    client.issuer,
    client.tokenURL ?? null,
    client.clientID,
    proof.kind,
    proof.kind === 'key' ? [proof.declared.alg ?? null, proof.declared.kid ?? null] : [],
    client.bound.map(({ credential, allowedHosts }) => [credential.reveal(), allowedHosts ?? null]),
    client.scopes.toSorted(),
    client.resource ?? null,
    trust,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

/** The server as a resource (MCP authorization, "Canonical Server URI"): no query, and no path that is a slash alone. */
function resourceOf({ shownURL, origin }: Target): string {
  return shownURL === `${origin}/` ? origin : shownURL;
}

type Refused = Extract<OAuthClientRead, { kind: 'refused' }>;

function refused(
  problem: 'credentialsNotFound' | 'invalidCredentials',
  field: CredentialField,
  detail?: CredentialDetail,
): Refused {
  const fact = { kind: 'reference', stage: 'credentials', problem, field, ...(detail === undefined ? {} : { detail }) } as const;
  return { kind: 'refused', fact };
}

type KeyRead =
  | { readonly kind: 'read'; readonly bytes: Uint8Array; readonly allowedHosts: string | undefined }
  | Exclude<OAuthClientRead, { kind: 'read' }>;

async function readKey(
  ref: { readonly name: string; readonly key: string; readonly field: CredentialField },
  namespace: string,
  references: References,
  signal: AbortSignal,
): Promise<KeyRead> {
  const object = await references.readSecret(namespace, ref.name, signal);
  if (object.kind === 'unavailable') return { kind: 'unavailable' };
  const secret: DataObject | undefined = object.kind === 'found' ? object.value : undefined;
  const bytes = secret?.data.get(ref.key);
  if (secret === undefined || bytes === undefined) return refused('credentialsNotFound', ref.field);
  return { kind: 'read', bytes, allowedHosts: secret.annotations[ALLOWED_HOSTS] };
}

function readProof({ privateKeyRef }: OAuth, bytes: Uint8Array): Proof | undefined {
  if (privateKeyRef !== undefined) return { kind: 'key', bytes, declared: { alg: privateKeyRef.alg, kid: privateKeyRef.kid } };
  const secret = readText(bytes);
  return secret === undefined ? undefined : { kind: 'secret', secret };
}

/** Forms are UTF-8 (RFC 6749, appendix B), unlike headers: other bytes would be sent as another secret. */
function readText(bytes: Uint8Array): string | undefined {
  const read = readCredentialText(bytes);
  if (read === undefined) return undefined;
  const utf8 = Buffer.from(read, 'latin1');
  const text = utf8.toString('utf8');
  return isUtf8(utf8) && !/[\x80-\x9f]/.test(text) ? text : undefined;
}

/** Why {@link readText} gives no text for these bytes. */
function whyUnreadable(bytes: Uint8Array): CredentialDetail {
  if (readCredentialText(bytes) === undefined) return whyUnsendable(bytes);
  return isUtf8(bytes) ? 'controlCharacter' : 'encoding';
}
