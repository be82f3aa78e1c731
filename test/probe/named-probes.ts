/**
 * A process of its own that probes names, for tests that hold its threads or replace its resolver. It does rounds of probes with the prober
 * as the operator wires it, and prints for each probe what became of it. With `--fifo` a look-up of `hang…` holds a thread by opening that
 * pipe, until somebody opens its other end; any other name means `localhost`. Without, the system's resolver gets the names as they are.
 */
import { lookup } from 'node:dns';
import { open } from 'node:fs';
import { stat } from 'node:fs/promises';
import { argv, stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { MCPServerSpec } from '../../src/api/v1alpha1/spec.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { DEFAULT_EGRESS_POLICY } from '../../src/probe/egress-policy.ts';
import { createProber } from '../../src/probe/prober.ts';
import { createSystemResolver } from '../../src/probe/resolve.ts';
import { fixedRandom } from '../platform/fake-clock.ts';

/** One line on standard input. `settled: false`: the answer is that the probes began. */
export interface Round {
  readonly urls: readonly string[];
  readonly timeoutSeconds: number;
  readonly attempts: number;
  readonly settled: boolean;
}

/** One probe. */
export interface Told {
  readonly reason: string;
  readonly stage?: string;
  readonly row?: number;
  readonly errorCode?: string;
  readonly attempts: number;
  readonly durationMs: number;
}

/** One line on standard output, the answer to a round. */
export interface RoundTold {
  readonly probes: readonly Told[];
  /** Names that were given to the resolver so far, with `--fifo`. */
  readonly begun: readonly string[];
  /** Of these, how many hold a thread. */
  readonly held: number;
  /** How long a look at a file took, which needs a thread too. */
  readonly fileMs: number;
}

const { fifo } = parseArgs({ args: argv.slice(2), options: { fifo: { type: 'string' } } }).values;
const begun: string[] = [];
let threadsHeld = 0;

/** Stands for getaddrinfo: it holds a thread of the pool for as long as the name hangs. */
const held = (host: string, options: object, callback: (...found: unknown[]) => void) => {
  begun.push(host);
  if (!host.startsWith('hang')) return lookup('localhost', options, callback as never);
  threadsHeld += 1;
  open(fifo ?? '', 'r', () => {
    threadsHeld -= 1;
    callback(Object.assign(new Error('no answer'), { code: 'EAI_AGAIN' }));
  });
};

const prober = createProber({
  clock: systemClock,
  random: fixedRandom(0),
  policy: { ...DEFAULT_EGRESS_POLICY, allowLoopback: true },
  clientInfo: { name: 'mcpserver-operator', version: '0.0.0-test' },
  references: {
    readSecret: async () => ({ kind: 'notFound' }),
    readConfigMap: async () => ({ kind: 'notFound' }),
    readService: async () => ({ kind: 'notFound' }),
  },
  ...(fifo === undefined ? {} : { resolve: createSystemResolver(systemClock, { lookup: held as typeof lookup }) }),
});

async function probe(url: string, { timeoutSeconds, attempts }: Round): Promise<Told> {
  const spec = MCPServerSpec.parse({ url, probe: { timeoutSeconds }, retry: { attempts } });
  const request = { namespace: 'team', name: 'server', probeID: 'cafe0001', spec, retry: false };
  const { verdict, ...report } = await prober.probe(request, new AbortController().signal);
  const { durationMs } = report;
  if (verdict.kind !== 'failing') {
    return { reason: verdict.kind === 'none' ? verdict.why : 'Available', attempts: report.attempts, durationMs };
  }
  const { reason, stage, row, errorCode } = verdict;
  return { reason, stage, row, attempts: report.attempts, durationMs, ...(errorCode === undefined ? {} : { errorCode }) };
}

for await (const line of createInterface({ input: stdin })) {
  const round = JSON.parse(line) as Round;
  const probing = Promise.all(round.urls.map((url) => probe(url, round)));
  const probes = round.settled ? await probing : [];
  const startedMs = performance.now();
  await stat('/');
  const told: RoundTold = { probes, begun: [...begun], held: threadsHeld, fileMs: performance.now() - startedMs };
  stdout.write(`${JSON.stringify(told)}\n`);
}
// A look-up that hangs would keep the process for as long as the resolver is patient.
process.exit(0);
