/**
 * The headers that a spec declares, read at probe time by name from Secrets and ConfigMaps of the object's namespace. It decides whether
 * a credential may go to the target at all: host binding, expiry, plain http (pages 3.6 and 3.8). What it refuses is never replaced by
 * an anonymous probe.
 */

import type { CredentialDetail } from '../api/v1alpha1/credential-details.ts';
import type { CredentialField } from '../api/v1alpha1/credential-field.ts';
import { ALLOWED_HOSTS } from '../api/v1alpha1/group.ts';
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import { Credential, isBoundToHost, readCredentialText, readExpiryMs, whyUnsendable } from './credential.ts';
import type { EgressPolicy } from './egress-policy.ts';
import type { FailureFact } from './outcome.ts';
import type { DataObject, Lookup, References } from './ports.ts';
import type { CredentialUse } from './probe-log.ts';
import { type Target, takesCredentials } from './target.ts';

/** What a probe sends beside the protocol's own headers. */
export interface Credentials {
  /** Names and values in turn, as `http.request` takes them. */
  readonly headers: readonly string[];
  /** Values from Secrets, and a token. Empty: nothing secret is sent. */
  readonly secrets: readonly Credential[];
  /** Values that the server does not get, and that no text of its may show: those of an OAuth client. */
  readonly hidden?: readonly Credential[];
  /** The OAuth token among `secrets`, and what the cache keeps it under. */
  readonly token?: { readonly key: string; readonly value: Credential };
  /** When a JWT among them expires, in wall ms. */
  readonly expiresAtMs?: number;
}

export type CredentialsRead =
  | { readonly kind: 'read'; readonly credentials: Credentials }
  | { readonly kind: 'refused'; readonly fact: FailureFact }
  /** The API server could not be asked. */
  | { readonly kind: 'unavailable' };

export interface CredentialsDeps {
  readonly references: References;
  readonly policy: EgressPolicy;
  readonly wallMs: () => number;
  /** Told of each value that is withheld; that one was sent is known later. */
  readonly audit: (use: Pick<CredentialUse, 'fingerprint' | 'decision' | 'reason'>) => void;
}

/** One declared header before its value is known. */
interface Wanted {
  readonly header: string;
  readonly prefix: string;
  readonly literal?: string;
  readonly ref?: {
    readonly from: 'Secret' | 'ConfigMap';
    readonly name: string;
    readonly key: string;
    readonly field: CredentialField;
  };
}

/** Whether a spec declares credentials: `auth`, or a header taken from a Secret. */
export function declaresCredentials(spec: MCPServerSpec): boolean {
  return spec.auth.type !== 'None' || (spec.headers ?? []).some((header) => header.valueFrom?.secretKeyRef !== undefined);
}

/** Reads all that `spec` declares, for `target`. Objects are read once each, even when several headers name them. */
export async function readCredentials(
  spec: MCPServerSpec,
  namespace: string,
  target: Target,
  deps: CredentialsDeps,
  signal: AbortSignal,
): Promise<CredentialsRead> {
  const wanted = wantedHeaders(spec);
  if (wanted.length === 0) return { kind: 'read', credentials: NOTHING };
  const objects = new Map<string, Lookup<DataObject>>();
  const headers: string[] = [];
  const secrets: Credential[] = [];
  let expiresAtMs: number | undefined;
  for (const want of wanted) {
    if (want.ref === undefined) {
      headers.push(want.header, want.literal ?? '');
      continue;
    }
    const id = `${want.ref.from}/${want.ref.name}`;
    const object = objects.get(id) ?? (await readObject(want.ref, namespace, deps.references, signal));
    objects.set(id, object);
    if (object.kind === 'unavailable') return { kind: 'unavailable' };
    const bytes = object.kind === 'found' ? object.value.data.get(want.ref.key) : undefined;
    if (object.kind === 'notFound' || bytes === undefined) return refused('credentialsNotFound', want.ref.field);
    const text = readCredentialText(bytes);
    if (text === undefined) return refused('invalidCredentials', want.ref.field, whyUnsendable(bytes));
    if (want.ref.from === 'ConfigMap') {
      headers.push(want.header, text);
      continue;
    }
    const credential = new Credential(text, want.prefix + text);
    const token = bearerToken(want, text);
    const expiry = token === undefined ? undefined : readExpiryMs(token);
    const withheld = judgeUse(object.value, target, deps, expiry);
    if (withheld !== undefined) deps.audit({ fingerprint: credential.fingerprint(), decision: 'withheld', reason: withheld });
    if (withheld === 'plaintext') return { kind: 'refused', fact: { kind: 'forbidden', stage: 'policy' } };
    if (withheld !== undefined) return refused(withheld, want.ref.field);
    headers.push(want.header, credential.revealHeader());
    secrets.push(credential);
    if (expiry !== undefined) expiresAtMs = Math.min(expiresAtMs ?? expiry, expiry);
  }
  return { kind: 'read', credentials: { headers, secrets, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) } };
}

/** Whether two readings would send the same. */
export function sameCredentials(a: Credentials, b: Credentials): boolean {
  return a.headers.length === b.headers.length && a.headers.every((text, index) => text === b.headers[index]);
}

const NOTHING: Credentials = { headers: [], secrets: [] };

function refused(
  problem: 'credentialsNotFound' | 'invalidCredentials' | 'notBoundToHost' | 'tokenExpired',
  field: CredentialField,
  detail?: CredentialDetail,
): CredentialsRead {
  const fact = { kind: 'reference', stage: 'credentials', problem, field, ...(detail === undefined ? {} : { detail }) } as const;
  return { kind: 'refused', fact };
}

function readObject(ref: NonNullable<Wanted['ref']>, namespace: string, references: References, signal: AbortSignal) {
  return ref.from === 'Secret'
    ? references.readSecret(namespace, ref.name, signal)
    : references.readConfigMap(namespace, ref.name, signal);
}

/** At most 32 headers (the schema's bound) and one from `auth`, which wins over a header of the same name. */
function wantedHeaders(spec: MCPServerSpec): Wanted[] {
  const wanted: Wanted[] = [];
  const { auth } = spec;
  if (auth.type === 'Bearer' && auth.bearer !== undefined) {
    const field = 'auth.bearer.secretKeyRef';
    wanted.push({ header: 'Authorization', prefix: 'Bearer ', ref: { from: 'Secret', field, ...auth.bearer.secretKeyRef } });
  }
  if (auth.type === 'APIKey' && auth.apiKey !== undefined) {
    const field = 'auth.apiKey.secretKeyRef';
    wanted.push({ header: auth.apiKey.header, prefix: '', ref: { from: 'Secret', field, ...auth.apiKey.secretKeyRef } });
  }
  const fromAuth = auth.type === 'OAuthClientCredentials' ? 'authorization' : wanted[0]?.header.toLowerCase();
  for (const [index, { name, value, valueFrom }] of (spec.headers ?? []).entries()) {
    if (name.toLowerCase() === fromAuth) continue;
    const field: CredentialField = `headers[${index}].valueFrom`;
    const secret = valueFrom?.secretKeyRef;
    const configMap = valueFrom?.configMapKeyRef;
    if (secret !== undefined) wanted.push({ header: name, prefix: '', ref: { from: 'Secret', field, ...secret } });
    else if (configMap !== undefined) wanted.push({ header: name, prefix: '', ref: { from: 'ConfigMap', field, ...configMap } });
    else wanted.push({ header: name, prefix: '', literal: value ?? '' });
  }
  return wanted;
}

function bearerToken(want: Wanted, text: string): string | undefined {
  if (want.prefix !== '') return text;
  return want.header.toLowerCase() === 'authorization' ? /^bearer +(.+)$/i.exec(text)?.[1] : undefined;
}

function judgeUse(
  secret: DataObject,
  target: Target,
  deps: CredentialsDeps,
  expiryMs: number | undefined,
): 'tokenExpired' | 'notBoundToHost' | 'plaintext' | undefined {
  const allowedHosts = secret.annotations[ALLOWED_HOSTS];
  const bound = allowedHosts === undefined ? !deps.policy.requireSecretHostBinding : isBoundToHost(allowedHosts, target.host);
  if (!bound) return 'notBoundToHost';
  if (!takesCredentials(target, deps.policy)) return 'plaintext';
  if (expiryMs !== undefined && expiryMs <= deps.wallMs()) return 'tokenExpired';
  return undefined;
}
