/**
 * What `spec.tls` asks for, read and checked (page 2): a CA bundle beside or instead of the system's roots, a client certificate, a
 * server name. Objects are read by name in the object's namespace. Verification is skipped only where the administrator allows it.
 */
import { X509Certificate } from 'node:crypto';
import type { CredentialDetail } from '../api/v1alpha1/credential-details.ts';
import type { CredentialField } from '../api/v1alpha1/credential-field.ts';
import { ALLOWED_HOSTS } from '../api/v1alpha1/group.ts';
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import { isBoundToHost } from './credential.ts';
import type { EgressPolicy } from './egress-policy.ts';
import type { FailureFact } from './outcome.ts';
import type { References } from './ports.ts';
import type { CredentialUse } from './probe-log.ts';
import { openSecureContext, type TLSSettings } from './secure-context.ts';
import type { Target } from './target.ts';

export type TLSRead =
  /** `fingerprint`: of the client certificate, where there is one. */
  | { readonly kind: 'read'; readonly settings: TLSSettings; readonly fingerprint?: string }
  | { readonly kind: 'refused'; readonly fact: FailureFact }
  /** The API server could not be asked. */
  | { readonly kind: 'unavailable' };

interface TLSDeps {
  readonly references: References;
  readonly policy: EgressPolicy;
  /** Told of a client certificate that is withheld; that one was shown is known later. */
  readonly audit: (use: Pick<CredentialUse, 'host' | 'fingerprint' | 'decision' | 'reason'>) => void;
}

/** Reads and checks the declared TLS settings. Over plain http they are checked for existence all the same. */
export async function readTLSSettings(
  tls: MCPServerSpec['tls'],
  namespace: string,
  target: Target,
  deps: TLSDeps,
  signal: AbortSignal,
): Promise<TLSRead> {
  if (tls.insecureSkipVerify && !deps.policy.allowInsecureSkipVerify) return refuse({ kind: 'forbidden', stage: 'policy' });
  const bundle = await readBundle(tls, namespace, deps.references, signal);
  if (bundle.kind !== 'read') return bundle;
  const identity = await readIdentity(tls, namespace, target, deps, signal);
  if (identity.kind !== 'read') return identity;
  return {
    kind: 'read',
    settings: {
      ...bundle.settings,
      ...identity.settings,
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
      rejectUnauthorized: !tls.insecureSkipVerify,
    },
    ...(identity.fingerprint === undefined ? {} : { fingerprint: identity.fingerprint }),
  };
}

const NOTHING: TLSRead = { kind: 'read', settings: {} };

function refuse(fact: FailureFact): TLSRead {
  return { kind: 'refused', fact };
}

function unusable(
  field: Extract<CredentialField, `tls.${string}`>,
  problem: 'caBundleNotFound' | 'credentialsNotFound' | 'invalidCredentials' | 'notBoundToHost',
  detail?: CredentialDetail,
): TLSRead {
  const stage = problem === 'caBundleNotFound' ? 'tls' : 'credentials';
  return refuse({ kind: 'reference', stage, problem, field, ...(detail === undefined ? {} : { detail }) });
}

/** The bundle counts beside the system's roots, or alone. Without one, `systemRoots: false` trusts nobody, which the spec asked for. */
async function readBundle(
  { caBundleRef, systemRoots }: MCPServerSpec['tls'],
  namespace: string,
  references: References,
  signal: AbortSignal,
): Promise<TLSRead> {
  const ref = caBundleRef?.configMapKeyRef ?? caBundleRef?.secretKeyRef;
  if (ref === undefined) return { kind: 'read', settings: { systemRoots } };
  const object =
    caBundleRef?.configMapKeyRef === undefined
      ? await references.readSecret(namespace, ref.name, signal)
      : await references.readConfigMap(namespace, ref.name, signal);
  if (object.kind === 'unavailable') return { kind: 'unavailable' };
  const bytes = object.kind === 'found' ? object.value.data.get(ref.key) : undefined;
  if (bytes === undefined) return unusable('tls.caBundleRef', 'caBundleNotFound');
  const pem = splitPEM(Buffer.from(bytes).toString('latin1'));
  if (pem === undefined) return unusable('tls.caBundleRef', 'invalidCredentials', 'caBundle');
  return { kind: 'read', settings: { ca: pem, systemRoots } };
}

/** A `kubernetes.io/tls` Secret. Its key proves an identity, so the Secret's host binding holds for it too. */
async function readIdentity(
  { clientCertificateRef }: MCPServerSpec['tls'],
  namespace: string,
  target: Target,
  { references, policy, audit }: TLSDeps,
  signal: AbortSignal,
): Promise<TLSRead> {
  if (clientCertificateRef === undefined) return NOTHING;
  const object = await references.readSecret(namespace, clientCertificateRef.name, signal);
  if (object.kind === 'unavailable') return { kind: 'unavailable' };
  const cert = object.kind === 'found' ? object.value.data.get('tls.crt') : undefined;
  const key = object.kind === 'found' ? object.value.data.get('tls.key') : undefined;
  if (object.kind === 'notFound' || cert === undefined || key === undefined) {
    return unusable('tls.clientCertificateRef', 'credentialsNotFound');
  }
  const allowedHosts = object.value.annotations[ALLOWED_HOSTS];
  const bound = allowedHosts === undefined ? !policy.requireSecretHostBinding : isBoundToHost(allowedHosts, target.host);
  const fingerprint = fingerprintOf(cert);
  if (!bound) {
    if (fingerprint !== undefined) audit({ host: target.host, fingerprint, decision: 'withheld', reason: 'notBoundToHost' });
    return unusable('tls.clientCertificateRef', 'notBoundToHost');
  }
  const settings = { cert: Buffer.from(cert), key: Buffer.from(key) };
  try {
    openSecureContext(settings);
  } catch {
    return unusable('tls.clientCertificateRef', 'invalidCredentials', 'clientCertificate');
  }
  return { kind: 'read', settings, ...(fingerprint === undefined ? {} : { fingerprint }) };
}

/** The first 8 hex digits of the certificate's own SHA-256 fingerprint, which every tool shows; undefined when it is none. */
function fingerprintOf(cert: Uint8Array): string | undefined {
  try {
    return new X509Certificate(cert).fingerprint256.replaceAll(':', '').slice(0, 8).toLowerCase();
  } catch {
    return undefined;
  }
}

/** A bundle has at most 1 MiB (the bound of an object in Kubernetes), about 600 certificates. */
function splitPEM(text: string): string[] | undefined {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const pem of found) new X509Certificate(pem);
  } catch {
    return undefined;
  }
  return found.length === 0 ? undefined : found;
}
