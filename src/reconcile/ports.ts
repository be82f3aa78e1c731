/**
 * What the reconciler needs from the rest of the world: types only, no code. Implementations live in `kube/`, `probe/` and `telemetry/`.
 */
import type { ObjectMeta, RawMCPServer } from '../api/v1alpha1/mcpserver.ts';
import type { ReferenceName } from '../api/v1alpha1/messages.ts';
import type { MCPServerStatus, State } from '../api/v1alpha1/status.ts';
import type { Lookup, ProbeReport, ProbeRequest } from '../probe/ports.ts';

/** The objects as the watch last showed them. */
export interface ObjectStore {
  get(key: string): RawMCPServer | undefined;
  /** Whether version `a` of an object is later than version `b`; yes when that can not be told. */
  isNewer(a: string, b: string): boolean;
}

/** Exactly this version of exactly this object; a status is never written to any other. */
export interface WriteTarget {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export type WriteResult =
  | { readonly kind: 'written'; readonly resourceVersion: string }
  /** 409: resourceVersion or uid is not current. Read again, decide again. */
  | { readonly kind: 'conflict' }
  /** 404: the object is gone. A write never re-creates it. */
  | { readonly kind: 'gone' }
  /** 400, 403, 413, 422 …: the same write will be refused again. */
  | { readonly kind: 'rejected'; readonly httpStatus: number }
  /** No answer, 429, 5xx or our deadline: nothing is known about the write. */
  | { readonly kind: 'unavailable'; readonly retryAfterMs?: number };

export interface StatusWriter {
  writeStatus(target: WriteTarget, status: MCPServerStatus, signal: AbortSignal): Promise<WriteResult>;
}

export interface ObjectReader {
  readObject(namespace: string, name: string, signal: AbortSignal): Promise<Lookup<RawMCPServer>>;
}

/** One change of state, told to the log. */
export interface TransitionNotice {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly reconcileID?: string;
  readonly probeID?: string;
  readonly from: State;
  readonly to: State;
  readonly reason: string;
}

/** Reasons of Kubernetes events (page 5.7). */
export type EventReason =
  | 'Available'
  | 'Recovered'
  | 'TransientFailure'
  | 'PermanentFailure'
  | 'Denied'
  | 'CapabilitiesChanged'
  | 'ToolsMissing'
  | 'DigestMismatch'
  | 'CredentialsExpiring'
  | 'CredentialsForbidden';

/** What an event tells. */
export interface EventNotice {
  readonly type: 'Normal' | 'Warning';
  readonly reason: EventReason;
  /** `Probe`: a probe found it out. `Judge`: it follows from the spec or the time, without a probe. */
  readonly action: 'Probe' | 'Judge';
  /** At most 1,024 bytes of our own words: a message of page 2. */
  readonly note: string;
  readonly probeID?: string;
}

/** Tells events. It neither throws nor waits, and what it drops is lost: nothing may depend on an event. */
export interface EventRecorder {
  /** About exactly this version of an object. */
  record(object: WriteTarget, notice: EventNotice): void;
}

/** Hears what happened. It must neither throw nor wait. */
export interface ReconcileObserver {
  /** A run ended; `requeue_after` when it said when to come back. */
  reconciled(result: 'success' | 'requeue_after', durationMs: number): void;
  /** A run threw, which is a fault of ours; the key is tried again with backoff. */
  crashed(key: string, error: unknown): void;
  /** A probe ended, with or without a verdict. */
  probed(request: ProbeRequest, cause: ProbeCause, report: ProbeReport, reconcileID?: string): void;
  /** What the spec refers to can not be read for lack of a right; told once, until it can be read or the spec is another one. */
  forbidden(metadata: ObjectMeta, reference: ReferenceName): void;
  /** How an object stands: when this process first sees it, and after each verdict, written or not worth a write. */
  stands(metadata: ObjectMeta, status: MCPServerStatus): void;
  /** A written status has another state than the one before. */
  transition(notice: TransitionNotice): void;
  /** A write failed; it is tried again after `retryInMs`. */
  writeFailed(metadata: ObjectMeta, result: WriteResult, retryInMs: number): void;
  /** The object is gone: everything that is kept about it must go too. */
  forgotten(key: string): void;
}

/** Asks whether a Secret or ConfigMap is still what it was, without its data. */
export interface ReferenceVersions {
  /** Its resourceVersion. One GET of its metadata, never repeated; never rejects, and ends soon after `signal` aborts. */
  readVersion(kind: 'Secret' | 'ConfigMap', namespace: string, name: string, signal: AbortSignal): Promise<Lookup<string>>;
}

/**
 * Why a server is probed. `edit`: a new object, a new generation, a probe request or a changed credential. `retry`: a failed server by
 * backoff or re-check. `refresh`: a healthy server whose period is over.
 */
export type ProbeCause = 'edit' | 'retry' | 'refresh';
