/**
 * Host names to addresses, with the system's resolver, so that /etc/hosts, search domains and `ndots` hold. A look-up can not be taken back
 * and holds a thread of libuv's pool until it ends: there are never more of them than `lookup-places.ts` lets in, look-ups of one name
 * join the one under way, and a name that everybody gave up before its turn is never looked up. No answer is kept. Failures are values.
 */
import { lookup } from 'node:dns';
import type { Clock } from '../platform/clock.ts';
import { LIMITS } from './limits.ts';
import { countLookupPlaces, createLookupPlaces } from './lookup-places.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

export type Resolution =
  | { readonly kind: 'resolved'; readonly addresses: readonly ResolvedAddress[] }
  /** With Node's code: `ENOTFOUND`, `EAI_AGAIN`, … */
  | { readonly kind: 'failed'; readonly errorCode: string }
  /** `patience` ended while names that hang held every place this name may have: it was not asked for, and nothing was learned. */
  | { readonly kind: 'crowded' };

/**
 * Finds the addresses of a host name. Never rejects and has no deadline of its own. When `patience` aborts before the look-up began it
 * answers at once; afterwards the look-up goes on, for whoever asks for that name next.
 */
export type Resolver = (host: string, patience?: AbortSignal) => Promise<Resolution>;

export interface SystemResolverOptions {
  /** Default: `dns.lookup`. */
  readonly lookup?: typeof lookup;
  /** Look-ups under way at once; default: as many as the thread pool runs. */
  readonly maxInFlight?: number;
}

/** One name that somebody asked for. */
interface Asked {
  readonly host: string;
  begunMs: number | undefined;
  /** At most one for each probe under way: 64 slots and 1,024 parked. */
  readonly callers: Set<(resolution: Resolution) => void>;
}

/** The system's resolver. One serves all probes of a process, since they share its threads. */
export function createSystemResolver(clock: Pick<Clock, 'monotonicMs'>, options: SystemResolverOptions = {}): Resolver {
  const places = createLookupPlaces(options.maxInFlight ?? countLookupPlaces(process.env['UV_THREADPOOL_SIZE']));
  const asked = new Map<string, Asked>();

  const begin = (name: Asked) => {
    const begunMs = clock.monotonicMs();
    name.begunMs = begunMs;
    void lookUp(name.host, options.lookup ?? lookup).then((resolution) => {
      asked.delete(name.host);
      for (const next of places.leave(name.host, clock.monotonicMs() - begunMs)) {
        const waiting = asked.get(next);
        if (waiting !== undefined) begin(waiting);
      }
      for (const settle of name.callers) settle(resolution);
    });
  };

  return (host, patience) =>
    new Promise((resolve) => {
      if (patience?.aborted) return resolve({ kind: 'crowded' });
      const joined = asked.get(host);
      const name = joined ?? { host, begunMs: undefined, callers: new Set() };
      const settle = (resolution: Resolution) => {
        patience?.removeEventListener('abort', giveUp);
        resolve(resolution);
      };
      const giveUp = () => {
        name.callers.delete(settle);
        if (name.begunMs !== undefined) return;
        if (name.callers.size === 0) {
          places.withdraw(host);
          asked.delete(host);
        }
        resolve({ kind: 'crowded' });
      };
      name.callers.add(settle);
      patience?.addEventListener('abort', giveUp, { once: true });
      if (joined !== undefined) return;
      asked.set(host, name);
      if (places.enter(host)) begin(name);
    });
}

function lookUp(host: string, ask: typeof lookup): Promise<Resolution> {
  return new Promise((resolve) => {
    const fail = (error: unknown) => resolve({ kind: 'failed', errorCode: codeOf(error) });
    try {
      ask(host, { all: true, order: 'verbatim' }, (error, found) => {
        if (error) return fail(error);
        const addresses = found
          .slice(0, LIMITS.addresses)
          .map(({ address, family }): ResolvedAddress => ({ address, family: family === 6 ? 6 : 4 }));
        resolve(addresses.length === 0 ? { kind: 'failed', errorCode: 'ENODATA' } : { kind: 'resolved', addresses });
      });
    } catch (error) {
      // Node refuses some names before it asks.
      fail(error);
    }
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'ENOTFOUND';
}
