/**
 * Waiting for etcd and the API server. Every wait has an end and a reason.
 */
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyPair } from './certificates.ts';
import type { Daemon } from './daemon.ts';

/** Ready takes 1–3 s; a machine that is busy elsewhere may need ten times that. */
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 30;

/** Polls `condition`. Rejects as soon as one of `daemons` has ended, or with `failure` when the time is over. */
export async function waitFor(condition: () => Promise<boolean>, failure: string, daemons: readonly Daemon[]): Promise<void> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  while (!(await condition())) {
    const ending = daemons.map((daemon) => daemon.ending()).find((text) => text !== undefined);
    if (ending !== undefined) throw new Error(ending);
    if (performance.now() > deadlineMs) throw new Error(`${failure} after ${READY_TIMEOUT_MS / 1000} s`);
    await sleep(POLL_MS);
  }
}

/** Resolves when `/readyz` says so; one kept connection, because forty handshakes would delay what they wait for. */
export async function waitUntilReady(port: number, caPem: string, admin: KeyPair, daemons: readonly Daemon[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: caPem, cert: admin.certPem, key: admin.keyPem });
  try {
    await waitFor(() => isReady(port, agent), 'the API server is not ready', daemons);
  } finally {
    agent.destroy();
  }
}

function isReady(port: number, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(`https://127.0.0.1:${port}/readyz`, { agent, timeout: 1_000 }, (response) => {
      response.resume();
      response.once('close', () => resolve(response.statusCode === 200));
    });
    call.once('timeout', () => call.destroy());
    call.once('error', () => resolve(false));
    call.end();
  });
}
