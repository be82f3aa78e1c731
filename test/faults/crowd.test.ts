/**
 * Two thousand objects created at once under a running operator (ten thousand are the bench's): each is judged once, with one write,
 * and nothing else suffers.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { API_VERSION, KIND } from '../../src/api/v1alpha1/group.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { collectionPath } from '../../src/kube/object-store.ts';
import { openClient, readConfig } from '../cluster/kube-client.ts';
import { type Objects, openObjects } from '../cluster/operator/objects.ts';
import type { OperatorProcess } from '../cluster/operator-process.ts';
import { until } from '../platform/until.ts';
import { freshNamespace, sharedControlPlane } from './control-planes.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { type Installed, install, run } from './operator.ts';
import { brokenPromises, statusWrites } from './oracle.ts';

const OBJECTS = 2_000;
const AT_ONCE = 64;
/** A day: the first refresh of an object falls anywhere within its period, so that a minute holds one or two of them. */
const PERIOD_SECONDS = 86_400;
const MAX_REFRESHES = 10;

let installed: Installed;
let fleet: Fleet;
let objects: Objects;
let client: KubeClient;
let operator: OperatorProcess;

beforeAll(async () => {
  const controlPlane = await sharedControlPlane();
  installed = await install(controlPlane, freshNamespace('crowd'));
  fleet = createFleet();
  for (let index = 0; index < OBJECTS; index++) await fleet.open(`server-${index}`);
  objects = await openObjects(controlPlane, installed.namespace);
  client = openClient(await readConfig(controlPlane.adminKubeconfig));
  operator = await run({ installed });
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await Promise.all([client?.close(), objects?.close(), fleet?.close()]);
});

async function createAll(): Promise<void> {
  const waiting = fleet.servers();
  const create = async () => {
    for (let server = waiting.pop(); server !== undefined; server = waiting.pop()) {
      const body = {
        apiVersion: API_VERSION,
        kind: KIND,
        metadata: { name: server.name },
        spec: { url: server.url, probe: { periodSeconds: PERIOD_SECONDS } },
      };
      const path = collectionPath(installed.namespace);
      const result = await client.request({ method: 'POST', path, body: JSON.stringify(body), timeoutMs: 60_000 });
      expect(result.kind, server.name).toBe('ok');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, create));
}

test('two thousand objects created at once: one probe, one verdict and one write each, and its health answers all the while', async () => {
  let slowestMs = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const startMs = performance.now();
      expect(await operator.health('/healthz')).toBe(200);
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  await createAll();
  await until(
    async () => {
      const all = [...(await objects.list()).values()];
      return all.length === OBJECTS && all.every(({ status }) => status.state === 'Available');
    },
    { what: 'all are Available', timeoutMs: 60_000, intervalMs: 500 },
  );
  isOver = true;
  await watching;
  // This process serves two thousand servers on the same two cores.
  expect(slowestMs).toBeLessThan(2_000);
  const counts = fleet.counts();
  expect(counts.probes).toBeGreaterThanOrEqual(OBJECTS);
  expect(counts.probes).toBeLessThanOrEqual(OBJECTS + MAX_REFRESHES);
  expect(counts.retries).toBe(0);
  expect(counts.peakProbes).toBeLessThanOrEqual(64);
  const writes = statusWrites(await (await sharedControlPlane()).audit.read(), installed.namespace);
  expect(brokenPromises(writes, { alwaysHealthy: fleet.servers().map(({ name }) => name) })).toEqual([]);
  expect(writes.filter(({ code, request }) => code === 200 && request?.status?.state !== 'Pending')).toHaveLength(OBJECTS);
  expect(operator.ending()).toBeUndefined();
});
