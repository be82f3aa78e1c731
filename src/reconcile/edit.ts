/**
 * What an edit of a spec means for what is already known. An edit of something that a probe does not depend on keeps the schedule;
 * an edit of the target or of the identity also makes the snapshot worthless (pages 2 and 9, B9).
 */
import { isDeepStrictEqual } from 'node:util';
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';

export type Edit =
  /** Nothing that matters to a probe. */
  | 'cosmetic'
  /** Time-outs, retries, TLS or transport settings: the schedule starts anew, the snapshot stays. */
  | 'settings'
  /** Another server or another identity: nothing that is known holds for it. */
  | 'target';

/** Compares two specs of the same object. */
export function compareSpecs(before: MCPServerSpec, after: MCPServerSpec): Edit {
  const differs = (...fields: (keyof MCPServerSpec)[]) => fields.some((field) => !isDeepStrictEqual(before[field], after[field]));
  if (differs('url', 'serviceRef', 'auth', 'headers')) return 'target';
  if (differs('transport', 'protocol', 'tls', 'probe', 'retry')) return 'settings';
  return 'cosmetic';
}
