/**
 * What the eras and lists need of a transport: types only. A transport turns a call into an answer: Streamable HTTP or HTTP+SSE, and neither
 * eras nor lists know which.
 */
import type { JSONObject } from './json-rpc.ts';
import type { FailureFact, McpMethod, Transport } from './outcome.ts';

export interface Call {
  readonly method: McpMethod;
  readonly params: JSONObject;
  /** MCP-Protocol-Version; absent on `initialize`. */
  readonly version?: string;
  /** Modern calls name their method in a header too. */
  readonly era: 'Modern' | 'Legacy';
  readonly session?: string;
  /** Gets the session id of a 2xx answer as soon as its head is there, whatever becomes of the body. */
  onSession?(id: string): void;
}

/** What failed, and what the era detection may conclude from it. */
export interface Trouble {
  readonly fact: FailureFact;
  readonly method?: McpMethod;
  readonly sessionSent: boolean;
  readonly advertised?: boolean;
  readonly discoverRpcCode?: number;
  /** Versions that came with a −32022. */
  readonly supported?: readonly string[];
  /** Whether the body was JSON. */
  readonly jsonBody?: boolean;
}

export type Ended =
  | { readonly kind: 'failed'; readonly trouble: Trouble }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'undecided' };

export type Answer = { readonly kind: 'result'; readonly result: JSONObject } | Ended;

export interface Channel {
  readonly transport: Transport;
  /** Sends a request and waits for its answer. */
  call(call: Call): Promise<Answer>;
  /** Sends a notification; undefined when any 2xx came back. */
  notify(call: Call): Promise<Ended | undefined>;
  /** Ends a session that the server issued. Bounded by a deadline of its own, and no error of it matters. */
  endSession(session: string, version: string | undefined): Promise<void>;
  /** Frees the sockets. Idempotent. */
  close(): void;
}
