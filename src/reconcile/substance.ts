/**
 * Whether two statuses say the same. Moments alone are no news (page 5.5): a status that differs from the one that stands there only in
 * its times is not written, so a steady fleet costs the API server nothing.
 */
import type { MCPServerStatus } from '../api/v1alpha1/status.ts';

const TIMES: ReadonlySet<string> = new Set([
  'lastTransitionTime',
  'negotiatedAt',
  'capturedAt',
  'since',
  'nextProbeTime',
  'time',
  'lastSuccessTime',
]);

/** True when nothing but times differs. The order of an object's fields does not matter, the order of a list does. */
export function sameSubstance(a: MCPServerStatus, b: MCPServerStatus): boolean {
  return same(a, b);
}

// Recursion is bounded by the depth of the status schema (5), since both sides were parsed by it.
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]));
  if (!isRecord(a) || !isRecord(b)) return false;
  for (const key of Object.keys(b)) {
    if (!TIMES.has(key) && b[key] !== undefined && a[key] === undefined) return false;
  }
  return Object.keys(a).every((key) => TIMES.has(key) || same(a[key], b[key]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
