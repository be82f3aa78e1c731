/**
 * The operator as users run it: the bundle in a process of its own, with the rights that the chart renders and no others.
 *
 * The bundle is rebuilt when a source is newer. The process listens on free ports that its log tells, keeps nothing of our environment
 * that would configure it, and ends with the test runner, however that ends (hack/controlplane/children.ts).
 */

import { BUNDLE } from '../../hack/build.ts';
import { installChart } from '../../hack/chart.ts';
import { spawnTethered } from '../../hack/controlplane/children.ts';
import type { ControlPlaneClient } from '../../hack/controlplane/client.ts';
import { ensureBundle } from '../../hack/demo/bundle.ts';
import { until } from '../platform/until.ts';

/** A line of the log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How a process ended: an exit code or the name of a signal, and how long after the last signal of ours (ms). */
export interface Ending {
  readonly how: number | string | null;
  readonly afterMs: number;
}

export interface ProgramRun {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Ending>;
  /** Undefined while it runs. */
  readonly ending: () => Ending | undefined;
  signal(signal: NodeJS.Signals): void;
}

export interface OperatorProcess extends ProgramRun {
  /** The lines so far. */
  log(): LogLine[];
  /** The status of `/readyz` or `/healthz`; 0 when nobody answers. */
  health(path: '/readyz' | '/healthz'): Promise<number>;
  /** The exposition, as Prometheus gets it. */
  metrics(): Promise<string>;
  /** The sum of the series of `name` whose labels contain all of `labels`, as `method="PUT"`. */
  metric(name: string, ...labels: readonly string[]): Promise<number>;
  /** SIGTERM, and waits. */
  stop(): Promise<Ending>;
}

export interface OperatorOptions {
  readonly kubeconfig: string;
  /** The only namespace that it watches. Default: what `flags` say. */
  readonly namespace?: string;
  /** Leader election is off unless `--leader-elect` is among them. */
  readonly flags?: readonly string[];
  /** Added to its environment. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Installs the chart with rights in `namespace` alone and resolves with a kubeconfig of its ServiceAccount, which lives there too. */
export async function installOperator(
  controlPlane: Pick<ControlPlaneClient, 'helm' | 'kubectl' | 'serviceAccountKubeconfig'>,
  namespace: string,
): Promise<string> {
  const { kubeconfig } = await installChart(controlPlane, namespace, { watch: { namespaces: [namespace] } });
  return kubeconfig;
}

/** Starts the bundle with `args` and `input` as its standard input, and waits for nothing but a fresh bundle. */
export async function startProgram(args: readonly string[], env: NodeJS.ProcessEnv = {}, input = ''): Promise<ProgramRun> {
  await ensureBundle();
  const kept = Object.entries(process.env).filter(([name]) => !/^(KUBE|MCPSERVER_OPERATOR_|NODE_|VITEST)/.test(name));
  const child = spawnTethered(process.execPath, [BUNDLE, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(kept), ...env },
  });
  let stdout = '';
  let stderr = '';
  let ending: Ending | undefined;
  let signalledMs = performance.now();
  child.stdin?.on('error', () => undefined).end(input);
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      ending = { how: code ?? signal, afterMs: performance.now() - signalledMs };
      resolve(ending);
    });
  });
  ended.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    ending: () => ending,
    signal(signal) {
      signalledMs = performance.now();
      child.kill(signal);
    },
  };
}

/** Starts `run` and resolves when its servers listen; the caches may not be synced yet. Rejects with its words when it ends instead. */
export async function launchOperator(options: OperatorOptions): Promise<OperatorProcess> {
  const { kubeconfig, namespace, flags = [], env } = options;
  const isElecting = flags.some((flag) => flag.startsWith('--leader-elect'));
  const args = [
    'run',
    `--kubeconfig=${kubeconfig}`,
    ...(namespace === undefined ? [] : [`--namespaces=${namespace}`]),
    ...(isElecting ? [] : ['--leader-elect=false']),
    '--allow-loopback',
    '--metrics-bind-address=127.0.0.1:0',
    '--health-bind-address=127.0.0.1:0',
    '--log-level=debug',
    ...flags,
  ];
  const program = await startProgram(args, env);
  const log = () => {
    const text = program.stdout();
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine);
  };
  const starting = await until(
    () => {
      if (program.ending() !== undefined) throw new Error(program.stderr());
      return log().find(({ msg }) => msg === 'starting');
    },
    { what: 'the operator listens', timeoutMs: 15_000 },
  );
  const metrics = async () => (await fetch(`http://${starting['metrics']}/metrics`)).text();
  return {
    ...program,
    log,
    health: (path) =>
      fetch(`http://${starting['health']}${path}`).then(
        ({ status }) => status,
        () => 0,
      ),
    metrics,
    metric: async (name, ...labels) => sumSeries(await metrics(), name, labels),
    stop() {
      program.signal('SIGTERM');
      return program.ended;
    },
  };
}

/** {@link launchOperator}, and resolves when the caches are synced. */
export async function startOperator(options: OperatorOptions): Promise<OperatorProcess> {
  const operator = await launchOperator(options);
  await until(
    async () => {
      if ((await operator.health('/readyz')) === 200) return true;
      throw new Error(operator.stdout() + operator.stderr());
    },
    { what: 'the operator is ready', timeoutMs: 15_000 },
  );
  return operator;
}

/** The sum of the series of `name` in an exposition whose labels contain all of `labels`. */
export function sumSeries(exposition: string, name: string, labels: readonly string[]): number {
  return exposition
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
