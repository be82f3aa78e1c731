/**
 * Which transport a server speaks (page 3.4). A pinned or remembered one is used first; else Streamable HTTP in the era that fits, and
 * when `initialize` is refused in a way that only says "not like this", HTTP+SSE at the same URL. When neither works it decides which of
 * the two refusals is told. One socket serves the detection, and at most two are open.
 */
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import type { Ended, Trouble } from './conversation.ts';
import { type Conversed, converseLegacy, type EraDeps } from './eras.ts';
import { createHTTPSender, type SenderDeps } from './http-sender.ts';
import { isAboutProtocol, type Negotiated, negotiate } from './negotiate.ts';
import type { FailureFact, Transport } from './outcome.ts';
import type { ProbeRequest } from './ports.ts';
import { createSSEChannel } from './sse-channel.ts';
import { createStreamableHTTP } from './streamable-http.ts';

/** `negotiated`: era and transport were detected here, not remembered or pinned by an earlier probe. */
export interface Spoken extends Negotiated {
  readonly transport: Transport;
}

type Wanted = Pick<MCPServerSpec, 'transport' | 'protocol'>;
type SpeakDeps = Omit<EraDeps, 'channel'>;
type Failed = Extract<Ended, { kind: 'failed' }>;

/** One attempt's conversation, over the transport that fits. Its sockets are freed when it resolves. */
export async function speak(
  connect: SenderDeps,
  deps: SpeakDeps,
  wanted: Wanted,
  remembered: ProbeRequest['remembered'],
): Promise<Spoken> {
  const sender = createHTTPSender(connect);
  const streamable = { ...deps, channel: createStreamableHTTP(connect, sender) };
  const sse = { ...deps, channel: createSSEChannel(connect, sender) };
  const { transport, protocol } = wanted;
  try {
    const overSSE = async (): Promise<Conversed> => converseLegacy(sse);
    const overStreamable = async (): Promise<Spoken> => {
      const era = remembered?.transport === 'StreamableHTTP' ? remembered.era : undefined;
      return { ...(await negotiate(streamable, protocol, era)), transport: 'StreamableHTTP' };
    };
    if (transport === 'SSE') {
      return { conversed: await overSSE(), negotiated: remembered?.transport !== 'SSE', transport: 'SSE' };
    }
    // HTTP+SSE is older than the modern era: who pins the era has pinned the transport.
    if (transport === 'StreamableHTTP' || protocol === 'Modern') return await overStreamable();
    const known = remembered?.transport === 'SSE' ? await overSSE() : undefined;
    if (known !== undefined && !isNoLongerSSE(known)) return { conversed: known, negotiated: false, transport: 'SSE' };
    const first = await overStreamable();
    if (!leadsToSSE(first.conversed)) return first;
    const second = known ?? (await overSSE());
    if (second.kind === 'failed' && tellsLess(second.trouble, first.conversed.trouble)) return first;
    return { conversed: second, negotiated: true, transport: 'SSE' };
  } finally {
    sse.channel.close();
    sender.close();
  }
}

/** What −32020, −32021 and −32022 have in common: only a server of the modern era knows them. */
const MODERN_CODES: ReadonlySet<number | undefined> = new Set([-32_020, -32_021, -32_022]);

/** 400, 404 or 405 to `initialize`, unless a JSON-RPC error, there or to `server/discover`, shows a server of the modern era. */
function leadsToSSE(conversed: Conversed): conversed is Failed {
  if (conversed.kind !== 'failed') return false;
  const { fact, method, sessionSent, discoverRpcCode } = conversed.trouble;
  if (fact.kind !== 'httpStatus' || method !== 'initialize' || sessionSent) return false;
  if (MODERN_CODES.has(fact.rpc?.rpcCode) || MODERN_CODES.has(discoverRpcCode)) return false;
  return fact.httpStatus === 400 || fact.httpStatus === 404 || fact.httpStatus === 405;
}

/**
 * Which refusal is told when neither transport works. A GET that was refused for being a GET adds nothing to the refusal of the POST; a
 * wall, an overload, a broken network or a stream that went wrong does. Where the POST was refused in JSON-RPC, the server speaks there,
 * and a stream without an endpoint is not the place to look.
 */
function tellsLess(get: Trouble, post: Trouble): boolean {
  if (isNoSSE(get)) return true;
  const refusedInRpc = post.fact.kind === 'httpStatus' && post.fact.rpc !== undefined;
  return refusedInRpc && isWithoutEndpoint(get);
}

/** Whether a server that spoke HTTP+SSE at the last probe speaks something else by now. */
function isNoLongerSSE(conversed: Conversed): boolean {
  return conversed.kind === 'failed' && (isNoSSE(conversed.trouble) || isWithoutEndpoint(conversed.trouble));
}

/** A stream came, and no endpoint in it. */
function isWithoutEndpoint({ fact, sessionSent }: Trouble): boolean {
  if (sessionSent) return false;
  return fact.kind === 'payload' || (fact.kind === 'deadline' && fact.stage === 'payload' && fact.scope === 'request');
}

/** Whether the answer to the GET shows that no HTTP+SSE is spoken there. */
function isNoSSE({ fact, sessionSent }: Trouble): boolean {
  return !sessionSent && isOtherAnswer(fact);
}

function isOtherAnswer(fact: FailureFact): boolean {
  switch (fact.kind) {
    case 'httpStatus':
      // 501 is how simple servers refuse a method.
      return isAboutProtocol(fact.httpStatus) || fact.httpStatus === 501 || fact.httpStatus < 200 || fact.httpStatus > 599;
    case 'payload':
      return fact.problem === 'html' || fact.problem === 'noContent' || fact.problem === 'empty' || fact.problem === 'notJSON';
    case 'redirect':
      // A way to a login page is a wall.
      return fact.why !== 'otherOrigin' || (fact.httpStatus !== 302 && fact.httpStatus !== 303);
    case 'network':
    case 'deadline':
    case 'limit':
    case 'rpcError':
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
