import { afterEach, beforeEach, expect, test } from 'vitest';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { listPages } from '../../src/kube/list-pages.ts';
import { createFakeClock, fixedRandom } from '../platform/fake-clock.ts';
import { listReply, type Reply, type ScriptedAPIServer, startScriptedAPIServer, statusObject } from './scripted-api-server.ts';

let api: ScriptedAPIServer;
let client: KubeClient;
beforeEach(async () => {
  api = await startScriptedAPIServer();
  client = createKubeClient({ config: api.config, clock: createFakeClock(), random: fixedRandom() });
});
afterEach(async () => {
  await client.close();
  await api.close();
});

async function list(...replies: Reply[]) {
  api.onRequest = () => replies.shift() ?? { status: 400 };
  let items: unknown[] = [];
  const end = await listPages(client, {
    path: '/x',
    pageSize: 2,
    signal: new AbortController().signal,
    onBegin: () => {
      items = [];
    },
    onItem: (item) => items.push(item),
  });
  return { end, items };
}

test('pages follow each other by their continue tokens, which are sent as they came', async () => {
  const { end, items } = await list(listReply([1, 2], '9', 'a+b/c=='), listReply([3], '9'));
  expect(end).toEqual({ kind: 'listed', resourceVersion: '9' });
  expect(items).toEqual([1, 2, 3]);
  expect(api.received[1]?.query.get('continue')).toBe('a+b/c==');
});

test('a list without items is empty', async () => {
  const { end, items } = await list({ status: 200, body: { metadata: { resourceVersion: '9' }, items: null } });
  expect(end).toEqual({ kind: 'listed', resourceVersion: '9' });
  expect(items).toEqual([]);
});

test('a failure on a later page is the end, and tells which', async () => {
  expect((await list(listReply([1], '9', 'x'), { status: 403, body: statusObject(403, 'Forbidden') })).end).toEqual({
    kind: 'status',
    status: 403,
    reason: 'Forbidden',
  });
});

test('a list that begins again after 410 has forgotten what came before', async () => {
  const { end, items } = await list(listReply([1, 2], '5', 'x'), { status: 410 }, listReply([2], '6'));
  expect(end).toEqual({ kind: 'listed', resourceVersion: '6' });
  expect(items).toEqual([2]);
});

test.each([
  { items: [] },
  { metadata: { resourceVersion: 7 }, items: [] },
  { metadata: { resourceVersion: '7' }, items: {} },
  [],
  'x',
])('the answer %j is garbage', async (body) => {
  expect((await list({ status: 200, body })).end).toEqual({ kind: 'garbage' });
});
