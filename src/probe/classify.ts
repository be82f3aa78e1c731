/**
 * From a fact to a judgement: `classifyOutcome` walks page 4. It is pure and total: one outcome, one verdict, whatever the fields hold. It
 * reads structured facts only, never a URL or a text, and passes on no code that is not on a known list. Precedence: an authorization
 * status ranks above the body's shape (the wall's body is not the server's), then 5xx and 429, then the session, then the body.
 */

import { rowOfEarlierRefusal, rowOfRpcBody, rowOfRpcError } from './classify-rpc.ts';
import { rowOfNetworkCode } from './network-error.ts';
import type { Failure, FailureFact, Outcome, RpcError } from './outcome.ts';
import type { Row } from './rows.ts';
import { ROWS } from './rows.ts';
import type { FailureVerdict, Verdict } from './verdict.ts';

type Fact<K extends FailureFact['kind']> = Extract<Failure, { readonly kind: K }>;
type Details = Partial<
  Pick<FailureVerdict, 'stage' | 'httpStatus' | 'rpcCode' | 'errorCode' | 'retryAfterMs' | 'detail' | 'field'>
>;
type StatusFact = Pick<Fact<'httpStatus'>, 'httpStatus' | 'challenge' | 'mark' | 'rpc' | 'retryAfterMs'>;

/** Judges an outcome. Never throws. */
export function classifyOutcome(outcome: Outcome): Verdict {
  switch (outcome.kind) {
    case 'succeeded':
      return { kind: 'available', finding: outcome.finding };
    case 'failed':
      return classifyFailure(outcome.failure);
    case 'aborted':
    case 'undecided':
      return { kind: 'none', why: outcome.kind };
  }
}

function classifyFailure(failure: Failure): FailureVerdict {
  switch (failure.kind) {
    case 'network':
      return classifyNetwork(failure);
    case 'deadline':
      return verdict(rowOfDeadline(failure), failure);
    case 'httpStatus':
      return classifyHttpStatus(failure, failure);
    case 'redirect':
      return verdict(rowOfRedirect(failure), failure, { httpStatus: failure.httpStatus });
    case 'payload':
      return classifyPayload(failure);
    case 'limit':
      return verdict(ROWS.responseTooLarge, failure);
    case 'rpcError':
      return classifyRpcError(failure, failure.rpc);
    case 'noCommonVersion':
      return verdict(ROWS.unsupportedProtocolVersion, failure);
    case 'sessionLost':
      return verdict(ROWS.sessionLost, failure);
    case 'reference':
      return verdict(rowOfReference(failure), failure, detailsOfReference(failure));
    case 'authorizationServer':
      return classifyAuthorizationServer(failure);
    case 'forbidden':
      return verdict(ROWS.destinationForbidden, failure);
    case 'invalidSpec':
      return verdict(ROWS.invalidSpec, failure);
    case 'unexpected':
      return verdict(ROWS.unexpectedError, failure);
  }
}

/** Rows 1–6, 9–14. A code on no list is row 62 and is not passed on. */
function classifyNetwork(failure: Fact<'network'>): FailureVerdict {
  const row = rowOfNetworkCode(failure);
  return row === undefined ? verdict(ROWS.unexpectedError, failure) : verdict(row, failure, { errorCode: failure.errorCode });
}

/** Our own deadlines: rows 1, 5, 7, 8, 9. */
function rowOfDeadline(failure: Fact<'deadline'>): Row {
  if (failure.scope === 'probe') return ROWS.probeTimeout;
  switch (failure.stage) {
    case 'resolve':
      return ROWS.dnsLookupTimedOut;
    case 'connect':
      return ROWS.connectTimeout;
    case 'tls':
      return ROWS.tlsHandshakeTimeout;
    case 'http':
    case 'payload':
      return ROWS.requestTimeout;
  }
}

/** Rows 15–23, 25–32, 35–40 and, where the body is a JSON-RPC error, 44–50. */
function classifyHttpStatus(failure: Failure, fact: StatusFact): FailureVerdict {
  const { httpStatus } = fact;
  const byStatus = rowOfDecisiveStatus(failure, fact);
  if (byStatus !== undefined) {
    const waits = byStatus.row === ROWS.rateLimited.row || byStatus.row === ROWS.serverUnavailable.row;
    const { retryAfterMs } = fact;
    return verdict(byStatus, failure, {
      httpStatus,
      stage: 'http',
      ...(waits && retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
  if (isSessionLost(failure, fact)) return verdict(ROWS.sessionLost, failure, { httpStatus, stage: 'session' });
  const byBody = fact.rpc === undefined ? undefined : rowOfRpcBody(failure, httpStatus, fact.rpc);
  if (byBody !== undefined) return verdict(byBody, failure, { httpStatus, stage: 'rpc', ...rpcCodeOf(fact.rpc) });
  return verdict(rowOfEarlierRefusal(failure) ?? rowOfRequestStatus(httpStatus), failure, { httpStatus, stage: 'http' });
}

/** The statuses that no body can overrule. */
function rowOfDecisiveStatus(failure: Failure, fact: StatusFact): Row | undefined {
  const { httpStatus } = fact;
  switch (httpStatus) {
    case 401:
      return failure.credentialsDeclared || failure.credentialsSent ? ROWS.credentialsRejected : ROWS.authenticationRequired;
    case 402:
    case 451:
      return ROWS.refusedByLaw;
    case 403:
      return rowOfForbidden(fact);
    case 407:
      return ROWS.proxyAuthenticationRequired;
    case 408:
    case 425:
      return ROWS.httpTimeout;
    case 421:
      return ROWS.hostNotAllowed;
    case 429:
      return ROWS.rateLimited;
    case 500:
    case 502:
    case 504:
      return ROWS.serverErrorBurst;
    case 501:
      return ROWS.serverNotImplemented;
    case 503:
      return fact.retryAfterMs === undefined ? ROWS.serverUnavailable : ROWS.serverUnavailableUntil;
  }
  if (httpStatus >= 520 && httpStatus <= 527) return ROWS.serverErrorBurst;
  if (httpStatus >= 500 && httpStatus <= 599) return ROWS.serverErrorOther;
  if (httpStatus >= 400 && httpStatus <= 499) return undefined;
  return httpStatus >= 300 && httpStatus <= 399 ? ROWS.redirectNotFollowed : ROWS.notMCPEndpoint;
}

/** HTTP 403: a challenge is structured and comes before a text, so that an ambiguous answer stays denied (page 9, A8). */
function rowOfForbidden({ challenge, mark }: StatusFact): Row {
  if (challenge?.error === 'invalid_token') return ROWS.credentialsRejected;
  if (challenge?.error === 'insufficient_scope') return ROWS.insufficientScope;
  switch (mark) {
    case 'upstreamCallTimeout':
      return ROWS.authorizationTimeout;
    case 'authorizationServiceUnavailable':
      return ROWS.authorizationUnavailable;
    case 'externalAuthorizationFailed':
      return ROWS.ambiguousAuthorization;
    case 'hostGuard':
      return ROWS.hostNotAllowed;
    case 'none':
    case 'sessionNotFound':
    case 'credentials':
      return ROWS.accessDenied;
  }
}

function isSessionLost(failure: Failure, { httpStatus, mark, rpc }: StatusFact): boolean {
  if (!failure.sessionSent) return false;
  if (httpStatus === 404) return true;
  return httpStatus === 400 && (mark === 'sessionNotFound' || rpc?.mark === 'sessionNotFound');
}

/** What is left of 4xx when the body says nothing: rows 35, 37–39. */
function rowOfRequestStatus(httpStatus: number): Row {
  switch (httpStatus) {
    case 400:
      return ROWS.badRequest;
    case 404:
    case 410:
      return ROWS.endpointNotFound;
    case 405:
      return ROWS.methodNotAllowed;
  }
  return ROWS.requestRejected;
}

/** Rows 33 and 34. */
function rowOfRedirect({ httpStatus, why }: Fact<'redirect'>): Row {
  return why === 'otherOrigin' && (httpStatus === 302 || httpStatus === 303) ? ROWS.loginRedirect : ROWS.redirectNotFollowed;
}

/** Rows 40, 41, 43, 48, 49. The body of a refusal is not judged: its status is. */
function classifyPayload(failure: Fact<'payload'>): FailureVerdict {
  const { httpStatus } = failure;
  if (httpStatus >= 400) return classifyHttpStatus(failure, { httpStatus, mark: 'none' });
  return verdict(rowOfPayload(failure.problem), failure, { httpStatus });
}

function rowOfPayload(problem: Fact<'payload'>['problem']): Row {
  switch (problem) {
    case 'html':
    case 'empty':
    case 'noContent':
    case 'notJSON':
    case 'notJSONRPC':
      return ROWS.notMCPEndpoint;
    case 'truncated':
    case 'brokenStream':
    case 'streamEnded':
      return ROWS.incompleteResponse;
    case 'contentEncoding':
    case 'otherID':
    case 'schema':
    case 'foreignEndpoint':
      return ROWS.invalidResponse;
    case 'paginationLoop':
      return ROWS.paginationLoop;
    case 'inputRequired':
      return ROWS.clientCapabilityRequired;
  }
}

function classifyRpcError(failure: Failure, rpc: RpcError): FailureVerdict {
  if (failure.sessionSent && rpc.mark === 'sessionNotFound') return verdict(ROWS.sessionLost, failure, { stage: 'session' });
  return verdict(rowOfRpcError(failure, rpc), failure, rpcCodeOf(rpc));
}

/** Rows 52–56. */
function rowOfReference({ problem }: Fact<'reference'>): Row {
  switch (problem) {
    case 'serviceNotFound':
      return ROWS.serviceNotFound;
    case 'credentialsNotFound':
      return ROWS.credentialsNotFound;
    case 'caBundleNotFound':
      return ROWS.caBundleNotFound;
    case 'invalidCredentials':
      return ROWS.invalidCredentials;
    case 'notBoundToHost':
      return ROWS.secretNotBoundToHost;
    case 'tokenExpired':
      return ROWS.tokenExpired;
  }
}

function detailsOfReference({ field, detail }: Fact<'reference'>): Details {
  return { ...(field === undefined ? {} : { field }), ...(detail === undefined ? {} : { detail }) };
}

/** Rows 24, 58–60. */
function classifyAuthorizationServer(failure: Fact<'authorizationServer'>): FailureVerdict {
  const { detail, httpStatus, errorCode, retryAfterMs } = failure;
  // The code of an error is known where it has a row, and passed on only then.
  const known = errorCode !== undefined && rowOfNetworkCode({ stage: 'connect', errorCode }) !== undefined;
  const details: Details = {
    ...(detail === undefined ? {} : { detail }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(known ? { errorCode } : {}),
  };
  switch (failure.problem) {
    case 'interactiveOnly':
      return verdict(ROWS.interactiveAuthorizationRequired, failure, details);
    case 'tokenRequestRejected':
      return verdict(ROWS.tokenRequestRejected, failure, details);
    case 'unavailable': {
      const row = failure.timedOut ? ROWS.authorizationServerSilent : ROWS.authorizationServerUnavailable;
      return verdict(row, failure, retryAfterMs === undefined ? details : { ...details, retryAfterMs });
    }
    case 'misconfigured':
      return verdict(ROWS.authorizationMisconfigured, failure, details);
  }
}

function rpcCodeOf(rpc: RpcError | undefined): Details {
  return rpc?.rpcCode === undefined ? {} : { rpcCode: rpc.rpcCode };
}

function verdict(row: Row, { stage }: Failure, details: Details = {}): FailureVerdict {
  return { kind: 'failing', stage, ...row, ...details };
}
