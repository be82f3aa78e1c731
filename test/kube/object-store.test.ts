import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RawMCPServer } from '../../src/api/v1alpha1/mcpserver.ts';
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
  const kept = decodeMCPServer(mcpserver('a', 1));
  expect(kept?.metadata).toEqual({
    namespace: 'default',
    name: 'a',
    uid: 'uid-a',
    resourceVersion: '1',
    generation: 1,
    annotations: { 'mcpserver-operator.dev/probe-requested-at': 'x' },
  });
  expect(kept?.spec).toEqual({ url: 'http://127.0.0.1/' });
  expect(kept?.status).toEqual({ state: 'Pending' });
});

test('an object without spec and status is kept, and has none', () => {
  const kept = decodeMCPServer({ ...mcpserver('a', 1), spec: undefined, status: undefined });
  expect(kept).toMatchObject({ spec: undefined, status: undefined });
});

test('10,000 objects of 3.3 KB each cost 2 KB of heap each at most: managed fields and what kubectl applied last are not kept', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heapBytes = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  // As the API server sends them: text, parsed page by page.
  const page = (from: number) => JSON.stringify(Array.from({ length: 500 }, (_, n) => bulkyObject(from + n)));
  expect(page(0).length / 500).toBeGreaterThan(3_000);
  decodeMCPServer(bulkyObject(0));
  const before = heapBytes();
  const kept: (RawMCPServer | undefined)[] = [];
  for (let from = 0; from < 10_000; from += 500) {
    for (const item of JSON.parse(page(from)) as unknown[]) kept.push(decodeMCPServer(item));
  }
  expect((heapBytes() - before) / 10_000).toBeLessThan(2_000);
  expect(kept).toHaveLength(10_000);
  expect(JSON.stringify([kept[0]?.metadata, kept[0]?.spec, kept[0]?.status])).not.toMatch(/managedFields|last-applied|argocd/);
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
    path.includes('/two/') ? { status: 500 } : listReply([mcpserver('a', 2, { namespace: 'one' })], '2');
  const { store, events } = openStore(['one', 'two', 'one']);
  let isSynced = false;
  void store.synced.then((answer) => {
    isSynced = answer;
  });
  store.start();
  await until(
    async () => {
      await clock.advance(100);
      return store.size === 1 && store.state().trouble;
    },
    { what: 'one namespace is listed, the other in trouble', intervalMs: 1 },
  );
  expect(store.state()).toEqual({ isSynced: false, trouble: 'HTTP 500 Scripted' });
  expect(isSynced).toBe(false);
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

test('a namespace without rights keeps none of the others from starting, is named, and joins when the rights are there', async () => {
  api.onRequest = ({ path }) =>
    path.includes('/two/') ? { status: 403 } : listReply([mcpserver('a', 2, { namespace: 'one' })], '2');
  const { store, events } = openStore(['one', 'two']);
  store.start();
  expect(await store.synced).toBe(true);
  expect(store.scopes.map(({ namespace, isSynced }) => [namespace, isSynced()])).toEqual([
    ['one', true],
    ['two', false],
  ]);
  expect(store.state()).toEqual({ isSynced: false, trouble: 'HTTP 403 Scripted' });
  api.onRequest = () => listReply([mcpserver('b', 3, { namespace: 'two' })], '3');
  await clock.advance(30_000);
  await until(() => store.state().isSynced, { what: 'the other one is listed' });
  expect(events).toEqual(['added one/a', 'added two/b']);
  await store.stop();
});

test('when all namespaces are refused it waits for the first that is not: an API server that has just started knows no roles', async () => {
  api.onRequest = () => ({ status: 403 });
  const { store } = openStore(['one', 'two']);
  let isSynced = false;
  void store.synced.then(() => {
    isSynced = true;
  });
  store.start();
  await Promise.all(['one', 'two'].map((name) => until(() => refusedOf(name), { what: `${name} is refused` })));
  await clock.advance(0);
  expect(isSynced).toBe(false);
  api.onRequest = ({ path }) => (path.includes('/two/') ? { status: 403 } : listReply([], '2'));
  await clock.advance(30_000);
  expect(await store.synced).toBe(true);
  await store.stop();
});

test('a store that is stopped before it could work says so', async () => {
  api.onRequest = ({ path }) => (path.includes('/two/') ? 'hang' : listReply([], '2'));
  const { store } = openStore(['one', 'two']);
  store.start();
  await until(() => store.scopes[0]?.isSynced(), { what: 'one is listed' });
  await store.stop();
  expect(await store.synced).toBe(false);
});

function openStore(namespaces: readonly string[]) {
  const events: string[] = [];
  const store = createObjectStore(
    { client, clock, random: fixedRandom(0.5) },
    { namespaces, onEvent: ({ kind, key }) => events.push(`${kind} ${key}`) },
  );
  return { store, events };
}

const refusedOf = (namespace: string) => api.received.some(({ path }) => path === collectionPath(namespace));

/** An Available object with the metadata that kubectl, Argo CD and the operator itself leave on it. */
function bulkyObject(n: number): object {
  const url = `https://server-${n}.team-a.svc:8443/mcp`;
  const time = '2026-01-01T00:00:00Z';
  const fields = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f:field-${i}`, {}]));
  const message = 'The lists were read with the declared credentials.';
  const lastApplied = JSON.stringify({ spec: { url }, notes: 'x'.repeat(500) });
  return {
    metadata: {
      ...{ namespace: 'team-a', name: `server-${n}`, uid: `6a1b2c3d-0000-4000-8000-${String(n).padStart(12, '0')}` },
      ...{ resourceVersion: String(100_000 + n), generation: 1, creationTimestamp: time },
      labels: { 'app.kubernetes.io/managed-by': 'argocd', 'app.kubernetes.io/instance': 'team-a' },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': lastApplied },
      managedFields: [
        { manager: 'kubectl', operation: 'Apply', time, fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': { 'f:url': {} } } },
        { manager: 'mcpserver-operator', operation: 'Update', time, subresource: 'status', fieldsV1: { 'f:status': fields } },
      ],
    },
    spec: {
      ...{ url, transport: 'Auto', protocol: 'Auto', auth: { type: 'None' }, tls: { insecureSkipVerify: false }, suspend: false },
      probe: { periodSeconds: 300, timeoutSeconds: 10, deadlineSeconds: 30, failureThreshold: 3, progressDeadlineSeconds: 600 },
      retry: { attempts: 3, initialBackoffSeconds: 5, maxBackoffSeconds: 300 },
      drift: { policy: 'Report' },
    },
    status: {
      ...{ observedGeneration: 1, state: 'Available', lastSuccessTime: time },
      conditions: ['Ready', 'Reachable', 'Authorized'].map((type) => {
        return { type, status: 'True', reason: 'Available', message, lastTransitionTime: time, observedGeneration: 1 };
      }),
      endpoint: { url, transport: 'StreamableHTTP', era: 'Modern', protocolVersion: '2026-07-28', negotiatedAt: time },
      capabilities: {
        digest: `sha256:${String(n).padStart(64, 'a')}`,
        capturedAt: time,
        tools: { count: 3, names: ['echo', 'add', 'search'] },
      },
      history: [{ time, from: 'Pending', to: 'Available', reason: 'Available', probeID: 'abcd1234' }],
    },
  };
}
