/**
 * What went wrong between us and an authorization server, as facts of page 4, rows 24 and 58–60. Pure. Codes of OAuth are compared with a
 * fixed list and then forgotten; no text of the authorization server goes any further.
 */
import type { AuthorizationDetail } from '../api/v1alpha1/authorization-details.ts';
import { classifyOutcome } from './classify.ts';
import type { FailureFact } from './outcome.ts';

/** A fact about an authorization server. */
export type AuthorizationFact = Extract<FailureFact, { kind: 'authorizationServer' }>;

/** Row 60. */
export function misconfigured(detail: AuthorizationDetail, httpStatus?: number): AuthorizationFact {
  return authorizationFact('misconfigured', { detail, ...(httpStatus === undefined ? {} : { httpStatus }) });
}

/** Row 24: nothing but grants that need a person. */
export const INTERACTIVE_ONLY: AuthorizationFact = authorizationFact('interactiveOnly', {});

/** Codes of RFC 6749 (5.2), RFC 8707 (2) and, for clients that are refused by policy, of well-known servers. */
const ERRORS: Readonly<Record<string, readonly [AuthorizationFact['problem'], AuthorizationDetail?]>> = {
  invalid_client: ['tokenRequestRejected', 'invalidClient'],
  unauthorized_client: ['tokenRequestRejected', 'unauthorizedClient'],
  invalid_grant: ['tokenRequestRejected', 'invalidGrant'],
  invalid_scope: ['tokenRequestRejected', 'invalidScope'],
  invalid_target: ['tokenRequestRejected', 'invalidTarget'],
  access_denied: ['tokenRequestRejected'],
  interaction_required: ['interactiveOnly'],
  unsupported_grant_type: ['misconfigured', 'unsupportedGrant'],
  invalid_request: ['misconfigured', 'invalidRequest'],
  server_error: ['unavailable'],
  temporarily_unavailable: ['unavailable'],
};

/**
 * What an answer that is no success says; `error` is the code in its JSON body. The status ranks above the body where it says that the
 * server is overloaded or broken, since such bodies are often a gateway's.
 */
export function factOfRefusal(httpStatus: number, error: unknown, retryAfterMs: number | undefined): AuthorizationFact {
  if (httpStatus === 408 || httpStatus === 425 || httpStatus === 429 || (httpStatus >= 500 && httpStatus <= 599)) {
    return authorizationFact('unavailable', { httpStatus, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
  }
  const known = typeof error === 'string' && Object.hasOwn(ERRORS, error) ? ERRORS[error] : undefined;
  if (known !== undefined) {
    const [problem, detail] = known;
    return authorizationFact(problem, { httpStatus, ...(detail === undefined ? {} : { detail }) });
  }
  if (httpStatus >= 300 && httpStatus <= 399) return misconfigured('redirect', httpStatus);
  if (httpStatus === 401 || httpStatus === 403) return authorizationFact('tokenRequestRejected', { httpStatus });
  return authorizationFact('misconfigured', { httpStatus });
}

/**
 * A failed exchange with an authorization server: what might heal by itself is row 59, the rest (its certificate, its limits, what is no
 * HTTP) row 60. A destination that our policy refuses stays row 57.
 */
export function factOfTrouble(fact: FailureFact): FailureFact {
  if (fact.kind === 'forbidden' || fact.kind === 'unexpected') return fact;
  const failure = { credentialsDeclared: true, credentialsSent: false, sessionSent: false, ...fact };
  const verdict = classifyOutcome({ kind: 'failed', failure });
  const heals = verdict.kind === 'failing' && verdict.class === 'Transient';
  return authorizationFact(heals ? 'unavailable' : 'misconfigured', {
    ...(fact.kind === 'network' ? { errorCode: fact.errorCode } : {}),
    ...(fact.kind === 'deadline' ? { timedOut: true } : {}),
  });
}

function authorizationFact(
  problem: AuthorizationFact['problem'],
  more: Omit<AuthorizationFact, 'kind' | 'stage' | 'problem'>,
): AuthorizationFact {
  return { kind: 'authorizationServer', stage: 'credentials', problem, ...more };
}
