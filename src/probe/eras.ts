/**
 * The two eras of the protocol as conversations over a channel: Modern (2026-07-28: stateless, `server/discover`) and Legacy (2024-11-05 …
 * 2025-11-25: `initialize`, sessions). Each opens with a handshake and then reads the lists. A session that a server issued is ended on
 * every exit. Which era is tried when is decided elsewhere.
 */
import type { Channel, Ended, Trouble } from './conversation.ts';
import { isObject, type JSONObject, readVersions } from './json-rpc.ts';
import { type Advertised, type Errand, type ListsRead, readAdvertised, readLists } from './lists.ts';
import type { Era, FailureFact, Finding, McpMethod } from './outcome.ts';
import type { Sanitize } from './sanitize.ts';

export const MODERN_VERSION = '2026-07-28';
/** Offered to legacy servers. */
export const LEGACY_VERSION = '2025-11-25';
const LEGACY_VERSIONS: ReadonlySet<string> = new Set([LEGACY_VERSION, '2025-06-18', '2025-03-26', '2024-11-05']);

export interface EraDeps {
  readonly channel: Channel;
  readonly sanitize: Sanitize;
  /** `expect.tools`; default none. */
  readonly expectedTools?: readonly string[];
  readonly clientInfo: { readonly name: string; readonly version: string };
  /** Default: read the lists. It may be asked twice, where a lost session is begun anew. */
  readonly errand?: Errand;
}

/** What a whole conversation found. */
export type Learned = Pick<Finding, 'era' | 'protocolVersion' | 'server' | 'snapshot' | 'missingTools'>;
export type Conversed = { readonly kind: 'learned'; readonly learned: Learned } | Ended;

export type Discovered =
  | { readonly kind: 'modern'; readonly advertised: Advertised; readonly server: Finding['server'] }
  /** The server speaks legacy versions only (the Go SDK's way to say so). */
  | { readonly kind: 'legacyOnly' }
  | Ended;

/** Whether `version` is one of the legacy era that we speak. */
export function isLegacyVersion(version: string): boolean {
  return LEGACY_VERSIONS.has(version);
}

/** `server/discover` (2026-07-28). */
export async function discover(deps: EraDeps): Promise<Discovered> {
  const method = 'server/discover';
  const answer = await deps.channel.call({ method, params: modernParams(deps, {}), version: MODERN_VERSION, era: 'Modern' });
  if (answer.kind !== 'result') return answer;
  const { result } = answer;
  const versions = readVersions(result['supportedVersions']);
  const capabilities = result['capabilities'];
  const trouble: Omit<Trouble, 'fact'> = { method, sessionSent: false };
  if (versions === undefined || !isObject(capabilities)) {
    return {
      kind: 'failed',
      trouble: { ...trouble, fact: { kind: 'payload', stage: 'payload', problem: 'schema', httpStatus: 200 } },
    };
  }
  if (versions.includes(MODERN_VERSION)) {
    const meta = result['_meta'];
    const info = isObject(meta) ? meta['io.modelcontextprotocol/serverInfo'] : undefined;
    const advertised = readAdvertised(capabilities, deps.sanitize);
    return { kind: 'modern', advertised, server: readServer(info ?? result['serverInfo'], deps.sanitize) };
  }
  if (versions.some(isLegacyVersion)) return { kind: 'legacyOnly' };
  return { kind: 'failed', trouble: { ...trouble, fact: { kind: 'noCommonVersion', stage: 'rpc' } } };
}

/** The rest of a modern conversation: there is nothing to clean up. */
export async function converseModern(deps: EraDeps, found: Extract<Discovered, { kind: 'modern' }>): Promise<Conversed> {
  const read = await errandOf(deps)(
    (method, params) => deps.channel.call({ method, params: modernParams(deps, params), version: MODERN_VERSION, era: 'Modern' }),
    found.advertised,
    deps.sanitize,
  );
  return conclude(read, 'Modern', MODERN_VERSION, found.server);
}

/** A whole legacy conversation. A lost session is begun anew once (page 3.2); lost again, it is the finding. */
export async function converseLegacy(deps: EraDeps): Promise<Conversed> {
  const first = await converseOnce(deps);
  if (first.kind !== 'failed' || !isSessionLost(first.trouble)) return first;
  const second = await converseOnce(deps);
  if (second.kind !== 'failed' || !isSessionLost(second.trouble)) return second;
  return { kind: 'failed', trouble: { ...second.trouble, fact: { kind: 'sessionLost', stage: 'session' } } };
}

async function converseOnce(deps: EraDeps): Promise<Conversed> {
  const { channel } = deps;
  let session: string | undefined;
  let version: string | undefined;
  try {
    const opened = await initialize(deps, (id) => {
      session = id;
    });
    if (opened.kind !== 'initialized') return opened;
    version = opened.version;
    const common = { era: 'Legacy', version, ...(session === undefined ? {} : { session }) } as const;
    const refused = await channel.notify({ method: 'notifications/initialized', params: {}, ...common });
    if (refused !== undefined) return refused;
    const ask = (method: McpMethod, params: JSONObject) => channel.call({ method, params, ...common });
    return conclude(await errandOf(deps)(ask, opened.advertised, deps.sanitize), 'Legacy', version, opened.server);
  } finally {
    if (session !== undefined) await channel.endSession(session, version);
  }
}

function errandOf({ errand, expectedTools }: EraDeps): Errand {
  return errand ?? ((ask, advertised, sanitize) => readLists(ask, advertised, sanitize, expectedTools));
}

type Initialized =
  | {
      readonly kind: 'initialized';
      readonly version: string;
      readonly advertised: Advertised;
      readonly server: Finding['server'];
    }
  | Ended;

async function initialize(deps: EraDeps, onSession: (id: string) => void): Promise<Initialized> {
  const method = 'initialize';
  const params = { protocolVersion: LEGACY_VERSION, capabilities: {}, clientInfo: deps.clientInfo };
  const answer = await deps.channel.call({ method, params, era: 'Legacy', onSession });
  if (answer.kind !== 'result') return answer;
  const { protocolVersion, capabilities, serverInfo } = answer.result;
  const failed = (fact: FailureFact): Ended => ({ kind: 'failed', trouble: { method, sessionSent: false, fact } });
  if (typeof protocolVersion !== 'string' || !isObject(capabilities)) {
    return failed({ kind: 'payload', stage: 'payload', problem: 'schema', httpStatus: 200 });
  }
  if (!isLegacyVersion(protocolVersion)) return failed({ kind: 'noCommonVersion', stage: 'rpc' });
  const advertised = readAdvertised(capabilities, deps.sanitize);
  return { kind: 'initialized', version: protocolVersion, advertised, server: readServer(serverInfo, deps.sanitize) };
}

/** Page 4, row 36. A method that does not exist is no lost session, whatever the status around it. */
function isSessionLost({ fact, sessionSent }: Trouble): boolean {
  if (!sessionSent) return false;
  if (fact.kind === 'rpcError') return fact.rpc.mark === 'sessionNotFound';
  if (fact.kind !== 'httpStatus') return false;
  if (fact.httpStatus === 404) return true;
  return (
    (fact.httpStatus === 400 || fact.httpStatus === 200) &&
    (fact.mark === 'sessionNotFound' || fact.rpc?.mark === 'sessionNotFound')
  );
}

function conclude(read: ListsRead, era: Era, protocolVersion: string, server: Finding['server']): Conversed {
  if (read.kind !== 'read') return read;
  return { kind: 'learned', learned: { era, protocolVersion, server, snapshot: read.snapshot, missingTools: read.missingTools } };
}

function modernParams(deps: EraDeps, params: JSONObject): JSONObject {
  return {
    ...params,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': MODERN_VERSION,
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': deps.clientInfo,
    },
  };
}

/** The status holds 256 characters of name and title, 128 of version. A server that does not say who it is has empty ones. */
function readServer(info: unknown, sanitize: Sanitize): Finding['server'] {
  const { name, version, title } = isObject(info) ? info : {};
  return {
    name: typeof name === 'string' ? sanitize(name, 256) : '',
    version: typeof version === 'string' ? sanitize(version, 128) : '',
    ...(typeof title === 'string' && title !== '' ? { title: sanitize(title, 256) } : {}),
  };
}
