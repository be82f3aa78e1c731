/**
 * The judgement on an outcome: the type only. `classify.ts` makes verdicts, `reconcile/next-status.ts` turns them into a status.
 */
import type { Detail } from '../api/v1alpha1/credential-details.ts';
import type { CredentialField } from '../api/v1alpha1/credential-field.ts';
import type { Reason } from '../api/v1alpha1/reasons.ts';
import type { FailureClass, Stage } from '../api/v1alpha1/status.ts';
import type { Finding } from './outcome.ts';

export interface FailureVerdict {
  readonly kind: 'failing';
  readonly class: FailureClass;
  readonly reason: Reason;
  /** The row of page 4 that decided; 0 for `InvalidSpec`, which is about our own parser and not on the page. */
  readonly row: number;
  readonly stage: Stage;
  readonly httpStatus?: number;
  readonly rpcCode?: number;
  /** What exactly is wrong with a credential, or what an authorization server refused or got wrong. */
  readonly detail?: Detail;
  /** Which reference of the spec is missing, broken or may not be used. */
  readonly field?: CredentialField;
  /** A Node error code from a known list. */
  readonly errorCode?: string;
  /** May be tried again inside the same probe (page 3.5). */
  readonly burst: boolean;
  /** Permanent, but may settle by itself within the progress deadline (page 2). */
  readonly settles: boolean;
  /** The last failure was silence: the server's retries take a place of the three-of-five rule (page 5.3). */
  readonly timedOut: boolean;
  /** A floor under the next backoff, from `Retry-After`; 1,000 … 3,600,000. */
  readonly retryAfterMs?: number;
}

export type Verdict =
  | { readonly kind: 'available'; readonly finding: Finding }
  | FailureVerdict
  /** Nothing may be concluded and nothing is written. */
  | { readonly kind: 'none'; readonly why: 'aborted' | 'undecided' };
