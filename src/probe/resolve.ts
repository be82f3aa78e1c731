/**
 * Host names to addresses, with the system's resolver, so that /etc/hosts, search domains and `ndots` hold. A look-up cannot be taken
 * back and occupies a thread of libuv's pool until it ends: look-ups of one name that is being looked up join it, and callers bound
 * their wait themselves. Nothing is kept once a look-up ended. Failures are values.
 */
import { lookup } from 'node:dns';
import { LIMITS } from './limits.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

export type Resolution =
  | { readonly kind: 'resolved'; readonly addresses: readonly ResolvedAddress[] }
  /** With Node's code: `ENOTFOUND`, `EAI_AGAIN`, … */
  | { readonly kind: 'failed'; readonly errorCode: string };

/** Finds the addresses of a host name. Never rejects and has no deadline of its own. */
export type Resolver = (host: string) => Promise<Resolution>;

/** The system's resolver. Names under way at once are bounded by the probes under way: 64 slots and 1,024 parked. */
export function createSystemResolver(): Resolver {
  const underWay = new Map<string, Promise<Resolution>>();
  return (host) => {
    const joined = underWay.get(host);
    if (joined !== undefined) return joined;
    const started = lookUp(host).finally(() => underWay.delete(host));
    underWay.set(host, started);
    return started;
  };
}

function lookUp(host: string): Promise<Resolution> {
  return new Promise((resolve) => {
    lookup(host, { all: true, order: 'verbatim' }, (error, found) => {
      if (error) {
        resolve({ kind: 'failed', errorCode: typeof error.code === 'string' ? error.code : 'ENOTFOUND' });
        return;
      }
      const addresses = found
        .slice(0, LIMITS.addresses)
        .map(({ address, family }): ResolvedAddress => ({ address, family: family === 6 ? 6 : 4 }));
      resolve(addresses.length === 0 ? { kind: 'failed', errorCode: 'ENODATA' } : { kind: 'resolved', addresses });
    });
  });
}
