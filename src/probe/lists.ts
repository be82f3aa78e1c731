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
import { assembleSnapshot, createListDigester, type ListKind } from './snapshot.ts';

/** Sends one list request. */
export type Ask = (method: McpMethod, params: JSONObject) => Promise<Answer>;

export type ListsRead = { readonly kind: 'read'; readonly snapshot: Snapshot } | Ended;

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

/** At most 4 lists × 64 pages. `capabilities` is the server's own object of advertised features. */
export async function readLists(ask: Ask, capabilities: JSONObject, sanitize: Sanitize): Promise<ListsRead> {
  const lists: Partial<Record<ListKind, SnapshotList>> = {};
  for (const plan of PLANS) {
    if (!isObject(capabilities[plan.feature])) continue;
    const read = await readList(ask, plan, sanitize);
    if (read === undefined) continue;
    if (read.kind !== 'list') return read;
    lists[plan.kind] = read.list;
  }
  const features = Object.keys(capabilities);
  return { kind: 'read', snapshot: assembleSnapshot({ features, ...lists }, sanitize) };
}

/** Undefined: there is no such list. */
async function readList(
  ask: Ask,
  plan: ListPlan,
  sanitize: Sanitize,
): Promise<{ readonly kind: 'list'; readonly list: SnapshotList } | Ended | undefined> {
  const digester = createListDigester(plan.kind, sanitize);
  const seen = new Set<string>();
  let cursor: string | undefined;
  const failed = (fact: FailureFact): Ended => ({
    kind: 'failed',
    trouble: { fact, method: plan.method, sessionSent: false, advertised: true },
  });
  for (let page = 1; ; page += 1) {
    const answer = await ask(plan.method, cursor === undefined ? {} : { cursor });
    if (answer.kind === 'failed') {
      const { fact } = answer.trouble;
      const code = fact.kind === 'rpcError' ? fact.rpc.rpcCode : fact.kind === 'httpStatus' ? fact.rpc?.rpcCode : undefined;
      if (page === 1 && isAbsentList(plan.method, true, code)) return undefined;
      return { kind: 'failed', trouble: { ...answer.trouble, advertised: true } };
    }
    if (answer.kind !== 'result') return answer;
    const { result } = answer;
    if (result['resultType'] === 'input_required') return failed(payload('inputRequired'));
    const items = result[plan.kind];
    const next = result['nextCursor'];
    // Servers with generated JSON write null for a field that is not there.
    if (!Array.isArray(items) || (next !== undefined && next !== null && typeof next !== 'string'))
      return failed(payload('schema'));
    if (!digester.add(items)) return failed({ kind: 'limit', stage: 'payload', limit: 'items' });
    if (typeof next !== 'string') return { kind: 'list', list: digester.finish() };
    if (seen.has(next)) return failed(payload('paginationLoop'));
    if (page === LIMITS.pages) return failed({ kind: 'limit', stage: 'payload', limit: 'pages' });
    seen.add(next);
    cursor = next;
  }
}

function payload(problem: 'inputRequired' | 'schema' | 'paginationLoop'): FailureFact {
  return { kind: 'payload', stage: 'payload', problem, httpStatus: 200 };
}
