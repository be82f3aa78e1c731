/**
 * The connection of one attempt to one origin: name resolved by us, every address checked, then an Agent that can reach the checked
 * addresses and nothing else. Nothing is shared between attempts or objects: no socket, no TLS session, no cache.
 */
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Clock } from '../platform/clock.ts';
import type { ByteBudget } from './byte-budget.ts';
import { type EgressPolicy, isRefusedAddress, isRefusedHost } from './egress-policy.ts';
import type { Lifeline } from './lifeline.ts';
import { LIMITS } from './limits.ts';
import type { FailureFact } from './outcome.ts';
import type { ResolvedAddress, Resolver } from './resolve.ts';
import type { Stopwatch } from './stopwatch.ts';
import type { Target } from './target.ts';

/** What `spec.tls` asks for, as Node names it. */
export type TLSSettings = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;

/** What every line of a probe needs. */
export interface LineDeps {
  readonly clock: Clock;
  readonly lifeline: Lifeline;
  readonly stopwatch: Stopwatch;
  /** What the whole probe may still read. */
  readonly budget: ByteBudget;
  readonly policy: EgressPolicy;
  readonly resolve: Resolver;
  readonly tls: TLSSettings;
  /** `timeoutSeconds`, in ms. */
  readonly timeoutMs: number;
}

export interface Line {
  readonly target: Target;
  /** Starts one request on this line's only socket. */
  request(options: http.RequestOptions): http.ClientRequest;
  /** Ends the socket. Idempotent. */
  close(): void;
}

export type LineOpened =
  | { readonly kind: 'opened'; readonly line: Line }
  | { readonly kind: 'failed'; readonly fact: FailureFact }
  | { readonly kind: 'aborted' };

/** Prepares a line to `target`; the first request connects it. A refused destination gets no packet, not even to ask for its name twice. */
export async function openLine(target: Target, deps: LineDeps): Promise<LineOpened> {
  if (isRefusedHost(deps.policy, target)) return FORBIDDEN;
  const family = isIP(target.host);
  if (family !== 0) {
    if (isRefusedAddress(deps.policy, target.host, target.port)) return FORBIDDEN;
    return { kind: 'opened', line: createLine(target, undefined, deps) };
  }
  deps.stopwatch.enter('resolve');
  const resolved = await resolveWithin(target.host, deps);
  deps.stopwatch.stop();
  if (resolved.kind !== 'resolved') return resolved;
  if (resolved.addresses.some(({ address }) => isRefusedAddress(deps.policy, address, target.port))) return FORBIDDEN;
  return { kind: 'opened', line: createLine(target, resolved.addresses, deps) };
}

const FORBIDDEN: LineOpened = { kind: 'failed', fact: { kind: 'forbidden', stage: 'policy' } };

type Found =
  | { readonly kind: 'resolved'; readonly addresses: readonly ResolvedAddress[] }
  | { readonly kind: 'failed'; readonly fact: FailureFact }
  | { readonly kind: 'aborted' };

/** The look-up within the request's time; it may go on behind us, since the system's resolver can not be stopped. */
async function resolveWithin(host: string, deps: LineDeps): Promise<Found> {
  const overdue = Promise.withResolvers<'overdue'>();
  const timer = deps.clock.setTimer(deps.timeoutMs, () => overdue.resolve('overdue'));
  const raced = await deps.lifeline.race(Promise.race([deps.resolve(host), overdue.promise]));
  timer.cancel();
  if (raced.kind === 'stopped') {
    return raced.why === 'aborted'
      ? { kind: 'aborted' }
      : { kind: 'failed', fact: { kind: 'deadline', stage: 'resolve', scope: 'probe' } };
  }
  if (raced.value === 'overdue') return { kind: 'failed', fact: { kind: 'deadline', stage: 'resolve', scope: 'request' } };
  const resolution = raced.value;
  if (resolution.kind === 'resolved') return resolution;
  return { kind: 'failed', fact: { kind: 'network', stage: 'resolve', errorCode: resolution.errorCode } };
}

/** `addresses` is undefined for an IP literal, which Node connects to without asking `lookup`. */
function createLine(target: Target, addresses: readonly ResolvedAddress[] | undefined, deps: LineDeps): Line {
  const shared = {
    hostname: target.host,
    port: target.port,
    maxHeaderSize: LIMITS.headerBytes,
    ...(addresses === undefined ? {} : { lookup: answerWith(addresses) }),
  };
  if (!target.secure) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    return {
      target,
      request: (options) => http.request({ ...shared, ...options, agent }),
      close: () => agent.destroy(),
    };
  }
  // No session cache: a resumed session would skip the verification of the certificate.
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, maxCachedSessions: 0 });
  const { tls } = deps;
  return {
    target,
    request: (options) => https.request({ ...shared, ...tls, ...options, agent }),
    close: () => agent.destroy(),
  };
}

/** Node may ask for one address or for all; it gets only what was checked. */
function answerWith(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const wanted = addresses.filter(({ family }) => !options.family || options.family === family);
    const first = wanted[0];
    if (first === undefined) callback(Object.assign(new Error('no address'), { code: 'ENODATA' }), '', 0);
    else if (options.all) callback(null, [...wanted]);
    else callback(null, first.address, first.family);
  };
}
