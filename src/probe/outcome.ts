/**
 * What a probe found: structured facts and no judgement. No text that a server chose is part of a failure: where page 4 lets a text
 * decide, the prober compares it with a short exact list at once and keeps only the mark. `classify.ts` turns facts into a verdict.
 */
import type { AuthorizationDetail } from '../api/v1alpha1/authorization-details.ts';
import type { CredentialDetail } from '../api/v1alpha1/credential-details.ts';
import type { CredentialField } from '../api/v1alpha1/credential-field.ts';
import type { Stage } from '../api/v1alpha1/status.ts';

export type Era = 'Modern' | 'Legacy';
export type Transport = 'StreamableHTTP' | 'SSE';

export type McpMethod =
  | 'server/discover'
  | 'initialize'
  | 'notifications/initialized'
  | 'tools/list'
  | 'resources/list'
  | 'resources/templates/list'
  | 'prompts/list'
  | 'tools/call'
  | 'resources/read';

/** One item of a list: its name (sanitized) and the full SHA-256 of its definition in hex. */
export interface SnapshotItem {
  readonly name: string;
  readonly digest: string;
}

/** One list over all pages. `items` is sorted by name, then digest; at most 10,000. */
export interface SnapshotList {
  readonly items: readonly SnapshotItem[];
  /** Malformed items, counted and left out. */
  readonly invalid: number;
  /** `sha256:` and 64 hex digits, independent of order. */
  readonly digest: string;
}

/** What an available server offered. A list that was not advertised is absent, which is not the same as empty. */
export interface Snapshot {
  readonly digest: string;
  readonly features: readonly string[];
  readonly tools?: SnapshotList;
  readonly resources?: SnapshotList;
  readonly resourceTemplates?: SnapshotList;
  readonly prompts?: SnapshotList;
}

/** What a successful probe learned. All texts are sanitized and clamped. */
export interface Finding {
  readonly url: string;
  readonly transport: Transport;
  readonly era: Era;
  readonly protocolVersion: string;
  /** True when era and transport were detected by this probe instead of being remembered. */
  readonly negotiated: boolean;
  readonly server: { readonly name: string; readonly version: string; readonly title?: string };
  readonly snapshot: Snapshot;
  /** Names of `expect.tools` that no offered tool has, compared before anything is removed or redacted from what the server offers. */
  readonly missingTools: readonly string[];
  /** Wall time in ms at which a declared JWT expires, where one was sent. */
  readonly credentialExpiresAtMs?: number;
}

/** The texts that may decide (page 4, rows 27–30, 36, 50), after trimming. `none` when nothing matched. */
export type TextMark =
  | 'none'
  | 'upstreamCallTimeout'
  | 'authorizationServiceUnavailable'
  | 'externalAuthorizationFailed'
  | 'hostGuard'
  | 'sessionNotFound'
  | 'credentials';

/** A parsed `WWW-Authenticate` (RFC 9110, 11.6.1), reduced to the parts that decide. */
export interface Challenge {
  readonly bearer: boolean;
  readonly error?: 'invalid_token' | 'insufficient_scope' | 'invalid_request' | 'other';
}

/** A JSON-RPC error object, reduced to the parts that decide. */
export interface RpcError {
  /** Undefined when the code is no int32 (page 4: row 44 without rpcCode). */
  readonly rpcCode?: number;
  /** 401 or 403 when `data`, `data.status`, `data.statusCode` or `data.code` is that number. */
  readonly dataStatus?: 401 | 403;
  readonly mark: TextMark;
}

/** What was under way and what had been sent when it failed. */
export interface FailureContext {
  /** The request that failed; undefined before the first one. */
  readonly method?: McpMethod;
  /** Whether the spec declares credentials: `auth`, or a header taken from a Secret. */
  readonly credentialsDeclared: boolean;
  readonly credentialsSent: boolean;
  /** Whether the request bore a session id that the server had issued to this probe. */
  readonly sessionSent: boolean;
  /** Whether the failed list belongs to a capability that the server advertised. */
  readonly advertised?: boolean;
  /** The JSON-RPC code that `server/discover` was refused with before the fall-back to `initialize` failed too. */
  readonly discoverRpcCode?: number;
}

/** The fact itself. `stage` says where, the other fields what; never a text of the peer. */
export type FailureFact =
  /** A resolver, socket, TLS or HTTP parser error with its Node code (`ECONNREFUSED`, `CERT_HAS_EXPIRED`, `HPE_INVALID_CONSTANT`). */
  | {
      readonly kind: 'network';
      readonly stage: 'resolve' | 'connect' | 'tls' | 'http';
      readonly errorCode: string;
      /** The alert that the peer sent about us (RFC 8446, section 6), where one was seen. */
      readonly tlsAlert?: number;
    }
  /** A deadline of ours. `request` is `timeoutSeconds`, `probe` is `deadlineSeconds`. */
  | {
      readonly kind: 'deadline';
      readonly stage: 'resolve' | 'connect' | 'tls' | 'http' | 'payload';
      readonly scope: 'request' | 'probe';
    }
  /** An HTTP status that is not a usable answer. */
  | {
      readonly kind: 'httpStatus';
      readonly stage: 'http';
      readonly httpStatus: number;
      readonly challenge?: Challenge;
      readonly mark: TextMark;
      /** The JSON-RPC error in the body, where there was one. */
      readonly rpc?: RpcError;
      /** From `Retry-After`, in ms, clamped to 1 s … 1 h. */
      readonly retryAfterMs?: number;
    }
  /** A 3xx that was not followed (page 3.8.1). */
  | {
      readonly kind: 'redirect';
      readonly stage: 'http';
      readonly httpStatus: number;
      readonly why: 'otherOrigin' | 'downgrade' | 'loop' | 'tooMany' | 'noLocation' | 'method';
    }
  /** A 2xx whose body is no answer. */
  | {
      readonly kind: 'payload';
      readonly stage: 'payload';
      readonly problem:
        | 'html'
        | 'empty'
        | 'noContent'
        | 'notJSON'
        | 'notJSONRPC'
        | 'truncated'
        | 'brokenStream'
        | 'streamEnded'
        | 'contentEncoding'
        | 'otherID'
        | 'schema'
        | 'foreignEndpoint'
        | 'paginationLoop'
        | 'inputRequired';
      readonly httpStatus: number;
    }
  /** A bound of page 3.7 was reached. */
  | {
      readonly kind: 'limit';
      readonly stage: 'http' | 'payload';
      readonly limit: 'headers' | 'body' | 'event' | 'events' | 'depth' | 'values' | 'cursor' | 'pages' | 'items' | 'probe';
    }
  /** A JSON-RPC error in a 2xx answer. */
  | { readonly kind: 'rpcError'; readonly stage: 'rpc'; readonly rpc: RpcError }
  /** The server answered, and no version is common to both sides. */
  | { readonly kind: 'noCommonVersion'; readonly stage: 'rpc' }
  /** Our own session was not known any more, twice (page 3.2). */
  | { readonly kind: 'sessionLost'; readonly stage: 'session' }
  /** Something that the spec refers to is not there, or not usable; nothing was sent. */
  | {
      readonly kind: 'reference';
      readonly stage: 'resolve' | 'credentials' | 'tls';
      readonly problem:
        | 'serviceNotFound'
        | 'credentialsNotFound'
        | 'caBundleNotFound'
        | 'invalidCredentials'
        | 'notBoundToHost'
        | 'tokenExpired';
      /** Which reference it is; undefined for a Service. */
      readonly field?: CredentialField;
      /** What is wrong with it, of `invalidCredentials`. */
      readonly detail?: CredentialDetail;
    }
  /** The authorization server's part (page 4, rows 24, 58–60). */
  | {
      readonly kind: 'authorizationServer';
      readonly stage: 'credentials';
      readonly problem: 'interactiveOnly' | 'tokenRequestRejected' | 'unavailable' | 'misconfigured';
      readonly detail?: AuthorizationDetail;
      readonly httpStatus?: number;
      /** Why it could not be reached or understood, with Node's code. */
      readonly errorCode?: string;
      /** It was silent until our deadline. */
      readonly timedOut?: true;
      readonly retryAfterMs?: number;
    }
  /** Refused by our own policy; no packet was sent. */
  | { readonly kind: 'forbidden'; readonly stage: 'policy' }
  /** A spec that this version can not probe or parse. */
  | { readonly kind: 'invalidSpec'; readonly stage: 'policy' }
  /** Nothing above names it: a bug of ours or a new fact. */
  | { readonly kind: 'unexpected'; readonly stage: Stage; readonly errorCode?: string };

export type Failure = FailureContext & FailureFact;

export type Outcome =
  | { readonly kind: 'succeeded'; readonly finding: Finding }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** Our own shutdown, lost leadership, a deletion or a newer generation: no verdict (page 4, row 61). */
  | { readonly kind: 'aborted' }
  /**
   * Nothing was learned about the MCP server: the API server could not be asked for a Secret, ConfigMap or Service, or this process ran
   * out of descriptors or memory.
   */
  | { readonly kind: 'undecided' };
