/**
 * Objects, verdicts and findings for tests of the reconcile room.
 */
import type { RawMCPServer } from '../../src/api/v1alpha1/mcpserver.ts';
import { parseSpec } from '../../src/api/v1alpha1/mcpserver.ts';
import type { MCPServerSpec } from '../../src/api/v1alpha1/spec.ts';
import { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import { classifyOutcome } from '../../src/probe/classify.ts';
import type { Failure, FailureFact, Finding, Outcome } from '../../src/probe/outcome.ts';
import { createSnapshot } from '../../src/probe/snapshot.ts';
import type { FailureVerdict } from '../../src/probe/verdict.ts';

/** A spec with every default filled in. Throws when the overlay does not fit: a mistake in a test. */
export function specOf(overlay: Record<string, unknown> = {}): MCPServerSpec {
  const parsed = parseSpec({ url: 'http://127.0.0.1:9/mcp', ...overlay });
  if (parsed.kind === 'invalid') throw new Error(`test spec does not fit: ${parsed.path}`);
  return parsed.value;
}

export interface RawOptions {
  readonly name?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly resourceVersion?: string;
  readonly annotations?: Record<string, string>;
  readonly spec?: Record<string, unknown>;
  readonly status?: unknown;
}

export function rawOf(options: RawOptions = {}): RawMCPServer {
  const { name = 'a', uid = 'uid-a', generation = 1, resourceVersion = '1', annotations, spec = {}, status } = options;
  return {
    metadata: { namespace: 'default', name, uid, generation, resourceVersion, ...(annotations !== undefined && { annotations }) },
    spec: { url: 'http://127.0.0.1:9/mcp', ...spec },
    status: status ?? { observedGeneration: -1, state: 'Pending' },
  };
}

export const emptyStatus = (): MCPServerStatus => MCPServerStatus.parse({});

/** A finding that offers tools of these names. */
export function findingOf(tools: readonly string[] = ['echo'], overlay: Partial<Finding> = {}): Finding {
  const items = tools.map((name) => ({ name, inputSchema: { type: 'object' } }));
  const snapshot = createSnapshot({ features: ['tools'], tools: items }, (text) => text);
  if (snapshot === undefined) throw new Error('test snapshot does not fit');
  return {
    url: 'http://127.0.0.1:9/mcp',
    transport: 'StreamableHTTP',
    era: 'Modern',
    protocolVersion: '2026-07-28',
    negotiated: true,
    server: { name: 'sample', version: '1.0.0' },
    snapshot,
    missingTools: [],
    ...overlay,
  };
}

export const succeeded = (finding: Finding = findingOf()): Outcome => ({ kind: 'succeeded', finding });

export function failed(fact: FailureFact, overlay: Partial<Failure> = {}): Outcome {
  const failure = { credentialsDeclared: false, credentialsSent: false, sessionSent: false, ...fact, ...overlay } as Failure;
  return { kind: 'failed', failure };
}

/** The everyday failures. */
export const FAILED = {
  refused: failed({ kind: 'network', stage: 'connect', errorCode: 'ECONNREFUSED' }),
  timeout: failed({ kind: 'deadline', stage: 'http', scope: 'request' }),
  unavailable: failed({ kind: 'httpStatus', stage: 'http', httpStatus: 503, mark: 'none' }),
  denied: failed({ kind: 'httpStatus', stage: 'http', httpStatus: 401, mark: 'none' }),
  forbidden: failed({ kind: 'httpStatus', stage: 'http', httpStatus: 403, mark: 'none' }),
  notFound: failed({ kind: 'httpStatus', stage: 'http', httpStatus: 404, mark: 'none' }),
  badRequest: failed({ kind: 'httpStatus', stage: 'http', httpStatus: 400, mark: 'none' }),
} as const;

export function verdictOf(outcome: Outcome): FailureVerdict {
  const verdict = classifyOutcome(outcome);
  if (verdict.kind !== 'failing') throw new Error('not a failing outcome');
  return verdict;
}
