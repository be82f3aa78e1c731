/**
 * Short ways to write facts, and the verdict on them as one line. For the tests of classification only.
 */
import { classifyOutcome } from '../../src/probe/classify.ts';
import type { FailureContext, FailureFact, RpcError, TextMark } from '../../src/probe/outcome.ts';
import type { FailureVerdict } from '../../src/probe/verdict.ts';

export const ANONYMOUS: FailureContext = { credentialsDeclared: false, credentialsSent: false, sessionSent: false };
export const WITH_TOKEN: Partial<FailureContext> = { credentialsDeclared: true, credentialsSent: true };
export const ON_INITIALIZE: Partial<FailureContext> = { method: 'initialize' };
export const ON_DISCOVER: Partial<FailureContext> = { method: 'server/discover' };
export const ON_TOOLS: Partial<FailureContext> = { method: 'tools/list', advertised: true };

export type Input = readonly [fact: FailureFact, context?: Partial<FailureContext>];

export function judge(fact: FailureFact, context: Partial<FailureContext> = {}): FailureVerdict {
  const verdict = classifyOutcome({ kind: 'failed', failure: { ...ANONYMOUS, ...context, ...fact } });
  if (verdict.kind !== 'failing') throw new Error(`expected a failing verdict, not ${verdict.kind}`);
  return verdict;
}

/** `Transient ServerError, burst`: what a vector says in its name. */
export function render({ class: failureClass, reason, burst, settles, timedOut, retryAfterMs }: FailureVerdict): string {
  const waits = retryAfterMs === undefined ? '' : `, waits ${retryAfterMs / 1000} s`;
  return `${failureClass} ${reason}${burst ? ', burst' : ''}${settles ? ', settles' : ''}${timedOut ? ', silent' : ''}${waits}`;
}

export const network = (stage: 'resolve' | 'connect' | 'tls' | 'http', ...codes: string[]): Input[] =>
  codes.map((errorCode) => [{ kind: 'network', stage, errorCode }]);
export const alert = (errorCode: string, tlsAlert: number): Input => [{ kind: 'network', stage: 'tls', errorCode, tlsAlert }];
export const deadline = (
  scope: 'request' | 'probe',
  ...stages: ('resolve' | 'connect' | 'tls' | 'http' | 'payload')[]
): Input[] => stages.map((stage) => [{ kind: 'deadline', scope, stage }]);
export type StatusFact = Extract<FailureFact, { kind: 'httpStatus' }>;
export const http = (httpStatus: number, facts: Partial<StatusFact> = {}): StatusFact => ({
  kind: 'httpStatus',
  stage: 'http',
  httpStatus,
  mark: 'none',
  ...facts,
});
export const statuses = (...codes: number[]): Input[] => codes.map((code) => [http(code)]);
export const rpc = (rpcCode?: number, facts: Partial<RpcError> = {}): FailureFact => ({
  kind: 'rpcError',
  stage: 'rpc',
  rpc: { mark: 'none', ...(rpcCode !== undefined && { rpcCode }), ...facts },
});
export const inBody = (httpStatus: number, rpcCode: number, mark: TextMark = 'none') =>
  http(httpStatus, { mark, rpc: { rpcCode, mark } });
export const payload = (...problems: Extract<FailureFact, { kind: 'payload' }>['problem'][]): Input[] =>
  problems.map((problem) => [{ kind: 'payload', stage: 'payload', problem, httpStatus: 200 }]);
export const reference = (problem: Extract<FailureFact, { kind: 'reference' }>['problem']): Input => [
  { kind: 'reference', stage: 'credentials', problem },
];
export const authorization = (problem: Extract<FailureFact, { kind: 'authorizationServer' }>['problem']): Input => [
  { kind: 'authorizationServer', stage: 'credentials', problem },
];
export const redirect = (httpStatus: number, why: Extract<FailureFact, { kind: 'redirect' }>['why']): Input => [
  { kind: 'redirect', stage: 'http', httpStatus, why },
];
export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
