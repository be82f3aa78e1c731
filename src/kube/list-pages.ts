/**
 * A whole list, page by page. All pages show the state at one resourceVersion, and it is read from the store itself, never from an older
 * cache: what it says is what a fresh look says.
 *
 * When the server forgets the list half way (410 on a continue token) it begins again, the second time without pages, as client-go
 * does. It keeps nothing but what `onItem` keeps.
 */
import type { KubeClient, KubeFailure } from './client.ts';
import { parseJSON } from './response.ts';

export interface ListRequest {
  readonly path: string;
  readonly pageSize: number;
  /** As the API server reads it; at most as long as a URL. Default: every object. */
  readonly labelSelector?: string;
  readonly signal: AbortSignal;
  /** The list begins, or begins again: forget the items of before. */
  readonly onBegin: () => void;
  readonly onItem: (object: unknown) => void;
}

export type ListEnd =
  | { readonly kind: 'listed'; readonly resourceVersion: string }
  /** The answer is no list. */
  | { readonly kind: 'garbage' }
  | KubeFailure;

const LIST_TIMEOUT_MS = 60_000;
/** 500 objects with 64 KiB of status, as much spec and their managed fields: 500 · 160 KiB = 80 MiB. */
const MAX_PAGE_BYTES = 96 * 1024 * 1024;
/** Without pages: ten of them. */
const MAX_WHOLE_BYTES = 480 * 1024 * 1024;
/** 20,000 pages of 500 are ten million objects: a server that goes on for ever is stopped. */
const MAX_PAGES = 20_000;

/** Lists until the end or the first failure. Never rejects. */
export async function listPages(client: KubeClient, request: ListRequest): Promise<ListEnd> {
  const first = await listOnce(client, request, request.pageSize);
  if (!isExpired(first)) return first;
  const second = await listOnce(client, request, request.pageSize);
  return isExpired(second) ? listOnce(client, request, undefined) : second;
}

function isExpired(end: ListEnd): boolean {
  return end.kind === 'status' && end.status === 410;
}

async function listOnce(client: KubeClient, request: ListRequest, pageSize: number | undefined): Promise<ListEnd> {
  request.onBegin();
  let next = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const query: Record<string, string> = {};
    if (pageSize !== undefined) query['limit'] = String(pageSize);
    if (next !== '') query['continue'] = next;
    if (request.labelSelector !== undefined) query['labelSelector'] = request.labelSelector;
    const result = await client.request({
      method: 'GET',
      path: request.path,
      query,
      timeoutMs: LIST_TIMEOUT_MS,
      signal: request.signal,
      maxBodyBytes: pageSize === undefined ? MAX_WHOLE_BYTES : MAX_PAGE_BYTES,
    });
    if (result.kind !== 'ok') return result;
    const list = parseJSON(result.body) as
      | { metadata?: { resourceVersion?: unknown; continue?: unknown }; items?: unknown }
      | undefined;
    const resourceVersion = list?.metadata?.resourceVersion;
    // `items: null` is how an empty Go slice may look.
    const items = list?.items ?? [];
    if (typeof resourceVersion !== 'string' || !Array.isArray(items)) return { kind: 'garbage' };
    for (const item of items) request.onItem(item);
    const token = list?.metadata?.continue;
    if (typeof token !== 'string' || token === '') return { kind: 'listed', resourceVersion };
    next = token;
  }
  return { kind: 'garbage' };
}
