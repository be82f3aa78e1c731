/**
 * Which Secrets and ConfigMaps a verdict hangs on: those that a spec refers to, in the namespace of the object. Pure. It names them and
 * says when to follow them; it reads nothing and holds no value.
 */
import type { ParsedSpec } from '../api/v1alpha1/mcpserver.ts';
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import type { MCPServerStatus } from '../api/v1alpha1/status.ts';
import type { ReferenceRead } from '../probe/ports.ts';

/** One Secret or ConfigMap, by name. */
export type Reference = Pick<ReferenceRead, 'kind' | 'name'>;

/** A reference to be followed from what is known of it. */
export interface Followed extends Reference {
  /** What a probe read: a resourceVersion, or that there is no such object. Undefined: no probe of this process read it. */
  readonly seen: { readonly version: string | undefined } | undefined;
}

type KeySource = NonNullable<MCPServerSpec['tls']['caBundleRef']>;

/**
 * Every Secret and ConfigMap of `spec`, each once. At most 37: 32 headers (MAX_HEADERS), up to 3 of `auth` (client identifier, client
 * secret or key), CA bundle and client certificate.
 */
export function referencesOf({ auth, headers = [], tls }: MCPServerSpec): Reference[] {
  const found = new Map<string, Reference>();
  const add = (kind: Reference['kind'], ref: { readonly name: string } | undefined) => {
    if (ref !== undefined) found.set(`${kind}/${ref.name}`, { kind, name: ref.name });
  };
  const addSource = (source: KeySource | undefined) => {
    add('Secret', source?.secretKeyRef);
    add('ConfigMap', source?.configMapKeyRef);
  };
  add('Secret', auth.bearer?.secretKeyRef);
  add('Secret', auth.apiKey?.secretKeyRef);
  add('Secret', auth.oauth?.clientIDFrom?.secretKeyRef);
  add('Secret', auth.oauth?.clientSecretRef);
  add('Secret', auth.oauth?.privateKeyRef);
  for (const { valueFrom } of headers) addSource(valueFrom);
  addSource(tls.caBundleRef);
  add('Secret', tls.clientCertificateRef);
  return [...found.values()];
}

/** Permanent reasons that a Secret or ConfigMap can mend: it is missing, it holds no credential, or its authorities are too few. */
const MENDED_BY_REFERENCE: ReadonlySet<string> = new Set([
  'CredentialsNotFound',
  'CABundleNotFound',
  'InvalidCredentials',
  'TLSCertificateInvalid',
]);

/**
 * What to follow of an object that stands like this, each reference with what the last probe read of it; nothing where no Secret or
 * ConfigMap could change the verdict (page 3.6). A server that is available sees a change at its next probe.
 */
export function referencesToFollow(
  { spec, status }: { readonly spec: ParsedSpec; readonly status: MCPServerStatus },
  reads: readonly ReferenceRead[] = [],
): Followed[] {
  if (spec.kind === 'invalid' || !hangsOnReferences(status)) return [];
  return referencesOf(spec.value).map(({ kind, name }) => ({
    kind,
    name,
    seen: reads.find((read) => read.kind === kind && read.name === name),
  }));
}

function hangsOnReferences({ state, failure }: MCPServerStatus): boolean {
  return state === 'Denied' || (state === 'Permanent' && MENDED_BY_REFERENCE.has(failure?.reason ?? ''));
}
