/**
 * The prober: from a spec to an outcome and its verdict. It puts the parts together (target, credentials, attempts, channel, eras) and
 * holds nothing between probes: two objects share no connection, session or credential. It never rejects, and a bug of ours is an outcome.
 */
import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import { runAttempts } from './attempts.ts';
import { classifyOutcome } from './classify.ts';
import type { Trouble } from './conversation.ts';
import { type Credentials, type CredentialsRead, declaresCredentials, readCredentials, sameCredentials } from './credentials.ts';
import type { EgressPolicy } from './egress-policy.ts';
import { createLifeline, type Lifeline } from './lifeline.ts';
import type { TLSSettings } from './line.ts';
import { type Negotiated, negotiate } from './negotiate.ts';
import type { Failure, FailureFact, Outcome } from './outcome.ts';
import type { ProbeReport, ProbeRequest, Prober, References } from './ports.ts';
import { type ProbeEvent, type ProbeLog, silentLog } from './probe-log.ts';
import { createSystemResolver, type Resolver } from './resolve.ts';
import { createSanitizer } from './sanitize.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';
import { createStreamableHTTP } from './streamable-http.ts';
import { findTarget, type Target } from './target.ts';
import { readTLSSettings } from './tls-settings.ts';

export interface ProberDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly references: References;
  readonly policy: EgressPolicy;
  /** How we introduce ourselves to servers. */
  readonly clientInfo: { readonly name: string; readonly version: string };
  /** Default: the system's resolver. */
  readonly resolve?: Resolver;
  /** Default: none. */
  readonly log?: ProbeLog;
}

/** One probe under way. */
interface Visit {
  readonly request: ProbeRequest;
  readonly deps: Required<ProberDeps>;
  readonly lifeline: Lifeline;
  stopwatch: Stopwatch;
}

type Report = Pick<ProbeReport, 'outcome' | 'verdict' | 'attempts'>;

/** Creates a prober. It is stateless, so one serves all objects at once. */
export function createProber(options: ProberDeps): Prober {
  const deps: Required<ProberDeps> = { resolve: createSystemResolver(), log: silentLog, ...options };
  return {
    async probe(request, signal) {
      const { clock } = deps;
      const startedMs = clock.monotonicMs();
      const lifeline = createLifeline(clock, request.spec.probe.deadlineSeconds * 1000, signal);
      const visit: Visit = { request, deps, lifeline, stopwatch: createStopwatch(clock) };
      let report: Report;
      try {
        report = await visitServer(visit);
      } catch (error) {
        log(visit, { event: 'unexpected', attempt: 0, where: describeError(error) });
        report = judged(lifeline.stopped() === 'aborted' ? { kind: 'aborted' } : failedOutcome(visit, UNEXPECTED), 0);
      } finally {
        lifeline.close();
      }
      return { ...report, durationMs: clock.monotonicMs() - startedMs, stageMs: visit.stopwatch.readMs() };
    },
  };
}

const UNEXPECTED: FailureFact = { kind: 'unexpected', stage: 'http' };

async function visitServer(visit: Visit): Promise<Report> {
  const { request, deps, lifeline } = visit;
  const { spec, namespace } = request;
  const found = await ask(lifeline, findTarget(spec, namespace, deps.references, deps.policy, lifeline.signal));
  if (found.kind === 'aborted') return judged(found, 0);
  if (found.kind === 'unavailable') return judged({ kind: 'undecided' }, 0);
  if (found.kind === 'refused') return judged(failedOutcome(visit, found.fact), 0);
  const { target } = found;

  const tls = await ask(lifeline, readTLSSettings(spec.tls, namespace, target, deps, lifeline.signal));
  if (tls.kind === 'aborted') return judged(tls, 0);
  if (tls.kind === 'unavailable') return judged({ kind: 'undecided' }, 0);
  if (tls.kind === 'refused') return judged(failedOutcome(visit, tls.fact), 0);

  const first = await readOnce(visit, target);
  if (first.kind === 'aborted') return judged(first, 0);
  if (first.kind === 'unavailable') return judged({ kind: 'undecided' }, 0);
  if (first.kind === 'refused') return judged(failedOutcome(visit, first.fact), 0);
  let { credentials } = first;

  const attempted = await runAttempts(
    {
      lifeline,
      random: deps.random,
      visit: (attempt) => attemptOnce(visit, target, credentials, tls.settings, attempt),
      renew: async (attempt) => {
        const again = await readOnce(visit, target);
        if (again.kind !== 'read' || sameCredentials(again.credentials, credentials)) return false;
        credentials = again.credentials;
        log(visit, { event: 'credentialsChanged', attempt });
        return true;
      },
    },
    spec.retry.attempts,
    request.retry,
  );
  const { outcome } = attempted;
  const nothingSent = outcome.kind === 'failed' && outcome.failure.kind === 'forbidden' && attempted.attempts === 1;
  return nothingSent ? { ...attempted, attempts: 0 } : attempted;
}

/** One attempt: a channel of its own, from the first connection to the last list. */
async function attemptOnce(
  visit: Visit,
  target: Target,
  credentials: Credentials,
  tls: TLSSettings,
  attempt: number,
): Promise<Outcome> {
  const { request, deps, lifeline } = visit;
  const { spec, remembered } = request;
  const { clientInfo } = deps;
  visit.stopwatch = createStopwatch(deps.clock);
  const channel = createStreamableHTTP({
    clock: deps.clock,
    lifeline,
    stopwatch: visit.stopwatch,
    policy: deps.policy,
    resolve: deps.resolve,
    tls,
    timeoutMs: spec.probe.timeoutSeconds * 1000,
    target,
    headers: credentials.headers,
    userAgent: `${clientInfo.name}/${clientInfo.version}`,
  });
  try {
    const sanitize = createSanitizer(credentials.secrets.map((secret) => secret.reveal()));
    const era = remembered?.transport === 'StreamableHTTP' ? remembered.era : undefined;
    const result = await negotiate({ channel, sanitize, clientInfo }, spec.protocol, era);
    return conclude(visit, target, credentials, result, attempt);
  } finally {
    channel.close();
  }
}

function conclude(visit: Visit, target: Target, credentials: Credentials, result: Negotiated, attempt: number): Outcome {
  const { conversed, negotiated } = result;
  switch (conversed.kind) {
    case 'aborted':
    case 'undecided':
      return { kind: conversed.kind };
    case 'failed':
      log(visit, { event: 'attemptFailed', attempt, fact: conversed.trouble.fact });
      return failedOutcome(visit, conversed.trouble.fact, conversed.trouble, credentials);
    case 'learned':
      return {
        kind: 'succeeded',
        finding: {
          ...conversed.learned,
          url: target.shownURL,
          transport: 'StreamableHTTP',
          negotiated,
          ...(credentials.expiresAtMs === undefined ? {} : { credentialExpiresAtMs: credentials.expiresAtMs }),
        },
      };
  }
}

/** Waits for the API server's answers, but no longer than the probe may last. */
async function ask<T extends { readonly kind: string }>(
  lifeline: Lifeline,
  work: Promise<T>,
): Promise<T | { readonly kind: 'aborted' } | { readonly kind: 'unavailable' }> {
  const raced = await lifeline.race(work);
  if (raced.kind === 'done') return raced.value;
  return raced.why === 'aborted' ? { kind: 'aborted' } : { kind: 'unavailable' };
}

function readOnce(visit: Visit, target: Target): Promise<CredentialsRead | { readonly kind: 'aborted' }> {
  const { request, deps, lifeline } = visit;
  const { namespace, name, probeID } = request;
  const reading = readCredentials(
    request.spec,
    namespace,
    target,
    {
      references: deps.references,
      policy: deps.policy,
      wallMs: () => deps.clock.wallMs(),
      audit: (use) => deps.log.audit({ namespace, name, probeID, host: target.host, ...use }),
    },
    lifeline.signal,
  );
  return ask(lifeline, reading);
}

function judged(outcome: Outcome, attempts: number): Report {
  return { outcome, verdict: classifyOutcome(outcome), attempts };
}

/** Stages that are over before the first byte of a request, and with it a credential, leaves. */
const BEFORE_SENDING: ReadonlySet<string> = new Set(['resolve', 'connect', 'tls', 'policy', 'credentials']);

function failedOutcome(visit: Visit, fact: FailureFact, trouble?: Trouble, credentials?: Credentials): Outcome {
  const failure: Failure = {
    credentialsDeclared: declaresCredentials(visit.request.spec),
    credentialsSent: (credentials?.secrets.length ?? 0) > 0 && !BEFORE_SENDING.has(fact.stage),
    sessionSent: trouble?.sessionSent ?? false,
    ...(trouble?.method === undefined ? {} : { method: trouble.method }),
    ...(trouble?.advertised === undefined ? {} : { advertised: trouble.advertised }),
    ...(trouble?.discoverRpcCode === undefined ? {} : { discoverRpcCode: trouble.discoverRpcCode }),
    ...fact,
  };
  return { kind: 'failed', failure };
}

function log(visit: Visit, event: Pick<ProbeEvent, 'event' | 'attempt' | 'fact' | 'where'>): void {
  const { namespace, name, probeID } = visit.request;
  visit.deps.log.debug({ namespace, name, probeID, ...event });
}

/** The class of an error and at most five places of the code; never its message, which may quote a peer. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const places = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return [error.name, ...places.slice(0, 5).map((line) => line.trim())].join(' ');
}
