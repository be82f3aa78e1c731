/**
 * Which servers are asked, and in which order (page 9, C7). Pure. Healthy ones first, then degraded ones, then unreachable ones; of the last
 * two only those whose window is open, so that a person's call does not knock where the operator itself waits. It never changes what is
 * known about a server.
 */
import type { MCPServerSpec } from '../../api/v1alpha1/spec.ts';
import type { MCPServerStatus } from '../../api/v1alpha1/status.ts';

export interface Candidate {
  readonly namespace: string;
  readonly name: string;
  readonly spec: MCPServerSpec;
  /** Undefined: nothing is known, as in a file. */
  readonly status: Pick<MCPServerStatus, 'state' | 'failure'> | undefined;
}

export interface Ordered {
  readonly candidates: readonly Candidate[];
  /** Left out: their next probe is still to come. */
  readonly waiting: number;
  /** Left out: `spec.suspend`. */
  readonly suspended: number;
}

/** `preferred` are names; who is not among them comes behind them. `nowMs` is wall time. */
export function orderCandidates(found: readonly Candidate[], preferred: readonly string[], nowMs: number): Ordered {
  const active = found.filter(({ spec }) => !spec.suspend);
  const open = active.filter((candidate) => isOpen(candidate, nowMs));
  const rankOf = ({ name }: Candidate) => (preferred.includes(name) ? preferred.indexOf(name) : preferred.length);
  const candidates = open.toSorted(
    (a, b) =>
      standingOf(a) - standingOf(b) || rankOf(a) - rankOf(b) || compare(a.name, b.name) || compare(a.namespace, b.namespace),
  );
  return { candidates, waiting: active.length - open.length, suspended: found.length - active.length };
}

/** 0 healthy, 1 degraded or not known yet, 2 unreachable. */
function standingOf({ status }: Candidate): 0 | 1 | 2 {
  switch (status?.state) {
    case 'Available':
      return 0;
    case 'Transient':
    case 'Pending':
    case 'Suspended':
    case undefined:
      return 1;
    case 'Permanent':
    case 'Denied':
      return 2;
  }
}

/** The window of a failing server opens when its next probe is due; without such a time it is open. */
function isOpen(candidate: Candidate, nowMs: number): boolean {
  if (standingOf(candidate) === 0) return true;
  const dueMs = Date.parse(candidate.status?.failure?.nextProbeTime ?? '');
  return Number.isNaN(dueMs) || dueMs <= nowMs;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
