/**
 * The state table of page 2: one row per situation, its status made by the real code, and what each of those who read a status must make
 * of it. The table of conditions (next-status.test.ts), Argo CD's and kstatus' verdicts (test/cluster/gitops.test.ts) and the test data
 * for Argo CD's own test runner (hack/gitops) come from it.
 */
import { API_VERSION, KIND } from '../../src/api/v1alpha1/group.ts';
import type { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import type { Outcome } from '../../src/probe/outcome.ts';
import type { Edit } from '../../src/reconcile/edit.ts';
import {
  type StatusFacts,
  statusAfterDeadline,
  statusAfterFailure,
  statusAfterSuccess,
  statusOfInvalidSpec,
  statusWhilePending,
  statusWhileSuspended,
} from '../../src/reconcile/next-status.ts';
import { judgeProgress } from '../../src/reconcile/progress.ts';
import { emptyStatus, FAILED, findingOf, specOf, verdictOf } from './samples.ts';

/** When everything here happens. */
export const NOW = Date.parse('2026-01-01T00:00:00Z');

/** Facts of a verdict on the first generation. */
export function facts(previous: MCPServerStatus, overlay: Partial<StatusFacts> = {}): StatusFacts {
  return { generation: 1, previous, edit: undefined, nowMs: NOW, probeID: 'p1', ...overlay };
}

/** The status after a failed probe. */
export function fail(
  previous: MCPServerStatus,
  outcome: Outcome,
  options: { failingForMs?: number; edit?: Edit; spec?: Record<string, unknown>; nowMs?: number } = {},
) {
  const verdict = verdictOf(outcome);
  const spec = specOf(options.spec);
  const reset = options.edit === 'target' || options.edit === 'settings';
  const progress = judgeProgress({ spec, previous, reset, failingForMs: options.failingForMs ?? 0 }, verdict);
  return statusAfterFailure(facts(previous, { edit: options.edit, nowMs: options.nowMs ?? NOW }), {
    spec,
    verdict,
    progress,
    attempts: 1,
    delayMs: 5000,
  });
}

/** The status after a probe that read all lists. */
export const succeed = (
  previous: MCPServerStatus,
  spec: Record<string, unknown> = {},
  overlay: Partial<StatusFacts> = {},
  tools = ['echo'],
  missingTools: readonly string[] = [],
) => statusAfterSuccess(facts(previous, overlay), specOf(spec), findingOf(tools, { missingTools }));

export interface StateRow {
  readonly situation: string;
  /** A word for files and objects. */
  readonly file: string;
  readonly generation: number;
  readonly status: MCPServerStatus;
  /** Beside the URL. */
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly argo: 'Healthy' | 'Progressing' | 'Degraded' | 'Suspended';
  /** Undefined where page 2 leaves it open. */
  readonly kstatus?: 'Current' | 'InProgress' | 'Failed';
}

/** The object of a row, as the API server would serve it. */
export function objectOf({ file, generation, spec, status }: StateRow) {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name: file, namespace: 'default', generation },
    spec: { url: 'https://mcp.example.com/mcp', ...spec },
    status,
  };
}

const available = succeed(emptyStatus());

/** Before the operator has written a byte: the schema's default, and a spec that the status does not know. */
export const UNWRITTEN: readonly StateRow[] = [
  {
    situation: 'new, nothing written',
    file: 'new',
    generation: 1,
    status: emptyStatus(),
    argo: 'Progressing',
    kstatus: 'InProgress',
  },
  {
    situation: 'edited, nothing written',
    file: 'edited',
    generation: 2,
    status: available,
    argo: 'Progressing',
    kstatus: 'InProgress',
  },
];

/** Every row of the table, with its state and its conditions as one line. */
export const STATE_TABLE: readonly (StateRow & { readonly state: string; readonly conditions: string })[] = [
  {
    situation: 'new, not yet probed',
    file: 'pending',
    generation: 1,
    argo: 'Progressing',
    kstatus: 'InProgress',
    status: statusWhilePending(facts(emptyStatus())),
    state: 'Pending',
    conditions: 'Ready=Unknown/ProbePending Reconciling=True/Progressing',
  },
  {
    situation: 'changed spec, not yet probed',
    file: 'pending-edited',
    generation: 2,
    argo: 'Progressing',
    kstatus: 'InProgress',
    status: statusWhilePending(facts(available, { generation: 2, edit: 'target' })),
    state: 'Pending',
    conditions: 'Ready=Unknown/ProbePending Reconciling=True/Progressing',
  },
  {
    situation: 'probe succeeded',
    file: 'available',
    generation: 1,
    argo: 'Healthy',
    kstatus: 'Current',
    status: available,
    state: 'Available',
    conditions: 'Ready=True/Available',
  },
  {
    situation: 'was Ready, transient failures below failureThreshold',
    file: 'transient-ready',
    generation: 1,
    argo: 'Healthy',
    kstatus: 'Current',
    status: fail(available, FAILED.unavailable),
    state: 'Transient',
    conditions: 'Ready=True/Available Transient=True/ServerUnavailable CapabilitiesStale=True/ServerUnavailable',
  },
  {
    situation: 'transient, within progressDeadline',
    file: 'transient',
    generation: 1,
    argo: 'Progressing',
    kstatus: 'InProgress',
    status: fail(emptyStatus(), FAILED.refused),
    state: 'Transient',
    conditions: 'Ready=False/ConnectionRefused Reconciling=True/ProgressingWithRetry Transient=True/ConnectionRefused',
  },
  {
    situation: 'transient for longer than progressDeadline',
    file: 'transient-overdue',
    generation: 1,
    argo: 'Degraded',
    kstatus: 'Failed',
    status: fail(fail(emptyStatus(), FAILED.refused), FAILED.refused, { failingForMs: 600_000 }),
    state: 'Permanent',
    conditions: 'Ready=False/ConnectionRefused Stalled=True/ProgressDeadlineExceeded Permanent=True/ConnectionRefused',
  },
  {
    situation: 'permanent, may settle, within progressDeadline',
    file: 'permanent-settling',
    generation: 1,
    argo: 'Progressing',
    kstatus: 'InProgress',
    status: fail(emptyStatus(), FAILED.notFound),
    state: 'Permanent',
    conditions: 'Ready=False/EndpointNotFound Reconciling=True/ProgressingWithRetry Permanent=True/EndpointNotFound',
  },
  {
    situation: 'permanent, may settle, after progressDeadline',
    file: 'permanent-settled',
    generation: 1,
    argo: 'Degraded',
    kstatus: 'Failed',
    status: fail(fail(emptyStatus(), FAILED.notFound), FAILED.notFound, { failingForMs: 600_000 }),
    state: 'Permanent',
    conditions: 'Ready=False/EndpointNotFound Stalled=True/EndpointNotFound Permanent=True/EndpointNotFound',
  },
  {
    situation: 'permanent otherwise',
    file: 'permanent',
    generation: 1,
    argo: 'Degraded',
    kstatus: 'Failed',
    status: fail(emptyStatus(), FAILED.badRequest),
    state: 'Permanent',
    conditions: 'Ready=False/BadRequest Stalled=True/BadRequest Permanent=True/BadRequest',
  },
  {
    situation: 'denied',
    file: 'denied',
    generation: 1,
    argo: 'Degraded',
    kstatus: 'Failed',
    status: fail(available, FAILED.denied),
    state: 'Denied',
    conditions:
      'Ready=False/AuthenticationRequired Stalled=True/AuthenticationRequired Denied=True/AuthenticationRequired CapabilitiesStale=True/AuthenticationRequired',
  },
  {
    situation: 'lists read, expected tools missing',
    file: 'tools-missing',
    generation: 1,
    argo: 'Degraded',
    kstatus: 'Failed',
    status: succeed(emptyStatus(), { expect: { tools: ['echo', 'search'] } }, {}, ['echo'], ['search']),
    state: 'Available',
    conditions: 'Ready=False/ToolsMissing Stalled=True/ToolsMissing ExpectationsUnmet=True/ToolsMissing',
  },
  {
    situation: 'digest pinned with Require, differs',
    file: 'digest-mismatch',
    generation: 1,
    argo: 'Degraded',
    kstatus: 'Failed',
    status: succeed(emptyStatus(), { drift: { policy: 'Require', digest: `sha256:${'0'.repeat(64)}` } }),
    state: 'Available',
    conditions: 'Ready=False/DigestMismatch Stalled=True/DigestMismatch CapabilitiesDrifted=True/DigestMismatch',
  },
  {
    situation: 'digest pinned with Report, differs',
    file: 'digest-reported',
    generation: 1,
    argo: 'Healthy',
    kstatus: 'Current',
    status: succeed(emptyStatus(), { drift: { policy: 'Report', digest: `sha256:${'0'.repeat(64)}` } }),
    state: 'Available',
    conditions: 'Ready=True/Available CapabilitiesDrifted=True/DigestMismatch',
  },
  {
    situation: 'suspended keeps the last Ready',
    file: 'suspended',
    generation: 2,
    argo: 'Suspended',
    spec: { suspend: true },
    status: statusWhileSuspended(facts(available, { generation: 2 })),
    state: 'Suspended',
    conditions: 'Ready=True/Available',
  },
  {
    situation: 'suspended before the first probe',
    file: 'suspended-unprobed',
    generation: 1,
    argo: 'Suspended',
    spec: { suspend: true },
    status: statusWhileSuspended(facts(emptyStatus())),
    state: 'Suspended',
    conditions: 'Ready=Unknown/Suspended',
  },
  {
    situation: 'a spec that does not fit the schema',
    file: 'invalid-spec',
    generation: 1,
    argo: 'Degraded',
    kstatus: 'Failed',
    status: statusOfInvalidSpec(facts(emptyStatus()), { path: 'spec.url' }),
    state: 'Permanent',
    conditions: 'Ready=False/InvalidSpec Stalled=True/InvalidSpec Permanent=True/InvalidSpec',
  },
  {
    situation: 'transient for longer than progressDeadline, told without a probe',
    file: 'transient-deadline',
    generation: 1,
    argo: 'Degraded',
    kstatus: 'Failed',
    status: statusAfterDeadline(facts(fail(emptyStatus(), FAILED.refused), { nowMs: NOW + 600_000 }), specOf()),
    state: 'Permanent',
    conditions: 'Ready=False/ConnectionRefused Stalled=True/ProgressDeadlineExceeded Permanent=True/ConnectionRefused',
  },
];
