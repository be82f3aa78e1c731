import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlane } from '../../hack/controlplane/start.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeConfig } from '../../src/kube/config.ts';
import type { ObjectEvent } from '../../src/kube/mirror.ts';
import { collectionPath, createObjectStore, decodeMCPServer } from '../../src/kube/object-store.ts';
import { createReflector } from '../../src/kube/reflector.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { until } from '../platform/until.ts';
import { controlPlane, createNamespace, expectSuccess } from './control-plane.ts';
import { createMCPServer, deleteMCPServer, installCRDs, openClient, readConfig, startProxy } from './kube-client.ts';

let config: KubeConfig;
let client: KubeClient;
const cleanUps: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  await installCRDs(controlPlane);
  config = await readConfig(controlPlane.adminKubeconfig);
  client = openClient(config);
});
afterAll(() => client.close());
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function watchNamespaces(through: KubeConfig, namespaces: string[]) {
  const own = openClient(through);
  const events: string[] = [];
  const store = createObjectStore(
    { client: own, clock: systemClock, random: systemRandom },
    { namespaces, onEvent: ({ kind, key, uid }: ObjectEvent) => events.push(`${kind} ${key.split('/')[1]} ${uid}`) },
  );
  store.start();
  cleanUps.push(own.close, store.stop);
  expect(await store.synced).toBe(true);
  return { store, events };
}

describe('a mirror of a real API server', () => {
  test('1,200 objects come in pages, and what is created while watching follows', async () => {
    const namespace = await createNamespace('paging');
    const names = Array.from({ length: 1_200 }, (_, n) => `s-${n}`);
    const creating = names.values();
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        for (const name of creating) await createMCPServer(client, namespace, name);
      }),
    );
    const { store, events } = await watchNamespaces(config, [namespace]);
    expect(store.size).toBe(1_200);
    expect(new Set(store.keys())).toEqual(new Set(names.map((name) => `${namespace}/${name}`)));
    const { metadata } = await createMCPServer(client, namespace, 'late');
    await until(() => events.length === 1_201, { what: 'the late object is told' });
    expect(events.at(-1)).toBe(`added late ${metadata.uid}`);
    const kept = store.get(`${namespace}/late`);
    expect(kept?.metadata).toMatchObject({ name: 'late', uid: metadata.uid, generation: 1 });
    expect(kept?.status).toEqual({ observedGeneration: -1, state: 'Pending' });
    expect(JSON.stringify([...store.keys()].map((key) => store.get(key)))).not.toContain('managedFields');
  });

  test('B8: what was deleted, created and re-created during a cut comes out right, each as its own object', async () => {
    const namespace = await createNamespace('cut');
    const proxy = await startProxy(config);
    cleanUps.push(proxy.close);
    const gone = await createMCPServer(client, namespace, 'gone');
    const old = await createMCPServer(client, namespace, 'again');
    const { store, events } = await watchNamespaces(proxy.config, [namespace]);
    events.length = 0;
    proxy.cut();
    await deleteMCPServer(client, namespace, 'gone');
    await deleteMCPServer(client, namespace, 'again');
    const again = await createMCPServer(client, namespace, 'again');
    const fresh = await createMCPServer(client, namespace, 'fresh');
    await until(() => store.state().trouble, { what: 'the cut is noticed' });
    proxy.heal();
    await until(() => events.length >= 4, { what: 'all is told', timeoutMs: 40_000 });
    expect(events.toSorted()).toEqual(
      [
        `added again ${again.metadata.uid}`,
        `added fresh ${fresh.metadata.uid}`,
        `deleted again ${old.metadata.uid}`,
        `deleted gone ${gone.metadata.uid}`,
      ].toSorted(),
    );
    expect(new Set(store.keys())).toEqual(new Set([`${namespace}/again`, `${namespace}/fresh`]));
    expect(store.get(`${namespace}/again`)?.metadata.uid).toBe(again.metadata.uid);
  });

  test('without rights it goes on trying, and is there when they come', async () => {
    const namespace = await createNamespace('rights');
    const user = await readConfig(await controlPlane.kubeconfig({ user: `watcher-${namespace}` }));
    const own = openClient(user);
    const store = createReflector(
      { client: own, clock: systemClock, random: systemRandom },
      { path: collectionPath(namespace), decode: decodeMCPServer, onEvent: () => {} },
    );
    cleanUps.push(own.close, store.stop);
    store.start();
    await until(() => store.state().trouble === 'HTTP 403 Forbidden', { what: 'the missing rights are noticed' });
    const create = ['--namespace', namespace, 'create'];
    const verbs = ['--verb=list,watch', '--resource=mcpservers.mcpserver-operator.dev'];
    expectSuccess(await controlPlane.kubectl([...create, 'role', 'watcher', ...verbs]));
    expectSuccess(
      await controlPlane.kubectl([...create, 'rolebinding', 'watcher', '--role=watcher', `--user=watcher-${namespace}`]),
    );
    await until(() => store.state().isSynced, { what: 'the list has come', timeoutMs: 30_000 });
  });
});

test('a restart of the API server is survived: nothing is lost, nothing is told twice', async () => {
  const own = await startControlPlane();
  cleanUps.push(own.stop);
  await installCRDs(own);
  const there = await readConfig(own.adminKubeconfig);
  const writer = openClient(there);
  cleanUps.push(writer.close);
  const before = await createMCPServer(writer, 'default', 'before');
  const { store, events } = await watchNamespaces(there, []);
  await own.apiserver.stop();
  await until(() => store.state().trouble, { what: 'the outage is noticed' });
  expect(store.size).toBe(1);
  await own.apiserver.start();
  const after = await until(() => createMCPServer(writer, 'default', 'after'), { what: 'the API server takes objects' });
  await until(() => events.length >= 2, { what: 'the new object is told', timeoutMs: 40_000 });
  expect(events).toEqual([`added before ${before.metadata.uid}`, `added after ${after.metadata.uid}`]);
  await until(() => store.state().trouble === undefined, { what: 'trouble is over' });
});
