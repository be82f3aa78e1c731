/**
 * `probe`: the operator's own probe without a cluster, for people and for scripts. Reads what it needs, probes, prints, and answers with
 * the exit code of page 6.1. At most `MAX_CONCURRENT` servers are probed at once; answers come in the order of the input.
 */
import { stringify } from 'yaml';
import { systemClock } from '../platform/clock.ts';
import { parseFlags, type Values } from '../platform/flags.ts';
import { systemRandom } from '../platform/random.ts';
import { PRODUCT_NAME, PRODUCT_VERSION } from '../platform/version.ts';
import { DEFAULT_EGRESS_POLICY } from '../probe/egress-policy.ts';
import type { Prober } from '../probe/ports.ts';
import { createProber } from '../probe/prober.ts';
import { type Cluster, completeReferences, openCluster } from './cluster.ts';
import { verbHelp } from './help.ts';
import { type InputFile, readInputFile } from './input-file.ts';
import { type DeclaredServer, type Manifests, readManifests } from './manifest.ts';
import { PROBE_FLAGS } from './probe-flags.ts';
import { describeRequest } from './probe-request.ts';
import { exitCodeOf, type JudgedServer, judgeServer } from './probe-status.ts';
import { renderProbes, type TableOptions } from './probe-table.ts';
import { withSignals } from './signals.ts';
import { refuse, type Terminal } from './terminal.ts';
import { sizeThreadPool } from './thread-pool.ts';

const MAX_CONCURRENT = 8;
/** Ended by a signal, as shells count. */
const INTERRUPTED = 130;

/** Resolves with the exit code: that of the worst verdict, 1 for bad input, 130 when a signal ended it. */
export async function probeVerb(args: readonly string[], terminal: Terminal): Promise<number> {
  const line = parseFlags(PROBE_FLAGS, { args, maxArguments: 1 });
  if (line.help) {
    terminal.out(verbHelp('probe'));
    return 0;
  }
  const [url] = line.arguments;
  // The word behind an unknown flag is dropped, so that a missing URL says nothing then.
  const faults = line.faults.length > 0 ? line.faults : contradictions(url, line.values, line.given);
  if (faults.length > 0) return refuse(terminal, 'probe', faults);
  sizeThreadPool(terminal.env, MAX_CONCURRENT);
  const { kubeconfig } = line.values;
  const opened = kubeconfig === undefined ? undefined : await openCluster({ kubeconfig, env: terminal.env });
  if (opened?.kind === 'faulty') return refuse(terminal, 'probe', [`--kubeconfig: ${opened.fault}`]);
  try {
    return await probeInput(url, line.values, terminal, opened?.cluster);
  } finally {
    await opened?.cluster.close();
  }
}

async function probeInput(
  url: string | undefined,
  values: Values<typeof PROBE_FLAGS>,
  terminal: Terminal,
  cluster: Cluster | undefined,
): Promise<number> {
  const input = await readInput(url, values, terminal, cluster?.namespace);
  if (input.faults.length > 0) return refuse(terminal, 'probe', input.faults);
  const prober = createProber({
    clock: systemClock,
    random: systemRandom,
    references: cluster === undefined ? input.references : completeReferences(input.references, cluster.references),
    policy: { ...(cluster?.policy ?? DEFAULT_EGRESS_POLICY), allowLoopback: values['allow-loopback'] },
    clientInfo: { name: PRODUCT_NAME, version: PRODUCT_VERSION },
  });
  return withSignals(async (signal) => {
    const results = await probeAll(prober, input.servers, signal);
    if (signal.aborted) return INTERRUPTED;
    const options = { color: terminal.color, allowLoopback: values['allow-loopback'], asksCluster: cluster !== undefined };
    terminal.out(render(results, values.output, options));
    return Math.max(...results.map(exitCodeOf));
  });
}

function contradictions(url: string | undefined, values: Values<typeof PROBE_FLAGS>, given: ReadonlySet<string>): string[] {
  const fromFile = values.filename.length > 0;
  if (!fromFile && given.has('filename')) return ['--filename "": the name is empty'];
  if (!fromFile && url === undefined) return ['a URL or -f FILE is needed'];
  if (!fromFile) return given.has('kubeconfig') ? ['--kubeconfig has no meaning with a URL: use -f FILE'] : [];
  const both = url === undefined ? [] : ['a URL and -f FILE do not go together'];
  const idle = ['timeout', 'bearer-env', 'header-env'].filter((flag) => given.has(flag));
  return [...both, ...idle.map((flag) => `--${flag} has no meaning with -f: the manifest says it`)];
}

async function readInput(
  url: string | undefined,
  values: Values<typeof PROBE_FLAGS>,
  terminal: Terminal,
  namespace: string | undefined,
): Promise<Manifests> {
  if (url !== undefined) {
    const { timeout: timeoutMs, 'bearer-env': bearerEnv, 'header-env': headerEnv } = values;
    return describeRequest({ url, timeoutMs, bearerEnv, headerEnv }, terminal.env);
  }
  const files: InputFile[] = [];
  const faults: string[] = [];
  for (const file of values.filename) {
    const input = await readInputFile(file);
    if (input.kind === 'read') files.push(input);
    else faults.push(input.fault);
  }
  const manifests = readManifests(files, namespace);
  return faults.length > 0 ? { ...manifests, faults } : manifests;
}

async function probeAll(prober: Prober, servers: readonly DeclaredServer[], signal: AbortSignal): Promise<JudgedServer[]> {
  const results: JudgedServer[] = [];
  const waiting = servers.entries();
  const judge = async (index: number, server: DeclaredServer) => {
    const probeID = systemRandom.id();
    const { namespace, name, spec } = server;
    const report = await prober.probe({ namespace, name, probeID, spec, retry: false }, signal);
    results[index] = judgeServer(server, report, { nowMs: systemClock.wallMs(), probeID });
  };
  const work = async () => {
    for (const [index, server] of waiting) await judge(index, server);
  };
  await Promise.all(Array.from({ length: Math.min(MAX_CONCURRENT, servers.length) }, work));
  // Answers so large that they did not fit into memory beside the others' get all of it, one after the other.
  for (const [index, server] of servers.entries()) {
    if (results[index]?.status === undefined && !signal.aborted) await judge(index, server);
  }
  return results;
}

function render(results: readonly JudgedServer[], output: 'table' | 'json' | 'yaml', options: TableOptions): string {
  if (output === 'table') return renderProbes(results, options);
  const answer = answerOf(results);
  if (output === 'json') return `${JSON.stringify(answer, undefined, 2)}\n`;
  return stringify(answer, { compat: 'yaml-1.1', aliasDuplicateObjects: false, lineWidth: 0 });
}

/** One server is shaped like `.status`; several are told apart by their names, each shaped like an object of the API. */
function answerOf(results: readonly JudgedServer[]): unknown {
  const [only] = results;
  if (only !== undefined && results.length === 1) return only.status ?? null;
  return results.map(({ server: { namespace, name }, status }) => ({ metadata: { namespace, name }, status: status ?? null }));
}
