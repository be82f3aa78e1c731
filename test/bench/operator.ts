/**
 * The operator under test: the bundle, started cold as a process of its own in the chart's environment, with its whole life in a log file.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createDaemon } from '../../hack/controlplane/daemon.ts';
import { lastLine } from '../../hack/controlplane/run.ts';

export interface OperatorOptions {
  /** The build to start. */
  readonly bundle: string;
  readonly kubeconfig: string;
  /** Its whole environment. */
  readonly env: NodeJS.ProcessEnv;
  /** For its log. */
  readonly directory: string;
  /** For a CPU profile, which is written when it ends. */
  readonly profile?: string | undefined;
  /** Of the operator, beyond those that every scenario needs. Leader election is off unless `--leader-elect` is among them. */
  readonly flags?: readonly string[] | undefined;
  /** Of Node. */
  readonly nodeFlags?: readonly string[] | undefined;
}

export interface Operator {
  /** Wall time right before the process was made. */
  readonly startedMs: number;
  pid(): number | undefined;
  /** Rejects when it ends by itself; never resolves. */
  readonly trouble: Promise<never>;
  /** How long after its start it said that its caches are synced; NaN when it did not. */
  readSyncedMs(): Promise<number>;
  /** By its own word: it started to lead and has not stopped. */
  readLeads(): Promise<boolean>;
  /** The last line of its log. */
  readLastLine(): Promise<string>;
  /** Its metrics as Prometheus gets them. Rejects before it listens. */
  scrape(): Promise<string>;
  /** True when `/readyz` says so. */
  isReady(): Promise<boolean>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
}

const LOOK_MS = 250;
/** Longer than the operator's own grace and flush, 23 s: a profile is written after those. */
const STOP_GRACE_MS = 40_000;
/** Of a metrics or health server on loopback whose process is saturated. */
const SCRAPE_MS = 30_000;
let started = 0;

/** Starts it and returns at once. */
export function startOperator({
  bundle,
  kubeconfig,
  env,
  directory,
  profile,
  flags = [],
  nodeFlags = [],
}: OperatorOptions): Operator {
  const logFile = path.join(directory, `operator-${++started}.log`);
  const daemon = createDaemon({ name: 'operator', command: process.execPath, directory, logFile, env });
  const startedMs = Date.now();
  daemon.start([
    ...nodeFlags,
    ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${path.resolve(profile)}`, '--cpu-prof-interval=500']),
    bundle,
    'run',
    `--kubeconfig=${kubeconfig}`,
    '--allow-loopback',
    ...(flags.includes('--leader-elect') ? [] : ['--leader-elect=false']),
    '--metrics-bind-address=127.0.0.1:0',
    '--health-bind-address=127.0.0.1:0',
    ...flags,
  ]);
  const { promise: trouble, reject } = Promise.withResolvers<never>();
  // Nobody may be listening when it ends.
  trouble.catch(() => undefined);
  const look = setInterval(() => {
    const ending = daemon.ending();
    if (ending !== undefined) reject(new Error(ending));
  }, LOOK_MS);
  const end = async (graceMs: number) => {
    clearInterval(look);
    await daemon.stop(graceMs);
  };
  const readLog = () => readFile(logFile, 'utf8');
  const get = async (server: 'metrics' | 'health', page: string) => {
    const address = findAddress(await readLog(), server);
    if (address === undefined) throw new Error('the operator does not listen yet');
    return fetch(`http://${address}${page}`, { signal: AbortSignal.timeout(SCRAPE_MS) });
  };
  return {
    startedMs,
    pid: daemon.pid,
    trouble,
    readSyncedMs: async () => findSyncedMs(await readLog()) - startedMs,
    readLeads: async () => findLeads(await readLog()),
    readLastLine: async () => lastLine(await readLog()),
    scrape: async () => (await get('metrics', '/metrics')).text(),
    isReady: () =>
      get('health', '/readyz').then(
        ({ status }) => status === 200,
        () => false,
      ),
    signal: daemon.kill,
    stop: () => end(STOP_GRACE_MS),
    kill: () => end(0),
  };
}

/** The wall time of the log's line 'caches synced', written when the first list is complete and the watch is about to open; else NaN. */
export function findSyncedMs(log: string): number {
  const line = log.split('\n').find((each) => each.includes('"msg":"caches synced'));
  return Date.parse(/"ts":"([^"]+)"/.exec(line ?? '')?.[1] ?? '');
}

/** Where the line 'starting' says that the server listens, `127.0.0.1:8080`. */
export function findAddress(log: string, server: 'metrics' | 'health'): string | undefined {
  const line = log.split('\n').find((each) => each.includes('"msg":"starting"'));
  return new RegExp(`"${server}":"([^"]+)"`).exec(line ?? '')?.[1];
}

/** True when the last line about the lease is that it was won. */
export function findLeads(log: string): boolean {
  return log.lastIndexOf('"msg":"started leading"') > log.lastIndexOf('"msg":"stopped leading"');
}
