/**
 * The operator under test: the bundle, started cold as a process of its own, with its whole life in a log file.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createDaemon } from '../../hack/controlplane/daemon.ts';
import { lastLine } from '../../hack/controlplane/run.ts';

export interface OperatorOptions {
  /** The build to start. */
  readonly bundle: string;
  readonly kubeconfig: string;
  /** For its log. */
  readonly directory: string;
  /** For a CPU profile, which is written when it ends. */
  readonly profile: string | undefined;
}

export interface Operator {
  /** Wall time right before the process was made. */
  readonly startedMs: number;
  pid(): number | undefined;
  /** Rejects when it ends by itself; never resolves. */
  readonly trouble: Promise<never>;
  /** How long after its start it said that its caches are synced; NaN when it did not. */
  readSyncedMs(): Promise<number>;
  /** The last line of its log. */
  readLastLine(): Promise<string>;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
}

const LOOK_MS = 250;
/** Longer than the operator's own grace and flush, 28 s: a profile is written after those. */
const STOP_GRACE_MS = 40_000;
let started = 0;

/** Starts it and returns at once. */
export function startOperator({ bundle, kubeconfig, directory, profile }: OperatorOptions): Operator {
  const logFile = path.join(directory, `operator-${++started}.log`);
  const daemon = createDaemon({ name: 'operator', command: process.execPath, directory, logFile });
  const startedMs = Date.now();
  daemon.start([
    ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${path.resolve(profile)}`, '--cpu-prof-interval=500']),
    bundle,
    'run',
    `--kubeconfig=${kubeconfig}`,
    '--allow-loopback',
    '--leader-elect=false',
    '--metrics-bind-address=127.0.0.1:0',
    '--health-bind-address=127.0.0.1:0',
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
  return {
    startedMs,
    pid: daemon.pid,
    trouble,
    readSyncedMs: async () => findSyncedMs(await readFile(logFile, 'utf8')) - startedMs,
    readLastLine: async () => lastLine(await readFile(logFile, 'utf8')),
    stop: () => end(STOP_GRACE_MS),
    kill: () => end(0),
  };
}

/** The wall time of the log's line 'caches synced', written when the first list is complete and the watch is about to open; else NaN. */
export function findSyncedMs(log: string): number {
  const line = log.split('\n').find((each) => each.includes('"msg":"caches synced'));
  return Date.parse(/"ts":"([^"]+)"/.exec(line ?? '')?.[1] ?? '');
}
