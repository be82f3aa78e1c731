/**
 * What the prober offers and what it needs from others: types only, no code.
 */
import type { ReferenceName } from '../api/v1alpha1/messages.ts';
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import type { Stage } from '../api/v1alpha1/status.ts';
import type { Errand } from './lists.ts';
import type { Era, Outcome, Transport } from './outcome.ts';
import type { Verdict } from './verdict.ts';

export interface ProbeRequest {
  readonly namespace: string;
  readonly name: string;
  /** Correlates log lines, status history and events. */
  readonly probeID: string;
  readonly spec: MCPServerSpec;
  /** What an earlier probe detected; tried first and not written in stone (page 3.4). Undefined: detect. */
  readonly remembered?: { readonly transport: Transport; readonly era: Era; readonly protocolVersion: string };
  /** A probe by backoff: a time-out is not tried again inside it (page 3.5). */
  readonly retry: boolean;
  /** Default: read the lists. */
  readonly errand?: Errand;
}

export interface ProbeReport {
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  /** Attempts made; 0 when nothing was sent. */
  readonly attempts: number;
  readonly durationMs: number;
  /** How long each stage of the last attempt took. */
  readonly stageMs: Readonly<Partial<Record<Stage, number>>>;
  /** The Secrets and ConfigMaps that the verdict rests on, each as it was last read. */
  readonly reads?: readonly ReferenceRead[];
  /** What the API server did not let us read; then the outcome is `undecided`. */
  readonly forbidden?: ReferenceName;
  /** Wall time in ms at which the certificate expires that the server showed last; undefined without TLS. */
  readonly certificateExpiresAtMs?: number;
}

/** A Secret or ConfigMap of the object's namespace, as a probe found it. */
export interface ReferenceRead {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  /** Its resourceVersion; undefined when there was no such object. */
  readonly version: string | undefined;
}

export interface Prober {
  /** Visits one server. Never rejects: whatever happens is an outcome. Ends soon after `signal` aborts, as `aborted`. */
  probe(request: ProbeRequest, signal: AbortSignal): Promise<ProbeReport>;
}

/** The answer to a question about a Kubernetes object. */
export type Lookup<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'notFound' }
  /** The API server is away, or does not let us (`forbidden`): nothing is known. */
  | { readonly kind: 'unavailable'; readonly forbidden?: true };

/** Decoded data of a Secret or ConfigMap. */
export interface DataObject {
  readonly data: ReadonlyMap<string, Uint8Array>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly resourceVersion: string;
}

export interface ServicePorts {
  readonly ports: readonly { readonly name?: string; readonly port: number }[];
}

/** Reads what a spec refers to, by name, in the namespace of the object. Never lists. */
export interface References {
  readSecret(namespace: string, name: string, signal: AbortSignal): Promise<Lookup<DataObject>>;
  readConfigMap(namespace: string, name: string, signal: AbortSignal): Promise<Lookup<DataObject>>;
  readService(namespace: string, name: string, signal: AbortSignal): Promise<Lookup<ServicePorts>>;
}
