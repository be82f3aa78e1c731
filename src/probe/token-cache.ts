/**
 * Access tokens between probes. A token is kept until 30 s before it expires, under a key that holds everything it depends on, its
 * namespace first; so two objects share one only when they would have asked the same question. Requests for one key run one at a time.
 * It holds tokens in memory alone, within a bound of bytes, and never a failure.
 */
import type { Clock } from '../platform/clock.ts';
import type { Credential } from './credential.ts';
import type { Lifeline } from './lifeline.ts';
import type { Ending } from './oauth-http.ts';
import type { TokenIssued } from './token-request.ts';

/** A token that is about to expire might do so on its way. */
const MARGIN_MS = 30_000;
/** How long a token is kept whose lifetime is not told. */
const UNKNOWN_LIFETIME_MS = 60_000;
/**
 * 8 MiB of tokens: 16,000 opaque ones, 4,800 of 1.2 KiB as JWTs usually are, 670 of the longest (12 KiB). The one that was not used for
 * longest goes first and costs one request more when it is needed again.
 */
const MAX_BYTES = 8 * 1024 * 1024;
/** Key, entry and slot in the map, beside the token and its header. */
const ENTRY_BYTES = 384;
/** Tokens of objects that are gone do not stay for long. */
const SWEEP_INTERVAL_MS = 60_000;

export type TokenObtained = { readonly kind: 'obtained'; readonly token: Credential } | Ending;

export interface TokenCache {
  /**
   * The token of `key`: out of the memory, or from `request`, or from somebody else's request that is under way. `lifeline` is the
   * caller's, and bounds its wait for others.
   */
  obtain(key: string, lifeline: Lifeline, request: () => Promise<TokenIssued>): Promise<TokenObtained>;
  /** Forgets `token`, which a server refused. A newer one of the same key stays. */
  drop(key: string, token: Credential): void;
  /** Tokens kept, and what they are counted as. */
  size(): { readonly tokens: number; readonly bytes: number };
}

interface Entry {
  readonly token: Credential;
  readonly until: number;
  readonly bytes: number;
}

/** Creates an empty cache. One serves all objects of a prober. */
export function createTokenCache(clock: Clock, maxBytes = MAX_BYTES): TokenCache {
  /** In the order of use, the longest unused first. */
  const entries = new Map<string, Entry>();
  const underWay = new Map<string, Promise<TokenIssued>>();
  let bytes = 0;
  let sweptMs = clock.monotonicMs();

  const remove = (key: string) => {
    bytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };
  const find = (key: string): Credential | undefined => {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    entries.delete(key);
    if (entry.until > clock.monotonicMs()) {
      entries.set(key, entry);
      return entry.token;
    }
    bytes -= entry.bytes;
    return undefined;
  };
  const sweep = (nowMs: number) => {
    if (nowMs - sweptMs < SWEEP_INTERVAL_MS) return;
    sweptMs = nowMs;
    for (const [key, { until }] of entries) if (until <= nowMs) remove(key);
  };
  const keep = (key: string, token: Credential, expiresAtMs: number | undefined) => {
    const nowMs = clock.monotonicMs();
    sweep(nowMs);
    const until = expiresAtMs === undefined ? nowMs + UNKNOWN_LIFETIME_MS : expiresAtMs - MARGIN_MS;
    remove(key);
    if (until <= nowMs) return;
    // Value and header, one byte a character.
    const entry: Entry = { token, until, bytes: ENTRY_BYTES + 2 * token.reveal().length };
    entries.set(key, entry);
    bytes += entry.bytes;
    for (const oldest of entries.keys()) {
      if (bytes <= maxBytes) break;
      remove(oldest);
    }
  };
  const lead = async (key: string, request: () => Promise<TokenIssued>): Promise<TokenIssued> => {
    const asked = request();
    underWay.set(key, asked);
    try {
      const issued = await asked;
      if (issued.kind === 'issued') keep(key, issued.token, issued.expiresAtMs);
      return issued;
    } finally {
      underWay.delete(key);
    }
  };

  return {
    async obtain(key, lifeline, request) {
      // Each turn outlasts one request of somebody else, and `lifeline` bounds them all.
      for (;;) {
        const token = find(key);
        if (token !== undefined) return { kind: 'obtained', token };
        const other = underWay.get(key);
        if (other === undefined) return describe(await lead(key, request));
        const raced = await lifeline.race(other);
        if (raced.kind === 'stopped') return raced.why === 'aborted' ? { kind: 'aborted' } : OVERDUE;
        if (!isOwnEnd(raced.value)) return describe(raced.value);
      }
    },
    drop(key, token) {
      if (entries.get(key)?.token.reveal() === token.reveal()) remove(key);
    },
    size: () => ({ tokens: entries.size, bytes }),
  };
}

const OVERDUE: Ending = {
  kind: 'refused',
  fact: { kind: 'authorizationServer', stage: 'credentials', problem: 'unavailable', timedOut: true },
};

function describe(issued: TokenIssued): TokenObtained {
  return issued.kind === 'issued' ? { kind: 'obtained', token: issued.token } : issued;
}

/** An end that was the asker's own and says nothing to those who waited with it: it was stopped, or its time was over. */
function isOwnEnd(issued: TokenIssued): boolean {
  switch (issued.kind) {
    case 'issued':
      return false;
    case 'aborted':
    case 'unavailable':
      return true;
    case 'refused':
      return issued.fact.kind === 'authorizationServer' && issued.fact.timedOut === true;
  }
}
