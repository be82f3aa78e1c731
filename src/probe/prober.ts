/**
 * The prober: from a spec to an outcome and its verdict. It puts the parts together (target, credentials, attempts, transports, eras) and
 * holds nothing between probes but OAuth tokens: two objects share no connection, session or credential, and a token only where both would
 * have asked for the same one. It never rejects, and a bug of ours is an outcome.
 */
import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import { runAttempts } from './attempts.ts';
import { type ByteBudget, createByteBudget, createBytePool } from './byte-budget.ts';
import { classifyOutcome } from './classify.ts';
import type { Trouble } from './conversation.ts';
import { type Credentials, declaresCredentials } from './credentials.ts';
import type { EgressPolicy } from './egress-policy.ts';
import type { SenderDeps } from './http-sender.ts';
import { ask, createIdentity, type Identity, type IdentityDeps } from './identity.ts';
import { createLifeline, type Lifeline } from './lifeline.ts';
import { LIMITS } from './limits.ts';
import type { Failure, FailureFact, Outcome } from './outcome.ts';
import type { ProbeReport, ProbeRequest, Prober, References } from './ports.ts';
import { type ProbeEvent, type ProbeLog, silentLog } from './probe-log.ts';
import { recordReads } from './reads.ts';
import { createSystemResolver, type Resolver } from './resolve.ts';
import { createSanitizer } from './sanitize.ts';
import type { TLSSettings } from './secure-context.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';
import { findTarget, type Target } from './target.ts';
import { readTLSSettings } from './tls-settings.ts';
import { createTokenCache, type TokenCache } from './token-cache.ts';
import { type Spoken, speak } from './transports.ts';

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
  readonly deps: Required<ProberDeps> & { readonly tokens: TokenCache };
  readonly lifeline: Lifeline;
  readonly budget: ByteBudget;
  stopwatch: Stopwatch;
  certificateExpiresAtMs?: number;
}

type Report = Pick<ProbeReport, 'outcome' | 'verdict' | 'attempts'>;

/** Creates a prober. One serves all objects at once. */
export function createProber(options: ProberDeps): Prober {
  const tokens = createTokenCache(options.clock);
  const pool = createBytePool();
  const deps = { resolve: createSystemResolver(options.clock), log: silentLog, ...options, tokens };
  return {
    async probe(request, signal) {
      const { clock } = deps;
      const startedMs = clock.monotonicMs();
      const lifeline = createLifeline(clock, request.spec.probe.deadlineSeconds * 1000, signal);
      const { references, reads, forbidden } = recordReads(deps.references);
      const visit: Visit = {
        request,
        deps: { ...deps, references },
        lifeline,
        stopwatch: createStopwatch(clock),
        budget: createByteBudget(LIMITS.probeBytes, pool),
      };
      let report: Report;
      try {
        report = await visitServer(visit);
      } catch (error) {
        log(visit, { event: 'unexpected', attempt: 0, where: describeError(error) });
        report = judged(lifeline.stopped() === 'aborted' ? { kind: 'aborted' } : failedOutcome(visit, UNEXPECTED), 0);
      } finally {
        lifeline.close();
        visit.budget.close();
      }
      const denied = report.outcome.kind === 'undecided' ? forbidden() : undefined;
      return {
        ...report,
        durationMs: clock.monotonicMs() - startedMs,
        stageMs: visit.stopwatch.readMs(),
        reads: reads(),
        ...(visit.certificateExpiresAtMs !== undefined && { certificateExpiresAtMs: visit.certificateExpiresAtMs }),
        ...(denied !== undefined && { forbidden: denied }),
      };
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

  const audit: IdentityDeps['audit'] = (use) =>
    deps.log.audit({ namespace, name: request.name, probeID: request.probeID, ...use });
  const tls = await ask(lifeline, readTLSSettings(spec.tls, namespace, target, { ...deps, audit }, lifeline.signal));
  if (tls.kind === 'aborted') return judged(tls, 0);
  if (tls.kind === 'unavailable') return judged({ kind: 'undecided' }, 0);
  if (tls.kind === 'refused') return judged(failedOutcome(visit, tls.fact), 0);

  const identity = identityOf(visit, target, tls.settings, audit);
  visit.stopwatch.enter('credentials');
  const first = await identity.read();
  visit.stopwatch.stop();
  if (first.kind === 'aborted') return judged(first, 0);
  if (first.kind === 'unavailable') return judged({ kind: 'undecided' }, 0);
  if (first.kind === 'refused') return judged(failedOutcome(visit, first.fact), 0);
  let { credentials } = first;

  const attempted = await runAttempts(
    {
      lifeline,
      random: deps.random,
      visit: async (attempt) => {
        try {
          return await attemptOnce(visit, target, credentials, tls.settings, attempt);
        } finally {
          // A connection came about, and the first bytes on it hold the headers.
          const { tls: handshake, http } = visit.stopwatch.readMs();
          if (http !== undefined) identity.noteSent(credentials);
          // A client shows its certificate before it has judged the server's: a handshake that began counts.
          if (handshake !== undefined && tls.fingerprint !== undefined) identity.noteCertificate(tls.fingerprint);
        }
      },
      renew: async (attempt) => {
        const renewed = await identity.renew(credentials);
        if (renewed === undefined) return false;
        credentials = renewed;
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

/** One attempt: connections of its own, from the first one to the last list. */
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
  const connect: SenderDeps = {
    clock: deps.clock,
    lifeline,
    stopwatch: visit.stopwatch,
    budget: visit.budget,
    policy: deps.policy,
    resolve: deps.resolve,
    tls,
    timeoutMs: spec.probe.timeoutSeconds * 1000,
    noteCertificate: (expiresAtMs) => {
      visit.certificateExpiresAtMs = expiresAtMs;
    },
    target,
    headers: credentials.headers,
    userAgent: `${clientInfo.name}/${clientInfo.version}`,
  };
  const sanitize = createSanitizer([...credentials.secrets, ...(credentials.hidden ?? [])].map((secret) => secret.reveal()));
  const { errand } = request;
  const conversation = { sanitize, clientInfo, expectedTools: spec.expect?.tools ?? [], ...(errand && { errand }) };
  const spoken = await speak(connect, conversation, spec, remembered);
  return conclude(visit, target, credentials, spoken, attempt);
}

function conclude(visit: Visit, target: Target, credentials: Credentials, spoken: Spoken, attempt: number): Outcome {
  const { conversed, negotiated, transport } = spoken;
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
          transport,
          negotiated,
          ...(credentials.expiresAtMs === undefined ? {} : { credentialExpiresAtMs: credentials.expiresAtMs }),
        },
      };
  }
}

function identityOf(visit: Visit, target: Target, tls: TLSSettings, audit: IdentityDeps['audit']): Identity {
  const { request, deps, lifeline, budget } = visit;
  const { namespace, spec } = request;
  const { clientInfo } = deps;
  return createIdentity(
    {
      clock: deps.clock,
      lifeline,
      budget,
      policy: deps.policy,
      resolve: deps.resolve,
      references: deps.references,
      tokens: deps.tokens,
      tls,
      timeoutMs: spec.probe.timeoutSeconds * 1000,
      userAgent: `${clientInfo.name}/${clientInfo.version}`,
      audit,
    },
    spec,
    namespace,
    target,
  );
}

function judged(outcome: Outcome, attempts: number): Report {
  return { outcome, verdict: classifyOutcome(outcome), attempts };
}

/** Stages that are over before the first byte of a request, and with it a credential, leaves. */
const BEFORE_SENDING: ReadonlySet<string> = new Set(['resolve', 'connect', 'tls', 'policy', 'credentials']);

function failedOutcome(visit: Visit, fact: FailureFact, trouble?: Trouble, credentials?: Credentials): Outcome {
  // Others hold all the memory that there is for answers: this says nothing about the server.
  if (visit.budget.crowded()) return { kind: 'undecided' };
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
