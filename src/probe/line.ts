/**
 * The connection of one attempt to one origin: name resolved by us, every address checked, then an Agent that can reach the checked
 * addresses and nothing else. Nothing is shared between attempts or objects: no socket, no TLS session, no cache.
 */
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Clock } from '../platform/clock.ts';
import type { ByteBudget } from './byte-budget.ts';
import { watchCertificate } from './certificate.ts';
import { type EgressPolicy, isRefusedAddress, isRefusedHost } from './egress-policy.ts';
import type { Lifeline } from './lifeline.ts';
import { LIMITS } from './limits.ts';
import { isLocalShortage } from './network-error.ts';
import type { FailureFact } from './outcome.ts';
import type { ResolvedAddress, Resolver } from './resolve.ts';
import { openSecureContext, type TLSSettings } from './secure-context.ts';
import type { Stopwatch } from './stopwatch.ts';
import type { Target } from './target.ts';

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
  /** Hears when the certificate expires that the server shows, in wall ms, at each TLS handshake. Default: nobody. */
  readonly noteCertificate?: (expiresAtMs: number) => void;
}

export interface Line {
  readonly target: Target;
  /** Starts one request on this line's only socket. */
  request(options: http.RequestOptions): http.ClientRequest;
  /** Ends the socket, and with it what is under way; a request that follows connects anew. Idempotent. */
  close(): void;
  /** How often it was closed by us: what ended so is not to be sent again. */
  closes(): number;
}

export type LineOpened =
  | { readonly kind: 'opened'; readonly line: Line }
  | { readonly kind: 'failed'; readonly fact: FailureFact }
  | { readonly kind: 'aborted' }
  /** Names that hang held all the resolver's places, or we ran out of descriptors: nothing was learned about this one. */
  | { readonly kind: 'undecided' };

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
  | Exclude<LineOpened, { kind: 'opened' }>;

/** The look-up within the request's time; it may go on behind us, since the system's resolver can not be stopped. */
async function resolveWithin(host: string, deps: LineDeps): Promise<Found> {
  const overdue = Promise.withResolvers<undefined>();
  const patience = new AbortController();
  const timer = deps.clock.setTimer(deps.timeoutMs, () => overdue.resolve(undefined));
  const asked = deps.resolve(host, patience.signal);
  const raced = await deps.lifeline.race(Promise.race([asked, overdue.promise]));
  timer.cancel();
  patience.abort();
  if (raced.kind === 'stopped' && raced.why === 'aborted') return { kind: 'aborted' };
  // Who only waited for a place says so when its patience ends; `undefined` wins over a look-up that hangs.
  const resolution = (raced.kind === 'done' ? raced.value : undefined) ?? (await Promise.race([asked, undefined]));
  if (resolution === undefined) {
    const scope = raced.kind === 'stopped' ? 'probe' : 'request';
    return { kind: 'failed', fact: { kind: 'deadline', stage: 'resolve', scope } };
  }
  switch (resolution.kind) {
    case 'resolved':
      return resolution;
    case 'failed': {
      const { errorCode } = resolution;
      if (isLocalShortage({ code: errorCode })) return { kind: 'undecided' };
      return { kind: 'failed', fact: { kind: 'network', stage: 'resolve', errorCode } };
    }
    case 'crowded':
      return { kind: 'undecided' };
  }
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
    return { target, request: (options) => http.request({ ...shared, ...options, agent }), ...closing(agent) };
  }
  // No session cache: a resumed session would skip the verification of the certificate.
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, maxCachedSessions: 0 });
  const { servername, rejectUnauthorized = true } = deps.tls;
  const secureContext = openSecureContext(deps.tls);
  const secured = {
    ...shared,
    rejectUnauthorized,
    ...(servername === undefined ? {} : { servername }),
    ...(secureContext === undefined ? {} : { secureContext }),
  };
  const { noteCertificate = () => {} } = deps;
  const request: Line['request'] = (options) =>
    watchCertificate(https.request({ ...secured, ...options, agent }), noteCertificate);
  return { target, request, ...closing(agent) };
}

function closing(agent: http.Agent): Pick<Line, 'close' | 'closes'> {
  let closes = 0;
  return {
    close() {
      closes += 1;
      agent.destroy();
    },
    closes: () => closes,
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
