import { afterEach, beforeEach, expect, test } from 'vitest';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { collectionPath, createObjectStore, decodeMCPServer } from '../../src/kube/object-store.ts';
import { createFakeClock, type FakeClock, fixedRandom } from '../platform/fake-clock.ts';
import { until } from '../platform/until.ts';
import { listReply, mcpserver, type ScriptedAPIServer, startScriptedAPIServer } from './scripted-api-server.ts';

let api: ScriptedAPIServer;
let client: KubeClient;
let clock: FakeClock;

beforeEach(async () => {
  api = await startScriptedAPIServer();
  clock = createFakeClock();
  client = createKubeClient({ config: api.config, clock, random: fixedRandom(0.5) });
});
afterEach(async () => {
  await client.close();
  expect(clock.armed()).toBe(0);
  await api.close();
});

test('what is kept of an object is the metadata that the operator needs, spec and status', () => {
  expect(decodeMCPServer(mcpserver('a', 1))).toEqual({
    metadata: {
      namespace: 'default',
      name: 'a',
      uid: 'uid-a',
      resourceVersion: '1',
      generation: 1,
      annotations: { 'mcpserver-operator.dev/probe-requested-at': 'x' },
    },
    spec: { url: 'http://127.0.0.1/' },
    status: { state: 'Pending' },
  });
});

test.each([
  undefined,
  null,
  7,
  'x',
  [],
  {},
  { metadata: null },
  { metadata: { name: 'a', namespace: 'b', resourceVersion: '1' } },
])('%j is no object', (value) => {
  expect(decodeMCPServer(value)).toBeUndefined();
});

test('several namespaces are several watches behind one face, synced when all are', async () => {
  api.onRequest = ({ path }) =>
    path.includes('/two/') ? { status: 403 } : listReply([mcpserver('a', 2, { namespace: 'one' })], '2');
  const events: string[] = [];
  const store = createObjectStore(
    { client, clock, random: fixedRandom(0.5) },
    { namespaces: ['one', 'two', 'one'], onEvent: ({ kind, key }) => events.push(`${kind} ${key}`) },
  );
  store.start();
  await until(() => store.size === 1 && store.state().trouble, { what: 'one namespace is listed, the other refused' });
  expect(store.state()).toEqual({ isSynced: false, trouble: 'HTTP 403 Scripted' });
  api.onRequest = () => listReply([mcpserver('b', 3, { namespace: 'two' })], '3');
  await clock.advance(30_000);
  expect(await store.synced).toBe(true);
  expect(store.state().isSynced).toBe(true);
  expect([...store.keys()]).toEqual(['one/a', 'two/b']);
  expect(store.get('two/b')?.metadata.name).toBe('b');
  expect(store.get('three/b')).toBeUndefined();
  expect(events).toEqual(['added one/a', 'added two/b']);
  expect(new Set(api.received.map(({ path }) => path))).toEqual(new Set([collectionPath('one'), collectionPath('two')]));
  await store.stop();
});
