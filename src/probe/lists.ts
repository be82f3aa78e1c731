/**
 * Reads the lists of what a server advertised, page by page, and digests each page as it comes, so that no page outlives its own turn.
 * It is the same for every era and transport. A list that is refused ends the probe with the cause; only `resources/templates/list`,
 * which nothing advertises by itself, may be absent.
 */
import { isAbsentList } from './classify-rpc.ts';
import type { Answer, Ended } from './conversation.ts';
import { isObject, type JSONObject } from './json-rpc.ts';
import { LIMITS } from './limits.ts';
import type { FailureFact, McpMethod, Snapshot, SnapshotList } from './outcome.ts';
import type { Sanitize } from './sanitize.ts';
import {
  assembleSnapshot,
  boundFeatures,
  createListDigester,
  type ListDigester,
  type ListKind,
  type OnName,
} from './snapshot.ts';

/** Sends one list request. */
export type Ask = (method: McpMethod, params: JSONObject) => Promise<Answer>;

export type ListsRead = { readonly kind: 'read'; readonly snapshot: Snapshot; readonly missingTools: readonly string[] } | Ended;

/** What is done between the handshake and the end of a conversation. A probe reads the lists; `call.ts` makes one call instead. */
export type Errand = (ask: Ask, advertised: Advertised, sanitize: Sanitize) => Promise<ListsRead>;

interface ListPlan {
  readonly feature: string;
  readonly method: McpMethod;
  readonly kind: ListKind;
}

/** The member of the result that holds the items has the name of the kind. */
const PLANS: readonly ListPlan[] = [
  { feature: 'tools', method: 'tools/list', kind: 'tools' },
  { feature: 'resources', method: 'resources/list', kind: 'resources' },
  { feature: 'resources', method: 'resources/templates/list', kind: 'resourceTemplates' },
  { feature: 'prompts', method: 'prompts/list', kind: 'prompts' },
];

/** What a server advertises, without the object that said so: that may take 16 MiB of memory for as long as the lists are read. */
export interface Advertised {
  /** Sanitized, sorted, bounded. */
  readonly features: readonly string[];
  readonly lists: ReadonlySet<string>;
}

/** Reads the server's own object of capabilities. */
export function readAdvertised(capabilities: JSONObject, sanitize: Sanitize): Advertised {
  return {
    features: boundFeatures(Object.keys(capabilities), sanitize),
    lists: new Set(PLANS.map(({ feature }) => feature).filter((feature) => isObject(capabilities[feature]))),
  };
}

/** At most 4 lists × 64 pages. Of `expectedTools` those are missing that no tool has for its name, letter by letter. */
export async function readLists(
  ask: Ask,
  advertised: Advertised,
  sanitize: Sanitize,
  expectedTools: readonly string[] = [],
): Promise<ListsRead> {
  const missing = new Set(expectedTools);
  const lists: Partial<Record<ListKind, SnapshotList>> = {};
  for (const plan of PLANS) {
    if (!advertised.lists.has(plan.feature)) continue;
    const read = await readList(ask, plan, sanitize, plan.kind === 'tools' ? (name) => missing.delete(name) : undefined);
    if (read === undefined) continue;
    if (read.kind !== 'list') return read;
    lists[plan.kind] = read.list;
  }
  const snapshot = assembleSnapshot({ features: advertised.features, ...lists });
  return { kind: 'read', snapshot, missingTools: [...missing] };
}

/** Undefined: there is no such list. */
async function readList(
  ask: Ask,
  plan: ListPlan,
  sanitize: Sanitize,
  onName: OnName | undefined,
): Promise<{ readonly kind: 'list'; readonly list: SnapshotList } | Ended | undefined> {
  const digester = createListDigester(plan.kind, sanitize, onName);
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let page = 1; ; page += 1) {
    const read = await readPage(ask, plan, digester, cursor);
    if (read.kind === 'absent') return page === 1 ? undefined : read.refusal;
    if (read.kind !== 'page') return read;
    const { next } = read;
    if (next === undefined) return { kind: 'list', list: digester.finish() };
    if (seen.has(next)) return failed(plan, payload('paginationLoop'));
    if (page === LIMITS.pages) return failed(plan, { kind: 'limit', stage: 'payload', limit: 'pages' });
    seen.add(next);
    cursor = next;
  }
}

type PageRead =
  | { readonly kind: 'page'; readonly next: string | undefined }
  | { readonly kind: 'absent'; readonly refusal: Ended }
  | Ended;

/** Asks for one page and digests it. A function of its own, so that nothing holds a page while the next one comes. */
async function readPage(ask: Ask, plan: ListPlan, digester: ListDigester, cursor: string | undefined): Promise<PageRead> {
  const answer = await ask(plan.method, cursor === undefined ? {} : { cursor });
  if (answer.kind === 'failed') {
    const { fact } = answer.trouble;
    const code = fact.kind === 'rpcError' ? fact.rpc.rpcCode : fact.kind === 'httpStatus' ? fact.rpc?.rpcCode : undefined;
    const refusal: Ended = { kind: 'failed', trouble: { ...answer.trouble, advertised: true } };
    return isAbsentList(plan.method, true, code) ? { kind: 'absent', refusal } : refusal;
  }
  if (answer.kind !== 'result') return answer;
  const { result } = answer;
  if (result['resultType'] === 'input_required') return failed(plan, payload('inputRequired'));
  const items = result[plan.kind];
  // Servers with generated JSON write null for a field that is not there.
  const next = result['nextCursor'] ?? undefined;
  if (!Array.isArray(items) || (next !== undefined && typeof next !== 'string')) return failed(plan, payload('schema'));
  if (next !== undefined && next.length > LIMITS.cursorChars) {
    return failed(plan, { kind: 'limit', stage: 'payload', limit: 'cursor' });
  }
  if (!digester.add(items)) return failed(plan, { kind: 'limit', stage: 'payload', limit: 'items' });
  return { kind: 'page', next };
}

function failed({ method }: ListPlan, fact: FailureFact): Ended {
  return { kind: 'failed', trouble: { fact, method, sessionSent: false, advertised: true } };
}

function payload(problem: 'inputRequired' | 'schema' | 'paginationLoop'): FailureFact {
  return { kind: 'payload', stage: 'payload', problem, httpStatus: 200 };
}
