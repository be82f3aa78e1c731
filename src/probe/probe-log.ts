/**
 * What the prober tells a log: types only. Nothing here can hold a value of a credential, a header, a body or a URL's query.
 */
import type { FailureFact } from './outcome.ts';

/** One line for each use of a credential (page 9, D9 and A12). The time and the level are the log's own. */
export interface CredentialUse {
  readonly namespace: string;
  readonly name: string;
  readonly probeID: string;
  /** The host it was, or would have been, sent to. */
  readonly host: string;
  /** First 8 hex digits of the SHA-256 of the value. */
  readonly fingerprint: string;
  readonly decision: 'sent' | 'withheld';
  /** Why it was withheld. */
  readonly reason?: 'tokenExpired' | 'notBoundToHost' | 'plaintext' | 'notSendable';
}

/** What happened inside a probe, for debugging. */
export interface ProbeEvent {
  readonly namespace: string;
  readonly name: string;
  readonly probeID: string;
  readonly event: 'attemptFailed' | 'credentialsChanged' | 'unexpected';
  readonly attempt: number;
  readonly fact?: FailureFact;
  /** Of an unexpected error: its class and the places of our own code that it passed, without its message. */
  readonly where?: string;
}

export interface ProbeLog {
  debug(event: ProbeEvent): void;
  audit(use: CredentialUse): void;
}

/** A log that keeps nothing. */
export const silentLog: ProbeLog = { debug() {}, audit() {} };
