/**
 * The least that a cold start can cost on this machine, now: the slower of a bare probe loop and a bare loop of status writes, each in
 * its first pass in a fresh process. They are measured one after the other, as if probing and writing could overlap for nothing.
 */
import path from 'node:path';
import { lastLine, run } from '../../../hack/controlplane/run.ts';
import { API_WIDTH } from '../api.ts';
import { type CPUShares, openCPUAccount, type ProcessIDs } from '../cpu-account.ts';
import type { Identity } from '../fleet.ts';
import type { Pass } from '../pool.ts';
import { type ProbeTask, type StatusTask, Told } from './task.ts';

/** One loop: the first pass, with cold code, and the second, with warm code. */
export interface Floor {
  readonly first: Pass;
  readonly second: Pass;
  /** CPU of both passes and of the start of the loop's process. */
  readonly cpuMs: CPUShares;
  /** The same, as time. */
  readonly totalSeconds: number;
}

export interface Floors {
  readonly probe: Floor;
  readonly status: Floor;
  /** The slower one of the first passes. */
  readonly seconds: number;
}

/** As many probes at once as the operator makes (`--max-concurrent-probes`). */
const PROBE_WIDTH = 64;
/** The first with cold code, the second with warm code. */
export const PASSES = 2;

export interface FloorTargets {
  readonly urls: readonly string[];
  /** Objects without a status; they have one afterwards. */
  readonly identities: readonly Identity[];
  readonly kubeconfig: string;
  /** What is written: as large as what the operator writes. */
  readonly status: Readonly<Record<string, unknown>>;
  /** What runs besides the loops, for the account of CPU. */
  readonly pids: ProcessIDs;
}

/** Measures both loops. Rejects with the last words of one that failed. */
export async function measureFloors({ urls, identities, kubeconfig, status, pids }: FloorTargets): Promise<Floors> {
  const probe = await runLoop('probe-loop.ts', { urls: [...urls], width: PROBE_WIDTH, passes: PASSES }, pids);
  const writeTask = {
    kubeconfig,
    identities: [...identities],
    status: { ...status },
    width: API_WIDTH,
    passes: PASSES,
  };
  const write = await runLoop('status-loop.ts', writeTask, pids);
  return { probe, status: write, seconds: Math.max(probe.first.seconds, write.first.seconds) };
}

async function runLoop(file: string, task: ProbeTask | StatusTask, pids: ProcessIDs): Promise<Floor> {
  const input = JSON.stringify(task);
  const account = openCPUAccount(pids);
  const startMs = performance.now();
  // 10,000 writes take half a minute a pass.
  const { code, stdout, stderr } = await run(process.execPath, [path.join(import.meta.dirname, file)], {
    input,
    timeoutMs: 300_000,
  });
  if (code !== 0) throw new Error(`${file}: ${lastLine(stderr)}`);
  const { passes, cpuMs: ownMs } = Told.parse(JSON.parse(stdout));
  const [first, second] = passes;
  if (first === undefined || second === undefined) throw new Error(`${file} made no two passes`);
  return { first, second, cpuMs: account.read({ loop: ownMs }), totalSeconds: (performance.now() - startMs) / 1_000 };
}
