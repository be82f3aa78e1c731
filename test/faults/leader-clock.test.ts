/**
 * Whether a lease has run out is judged by how long it was seen unchanged, never by the times inside it: holders' clocks are wrong by
 * hours somewhere. The holder here is the test, with a lease of 5 s, on a real API server.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatMicroTime } from '../../src/kube/lease-decision.ts';
import { type Objects, openObjects } from '../cluster/operator/objects.ts';
import { until } from '../platform/until.ts';
import { freshNamespace, sharedControlPlane } from './control-planes.ts';
import { type Candidate, startCandidate, writesOf } from './electorate.ts';
import { install } from './operator.ts';

const HOUR_MS = 3_600_000;
const DURATION_MS = 5_000;

let controlPlane: Awaited<ReturnType<typeof sharedControlPlane>>;
let objects: Objects;
let candidate: Candidate;

/** Renews the lease as a holder whose clock is wrong by `skewMs`. */
async function renew(skewMs: number): Promise<void> {
  const spec = {
    holderIdentity: 'somebody-else',
    leaseDurationSeconds: DURATION_MS / 1000,
    renewTime: formatMicroTime(Date.now() + skewMs),
  };
  const patch = JSON.stringify({ spec });
  await objects.kubectl('patch', 'lease', 'mcpserver-operator', '--type=merge', '-p', patch);
}

beforeAll(async () => {
  controlPlane = await sharedControlPlane();
  const installed = await install(controlPlane, freshNamespace('clock'));
  objects = await openObjects(controlPlane, installed.namespace);
  await controlPlane.kubectl(['-n', installed.namespace, 'create', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'mcpserver-operator' } }),
  });
  await renew(-HOUR_MS);
  candidate = await startCandidate(controlPlane, installed);
});

afterAll(async () => {
  candidate?.operator.signal('SIGKILL');
  await objects?.close();
});

test('a holder that renews is left alone, although by its own times the lease ran out an hour ago', async () => {
  const startMs = performance.now();
  while (performance.now() - startMs < 3 * DURATION_MS) {
    await renew(-HOUR_MS);
    expect(candidate.leads()).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  expect(writesOf(await controlPlane.audit.read(), candidate)).toEqual([]);
  expect(await candidate.operator.health('/readyz')).toBe(200);
});

test('a holder that is gone is followed after the duration of its lease, although by its own times that is good for an hour', async () => {
  await renew(HOUR_MS);
  const renewedMs = performance.now();
  await until(() => candidate.leads(), { what: 'the candidate leads', timeoutMs: 20_000 });
  // It may have seen that renewal up to the time that kubectl took earlier.
  expect(performance.now() - renewedMs).toBeGreaterThan(DURATION_MS - 1_500);
  const lease = JSON.parse(await objects.kubectl('get', 'lease', 'mcpserver-operator', '-o', 'json')) as { spec: object };
  expect(lease.spec).toMatchObject({ leaseDurationSeconds: 15, leaseTransitions: 1 });
});
