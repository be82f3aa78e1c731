/**
 * Asks one server after the other until one answers (page 9, C7). Each gets the call at most once. It tells what each of them did, in the
 * words of the probe's verdicts, and holds no text of a server but the answer.
 */

import { type CallMethod, type CallResult, createCall } from '../../probe/call.ts';
import type { JSONObject } from '../../probe/json-rpc.ts';
import type { ProbeReport, Prober } from '../../probe/ports.ts';
import type { Candidate } from './candidates.ts';

/** What one server did. `stage`, `error` and `category` are empty for the one that answered. */
export interface Attempt {
  /** `namespace/name`. */
  readonly server: string;
  /** Where it failed, as in `status.failure.stage`. */
  readonly stage: string;
  readonly success: boolean;
  /** The reason of page 4, or what kept us from asking. */
  readonly error: string;
  /** Its class; `Unknown` where nothing was learned about the server. */
  readonly category: string;
}

export interface FailedOver {
  readonly answer: CallResult | undefined;
  readonly attempts: readonly Attempt[];
  /** Servers that failed after the call had left for them: it may have had its effect there. */
  readonly reached: readonly string[];
}

export interface FailOverDeps {
  readonly prober: Prober;
  readonly id: () => string;
  /** For one server, in ms. */
  readonly timeoutMs: number;
}

/** At most as many calls as there are candidates. Ends soon after `signal` aborts. */
export async function callInTurn(
  deps: FailOverDeps,
  candidates: readonly Candidate[],
  { method, params }: { readonly method: CallMethod; readonly params: JSONObject },
  signal: AbortSignal,
): Promise<FailedOver> {
  const attempts: Attempt[] = [];
  const reached: string[] = [];
  for (const { namespace, name, spec } of candidates) {
    if (signal.aborted) break;
    const call = createCall(method, params);
    const timeoutSeconds = Math.ceil(deps.timeoutMs / 1000);
    const report = await deps.prober.probe(
      {
        namespace,
        name,
        probeID: deps.id(),
        // The lists' own times say nothing about how long a tool may work.
        spec: {
          ...spec,
          probe: { ...spec.probe, timeoutSeconds, deadlineSeconds: timeoutSeconds },
          retry: { ...spec.retry, attempts: 1 },
        },
        retry: false,
        errand: call.errand,
      },
      signal,
    );
    const server = `${namespace}/${name}`;
    const answer = call.result();
    if (answer !== undefined) {
      attempts.push({ server, stage: '', success: true, error: '', category: '' });
      return { answer, attempts, reached };
    }
    if (call.sent()) reached.push(server);
    attempts.push({ server, success: false, ...causeOf(report) });
  }
  return { answer: undefined, attempts, reached };
}

function causeOf({ verdict, forbidden }: ProbeReport): Pick<Attempt, 'stage' | 'error' | 'category'> {
  if (verdict.kind === 'failing') return { stage: verdict.stage, error: verdict.reason, category: verdict.class };
  if (verdict.kind === 'none' && verdict.why === 'aborted') return { stage: '', error: 'Interrupted', category: 'Unknown' };
  const error = forbidden === undefined ? 'NothingLearned' : `${forbidden.kind}Forbidden`;
  return { stage: 'credentials', error, category: 'Unknown' };
}
