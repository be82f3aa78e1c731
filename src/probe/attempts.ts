/**
 * The attempts of one probe (pages 3.5 and 3.6): a transient fact of the burst kind is tried again after a short random wait; a refused
 * credential only when reading it again gave another one. Arms no timer when the first attempt succeeds. The last outcome counts.
 */
import { type Random, uniform } from '../platform/random.ts';
import { classifyOutcome } from './classify.ts';
import type { Lifeline } from './lifeline.ts';
import type { Outcome } from './outcome.ts';
import type { Verdict } from './verdict.ts';

/** Waits 250 · 2^(n−1) + U(0, 250) ms before attempt n+1: 0.25–0.5 s, then 0.5–0.75 s; 1.25 s in all with three attempts. */
const BASE_WAIT_MS = 250;
/** Further tries with a changed credential, after 1 s and 2 s (page 9, E2). */
const MAX_RENEWALS = 2;
const RENEWAL_WAIT_MS = 1_000;

export interface AttemptsDeps {
  readonly lifeline: Lifeline;
  readonly random: Random;
  /** One attempt, on a connection of its own. */
  readonly visit: (attempt: number) => Promise<Outcome>;
  /** Reads the credentials again; true when they changed. */
  readonly renew: (attempt: number) => Promise<boolean>;
}

export interface Attempted {
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  readonly attempts: number;
}

/** At most `maxAttempts` (1 … 5) and two renewals. In a retry (`isRetry`) silence is not tried again. */
export async function runAttempts(deps: AttemptsDeps, maxAttempts: number, isRetry: boolean): Promise<Attempted> {
  let renewals = 0;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await deps.visit(attempt);
    const verdict = classifyOutcome(outcome);
    const done: Attempted = { outcome, verdict, attempts: attempt };
    if (verdict.kind !== 'failing') return done;
    let delayMs: number;
    if (isCredentialRefusal(outcome)) {
      if (renewals === MAX_RENEWALS || !(await deps.renew(attempt))) return conclude(done, deps.lifeline);
      delayMs = RENEWAL_WAIT_MS * 2 ** renewals;
      renewals += 1;
    } else {
      const bursts = attempt - renewals;
      const hopeful = verdict.class === 'Transient' && verdict.burst && !(isRetry && verdict.timedOut);
      if (!hopeful || bursts >= maxAttempts) return done;
      delayMs = BASE_WAIT_MS * 2 ** (bursts - 1) + uniform(deps.random, 0, BASE_WAIT_MS);
    }
    if ((await deps.lifeline.wait(delayMs)) !== undefined) return conclude(done, deps.lifeline);
  }
}

/** A probe that was stopped between attempts: aborted, or out of time with its last outcome as the cause. */
function conclude(done: Attempted, lifeline: Lifeline): Attempted {
  if (lifeline.stopped() !== 'aborted') return done;
  return { ...done, outcome: { kind: 'aborted' }, verdict: { kind: 'none', why: 'aborted' } };
}

/** 401, and 403 that says `invalid_token`: the only answers after which a credential is read again. */
function isCredentialRefusal(outcome: Outcome): boolean {
  if (outcome.kind !== 'failed' || outcome.failure.kind !== 'httpStatus' || !outcome.failure.credentialsSent) return false;
  const { httpStatus, challenge } = outcome.failure;
  return httpStatus === 401 || (httpStatus === 403 && challenge?.error === 'invalid_token');
}
