/**
 * A report of the prober as the status that the operator would write for a new object, and as an exit code. Pure.
 */
import { type MCPServerStatus, MCPServerStatus as StatusSchema } from '../api/v1alpha1/status.ts';
import type { ProbeReport } from '../probe/ports.ts';
import { statusAfterFailure, statusAfterSuccess } from '../reconcile/next-status.ts';
import { judgeProgress } from '../reconcile/progress.ts';
import type { DeclaredServer } from './manifest.ts';

export interface JudgedServer {
  readonly server: DeclaredServer;
  readonly report: ProbeReport;
  /** Undefined when the probe ended without a verdict. */
  readonly status: MCPServerStatus | undefined;
}

/** The status of a first probe. It names no next probe: nobody will make one. */
export function judgeServer(server: DeclaredServer, report: ProbeReport, at: { nowMs: number; probeID: string }): JudgedServer {
  const { verdict, attempts } = report;
  if (verdict.kind === 'none') return { server, report, status: undefined };
  const previous = StatusSchema.parse({});
  const facts = { generation: 1, previous, edit: undefined, ...at };
  if (verdict.kind === 'available') {
    return { server, report, status: statusAfterSuccess(facts, server.spec, verdict.finding) };
  }
  const progress = judgeProgress({ spec: server.spec, previous, reset: false, failingForMs: 0 }, verdict);
  const status = statusAfterFailure(facts, { spec: server.spec, verdict, progress, attempts, delayMs: 0 });
  const { nextProbeTime: _, ...failure } = status.failure ?? {};
  return { server, report, status: StatusSchema.parse({ ...status, failure }) };
}

/** 0 ready, 2 transient, 3 permanent, 4 denied, 5 available but not ready, 1 no verdict. */
export function exitCodeOf({ status }: JudgedServer): number {
  switch (status?.state) {
    case 'Available':
      return readyOf(status)?.status === 'True' ? 0 : 5;
    case 'Transient':
      return 2;
    case 'Permanent':
      return 3;
    case 'Denied':
      return 4;
    case 'Pending':
    case 'Suspended':
    case undefined:
      return 1;
  }
}

/** The condition that says whether all is well. */
export function readyOf(status: MCPServerStatus) {
  return status.conditions?.find(({ type }) => type === 'Ready');
}
