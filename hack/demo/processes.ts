/**
 * The two processes of the demo beside the control plane: the sample servers, and the operator under its chart's rights.
 * Both end with the demo, however it ends (hack/controlplane/children.ts), and write their logs into `directory`.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { BUNDLE } from '../build.ts';
import { createDaemon, type Daemon } from '../controlplane/daemon.ts';
import { holdPort } from '../held-port.ts';
import type { Moves } from './servers/place.ts';

export interface SampleServers {
  readonly moves: Moves;
  readonly daemon: Daemon;
}

export interface Operator {
  readonly daemon: Daemon;
  readonly metricsUrl: string;
}

/** Both are up in well under a second; a machine that is busy elsewhere may need ten times that. */
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 25;

const Announcement = z.strictObject({ moves: z.record(z.string(), z.string()) });

/** Starts the sample servers. Rejects with how they ended when they do not say where they are. */
export async function startSampleServers(directory: string): Promise<SampleServers> {
  const daemon = createDaemon({
    name: 'sample-servers',
    command: process.execPath,
    directory,
    logFile: path.join(directory, 'sample-servers.log'),
  });
  daemon.start([path.join(import.meta.dirname, 'servers', 'main.ts')]);
  const moves = await waitUntil(daemon, async () => {
    const announced = /^\{.*\}$/m.exec(await readFile(daemon.logFile, 'utf8'));
    return announced === null ? undefined : Announcement.parse(JSON.parse(announced[0])).moves;
  });
  return { moves, daemon };
}

/**
 * Starts the bundle and resolves when it is ready. It leads by a lease in `leaseNamespace`, so that `doctor` finds here what it finds in a
 * cluster. Rejects with its last words when it ends instead.
 */
export async function startOperator(directory: string, kubeconfig: string, leaseNamespace: string): Promise<Operator> {
  const [metrics, health] = await Promise.all([holdPort(), holdPort()]);
  const daemon = createDaemon({
    name: 'operator',
    command: process.execPath,
    directory,
    logFile: path.join(directory, 'operator.log'),
  });
  daemon.start([
    BUNDLE,
    'run',
    `--kubeconfig=${kubeconfig}`,
    '--allow-loopback',
    `--lease-namespace=${leaseNamespace}`,
    `--metrics-bind-address=127.0.0.1:${metrics.port}`,
    `--health-bind-address=127.0.0.1:${health.port}`,
    '--log-format=pretty',
  ]);
  await waitUntil(daemon, () => isReady(`http://127.0.0.1:${health.port}/readyz`));
  return { daemon, metricsUrl: `http://127.0.0.1:${metrics.port}/metrics` };
}

/** Resolves with the first value of `look` that is neither undefined nor false. Rejects when the process ends or time is over. */
async function waitUntil<T>(daemon: Daemon, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    const ending = daemon.ending();
    if (ending !== undefined) throw new Error(ending);
    if (performance.now() > deadlineMs) {
      await daemon.stop();
      throw new Error(`not ready after ${START_TIMEOUT_MS / 1000} s: ${daemon.ending()}`);
    }
    await sleep(POLL_MS);
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
