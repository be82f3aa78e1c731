/**
 * What the API server was asked, from its own `apiserver_request_total`: the operator's word is not taken for it.
 */
import type { API } from './api.ts';

/** Requests by verb, resource and subresource, such as `PUT mcpservers/status`. */
export type RequestCounts = ReadonlyMap<string, number>;

/** Reads the counters. Requests of the bench itself are among them; it makes no GET of an object and no write while it counts. */
export async function readRequestCounts(api: API): Promise<RequestCounts> {
  return parseRequestCounts(await api.call({ method: 'GET', path: '/metrics', accept: 'text/plain' }));
}

/** Reads the text of `/metrics`; series that differ in other labels (code, dry run) are added up. */
export function parseRequestCounts(text: string): RequestCounts {
  const counts = new Map<string, number>();
  for (const [, labels = '', value = ''] of text.matchAll(/^apiserver_request_total\{([^}]*)\} (\S+)$/gm)) {
    const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    const subresource = label('subresource');
    const key = `${label('verb')} ${label('resource')}${subresource === '' ? '' : `/${subresource}`}`;
    counts.set(key, (counts.get(key) ?? 0) + Number(value));
  }
  return counts;
}

/** What was asked between two readings; only what is more than 0. */
export function difference(before: RequestCounts, after: RequestCounts): RequestCounts {
  const changed = [...after].map(([key, count]) => [key, count - (before.get(key) ?? 0)] as const);
  return new Map(changed.filter(([, count]) => count > 0));
}

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE', 'DELETECOLLECTION']);
/** Only the operator writes these here; leases are renewed by whoever is alive, the API server too. */
const OURS = /^(?:mcpservers|events)(?:\/|$)/;

/** Writes of MCPServers and events. */
export function countWrites(counts: RequestCounts): number {
  return sum(counts, (verb, resource) => WRITES.has(verb) && OURS.test(resource));
}

/** Writes of statuses of MCPServers. */
export function countStatusWrites(counts: RequestCounts): number {
  return sum(counts, (verb, resource) => WRITES.has(verb) && resource === 'mcpservers/status');
}

/** Reads of single objects of any kind that an operator may read. */
export function countGets(counts: RequestCounts): number {
  return sum(counts, (verb, resource) => verb === 'GET' && /^(?:mcpservers|secrets|configmaps|services)(?:\/|$)/.test(resource));
}

function sum(counts: RequestCounts, wanted: (verb: string, resource: string) => boolean): number {
  let total = 0;
  for (const [key, count] of counts) {
    const [verb = '', resource = ''] = key.split(' ');
    if (wanted(verb, resource)) total += count;
  }
  return total;
}
