/**
 * One row of page 4, produced for real: a case starts its servers, probes them once through the whole prober, and says which verdict must
 * come of it. `runCase` also makes the status that a user would read. Nothing here decides what is right.
 */
import { MCPServerSpec } from '../../../src/api/v1alpha1/spec.ts';
import type { MCPServerStatus, Stage } from '../../../src/api/v1alpha1/status.ts';
import { judgeServer } from '../../../src/cli/probe-status.ts';
import type { ProbeReport, ProbeRequest } from '../../../src/probe/ports.ts';
import type { Resolver } from '../../../src/probe/resolve.ts';
import { render } from '../facts.ts';
import { createTestbed, reasonOf, type Testbed, type TestbedOptions } from '../testbed.ts';

export type SpecInput = Parameters<typeof MCPServerSpec.parse>[0] & object;

export interface Wire {
  readonly bed: Testbed;
  /** Probes a spec; the status is made for the last one. */
  probe(spec: SpecInput, request?: Partial<ProbeRequest>, signal?: AbortSignal): Promise<ProbeReport>;
  /** Is called when the case is over, whatever became of it. */
  defer(close: () => unknown): void;
}

export interface WireCase {
  /** The row of page 4. */
  readonly row: number;
  /** The row that decides, where `row` is only a remark on it. */
  readonly decidedBy?: number;
  /** What the server does; unique within the row. */
  readonly signal: string;
  /** As `render` writes a verdict; `Available`, or why there is none. */
  readonly expected: string;
  readonly stage?: Stage;
  /** Attempts made: 3 where the row says burst, 0 where nothing may be sent. */
  readonly attempts: number;
  /** What the message must name: a code, or what is special about this case. */
  readonly says?: string;
  readonly options?: TestbedOptions;
  run(wire: Wire): Promise<ProbeReport>;
}

export interface WireResult {
  readonly report: ProbeReport;
  /** `row 3: Transient ConnectionRefused`, `Available`, `aborted`. */
  readonly verdict: string;
  readonly status: MCPServerStatus | undefined;
}

/** Runs a case from first socket to last. */
async function runCase(wireCase: WireCase): Promise<WireResult> {
  const bed = createTestbed(wireCase.options);
  const closers: (() => unknown)[] = [];
  let declared: SpecInput = {};
  try {
    const report = await wireCase.run({
      bed,
      defer: (close) => void closers.push(close),
      probe(spec, request, signal) {
        declared = spec;
        return bed.probe(spec, request, signal);
      },
    });
    const server = { namespace: 'team', name: 'server', spec: MCPServerSpec.parse(declared) };
    const { status } = judgeServer(server, report, { nowMs: 0, probeID: 'cafe0001' });
    const { verdict } = report;
    const text = verdict.kind === 'failing' ? `row ${verdict.row}: ${render(verdict)}` : reasonOf(report);
    return { report, verdict: text, status };
  } finally {
    for (const close of closers) await close();
    await bed.close();
  }
}

/** Cases under way at once: most only wait, and all at the same instant would make short deadlines pass before anything was sent. */
const MAX_AT_ONCE = 32;

/** Runs all cases, some at once; the promise of each is there at the start. */
export function runCases<K>(cases: ReadonlyMap<K, WireCase>): Map<K, Promise<WireResult>> {
  const results = new Map<K, PromiseWithResolvers<WireResult>>();
  for (const key of cases.keys()) results.set(key, Promise.withResolvers());
  const waiting = cases.entries();
  const work = async () => {
    for (const [key, wireCase] of waiting) await runCase(wireCase).then(results.get(key)?.resolve, results.get(key)?.reject);
  };
  for (let started = 0; started < MAX_AT_ONCE; started += 1) void work();
  // Each test looks at its own.
  for (const { promise } of results.values()) promise.catch(() => {});
  return new Map([...results].map(([key, { promise }]) => [key, promise]));
}

/** Every name is a server of this machine. */
export const toLoopback: Resolver = async () => ({ kind: 'resolved', addresses: [{ address: '127.0.0.1', family: 4 }] });

/** Short times for servers that keep silent, and long enough for a busy machine to come as far as that. */
export const IMPATIENT = { timeoutSeconds: 2, deadlineSeconds: 20 } as const;

/** `auth` with a bearer token out of the Secret `token`. */
export const BEARER = { type: 'Bearer', bearer: { secretKeyRef: { name: 'token', key: 't' } } } as const;
