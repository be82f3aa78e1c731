/**
 * Which era a server speaks (page 3.4). One attempt's conversation from the first request to the last list: a remembered or pinned era
 * is tried first, what a server's refusal says about the era is weighed, and refusals that say nothing about it end the attempt.
 */
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import type { Ended, Trouble } from './conversation.ts';
import {
  type Conversed,
  converseLegacy,
  converseModern,
  discover,
  type EraDeps,
  isLegacyVersion,
  MODERN_VERSION,
} from './eras.ts';
import type { Era } from './outcome.ts';

const CLIENT_CAPABILITY_REQUIRED = -32_021;
const UNSUPPORTED_VERSION = -32_022;

/** `negotiated`: the era was detected here, not remembered or pinned by an earlier probe. */
export type Negotiated = { readonly conversed: Conversed; readonly negotiated: boolean };

/** Speaks with the server in the era that fits. */
export async function negotiate(
  deps: EraDeps,
  protocol: MCPServerSpec['protocol'],
  remembered: Era | undefined,
): Promise<Negotiated> {
  if (protocol === 'Modern') return { conversed: await speakModern(deps), negotiated: remembered !== 'Modern' };
  if (protocol === 'Legacy') return { conversed: await converseLegacy(deps), negotiated: remembered !== 'Legacy' };
  if (remembered === 'Legacy') {
    const conversed = await converseLegacy(deps);
    if (conversed.kind !== 'failed' || !isEraEvidence(conversed.trouble)) return { conversed, negotiated: false };
    return { conversed: await detect(deps, conversed), negotiated: true };
  }
  const found = await discover(deps);
  if (found.kind === 'modern') return { conversed: await converseModern(deps, found), negotiated: remembered !== 'Modern' };
  return { conversed: await detectFrom(deps, found, undefined), negotiated: true };
}

/** Detection after `initialize` was refused already. */
async function detect(deps: EraDeps, initializeRefused: Ended): Promise<Conversed> {
  const found = await discover(deps);
  if (found.kind === 'modern') return converseModern(deps, found);
  return detectFrom(deps, found, initializeRefused);
}

/** `server/discover` did not lead to the modern era: what now? `initialized` is how `initialize` ended, where it was tried before. */
async function detectFrom(
  deps: EraDeps,
  found: Exclude<Awaited<ReturnType<typeof discover>>, { kind: 'modern' }>,
  initialized: Ended | undefined,
): Promise<Conversed> {
  if (found.kind === 'legacyOnly') return initialized ?? (await fallBack(deps, undefined));
  if (found.kind !== 'failed') return found;
  const { trouble } = found;
  const { rpcCode, supported } = { rpcCode: codeOf(trouble), supported: trouble.supported };
  if (rpcCode === UNSUPPORTED_VERSION && supported !== undefined) {
    if (supported.includes(MODERN_VERSION)) return speakModern(deps);
    if (!supported.some(isLegacyVersion)) return noCommonVersion(trouble);
  }
  if (!isEraEvidence(trouble) && !isVagueUnauthorized(trouble)) return found;
  if (initialized !== undefined) return initialized;
  const fallen = await fallBack(deps, rpcCode);
  // A server that wants a capability of ours speaks the modern era: its own words are the better cause.
  return rpcCode === CLIENT_CAPABILITY_REQUIRED && fallen.kind === 'failed' ? found : fallen;
}

async function fallBack(deps: EraDeps, discoverRpcCode: number | undefined): Promise<Conversed> {
  const conversed = await converseLegacy(deps);
  if (conversed.kind !== 'failed') return conversed;
  const { trouble } = conversed;
  if (trouble.method === 'initialize' && codeOf(trouble) === UNSUPPORTED_VERSION) {
    // −32022 in answer to `initialize` means a modern server, which had its chance.
    return noCommonVersion(trouble);
  }
  return discoverRpcCode === undefined || trouble.method !== 'initialize'
    ? conversed
    : { kind: 'failed', trouble: { ...trouble, discoverRpcCode } };
}

async function speakModern(deps: EraDeps): Promise<Conversed> {
  const found = await discover(deps);
  if (found.kind === 'modern') return converseModern(deps, found);
  if (found.kind === 'legacyOnly') return noCommonVersion({ method: 'server/discover', sessionSent: false });
  return found;
}

function noCommonVersion(trouble: Omit<Trouble, 'fact'>): Conversed {
  return { kind: 'failed', trouble: { ...trouble, fact: { kind: 'noCommonVersion', stage: 'rpc' } } };
}

function codeOf({ fact }: Trouble): number | undefined {
  if (fact.kind === 'rpcError') return fact.rpc.rpcCode;
  return fact.kind === 'httpStatus' ? fact.rpc?.rpcCode : undefined;
}

/** Client errors that a server, or a wall before it, gives whatever era and transport are spoken: authorization and overload. */
const SAYS_NOTHING: ReadonlySet<number> = new Set([401, 402, 403, 407, 408, 421, 425, 429, 451]);

/** Whether a 4xx is about the way in which we spoke, and not about who we are or how busy the server is. */
export function isAboutProtocol(httpStatus: number): boolean {
  return httpStatus >= 400 && httpStatus <= 499 && !SAYS_NOTHING.has(httpStatus);
}

/** Whether a refused handshake lets us conclude that the server speaks the other era. */
function isEraEvidence({ fact, method }: Trouble): boolean {
  if (method !== 'server/discover' && method !== 'initialize') return false;
  switch (fact.kind) {
    case 'rpcError':
      return true;
    case 'httpStatus':
      return isAboutProtocol(fact.httpStatus);
    case 'payload':
      return fact.problem === 'schema';
    case 'network':
    case 'deadline':
    case 'redirect':
    case 'limit':
    case 'noCommonVersion':
    case 'sessionLost':
    case 'reference':
    case 'authorizationServer':
    case 'forbidden':
    case 'invalidSpec':
    case 'unexpected':
      return false;
  }
}

/** A 401 with a JSON body and no challenge: some legacy servers answer unknown methods so. */
function isVagueUnauthorized({ fact, jsonBody }: Trouble): boolean {
  return fact.kind === 'httpStatus' && fact.httpStatus === 401 && fact.challenge === undefined && jsonBody === true;
}
