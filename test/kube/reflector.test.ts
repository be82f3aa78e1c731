import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import type { ObjectEvent } from '../../src/kube/mirror.ts';
import { createObjectStore } from '../../src/kube/object-store.ts';
import { reconnectDelayMs } from '../../src/kube/reflector.ts';
import type { Logger } from '../../src/platform/log.ts';
import { createFakeClock, type FakeClock, fixedRandom } from '../platform/fake-clock.ts';
import { until } from '../platform/until.ts';
import {
  bookmark,
  listReply,
  mcpserver,
  type Reply,
  type ScriptedAPIServer,
  startScriptedAPIServer,
  statusObject,
  type Watch,
} from './scripted-api-server.ts';

const HALF_A_LINE = '{"type":"ADDED","object":{"meta';

let api: ScriptedAPIServer;
let client: KubeClient;
let clock: FakeClock;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  api = await startScriptedAPIServer();
  clock = createFakeClock();
});

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await client?.close();
  expect(clock.armed()).toBe(0);
  await api.close();
});

function start() {
  const random = fixedRandom(0.5);
  client = createKubeClient({ config: api.config, clock, random });
  const events: string[] = [];
  const lines: string[] = [];
  const causes: unknown[] = [];
  const note = (fields: { trouble?: unknown }, msg: string) => {
    lines.push(msg);
    if (fields.trouble !== undefined) causes.push(fields.trouble);
  };
  const log: Logger = { debug: note, info: note, warn: note, error: note };
  const onEvent = ({ kind, key, uid }: ObjectEvent) => events.push(`${kind} ${key} ${uid}`);
  const store = createObjectStore({ client, clock, random, log }, { namespaces: [], onEvent });
  stops.push(store.stop);
  store.start();
  return { store, events, lines, causes };
}

/** The n-th watch (from 0), once it is open. */
const watchAt = (n: number): Promise<Watch> => until(() => api.watches[n], { what: `watch ${n} is open` });
/** Lets the fake clock run in steps of `stepMs` until the condition holds. */
const advanceUntil = (condition: () => unknown, what: string, stepMs = 400) =>
  until(
    async () => {
      if (condition()) return true;
      await clock.advance(stepMs);
      return condition();
    },
    { what, intervalMs: 2 },
  );
const lists = () => api.received.filter(({ query }) => query.get('watch') !== 'true');
const keep = (store: { keys(): Iterable<string> }) => [...store.keys()].sort();

describe('list', () => {
  test('a list comes in pages of 500 and is told only when it is complete', async () => {
    const pages = [listReply([mcpserver('a', 1)], '9', 'two'), listReply([mcpserver('b', 2)], '9')];
    api.onRequest = () => pages.shift() ?? 'hang';
    const { store, events } = start();
    expect(store.state()).toEqual({ isSynced: false });
    expect(await store.synced).toBe(true);
    expect(events).toEqual(['added default/a uid-a', 'added default/b uid-b']);
    expect(lists().map(({ query }) => String(query))).toEqual(['limit=500', 'limit=500&continue=two']);
    const watch = await watchAt(0);
    expect(Object.fromEntries(watch.query)).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '9',
      timeoutSeconds: '450',
    });
  });

  test('410 on a continue token starts the list over, the second time without pages', async () => {
    const gone: Reply = { status: 410, body: statusObject(410, 'Expired') };
    const replies = [listReply([mcpserver('old', 1)], '5', 'x'), gone, listReply([mcpserver('old', 1)], '6', 'y'), gone];
    api.onRequest = () => replies.shift() ?? listReply([mcpserver('a', 7)], '7');
    const { store, events } = start();
    await store.synced;
    expect(events).toEqual(['added default/a uid-a']);
    expect(lists().map(({ query }) => String(query))).toEqual([
      'limit=500',
      'limit=500&continue=x',
      'limit=500',
      'limit=500&continue=y',
      '',
    ]);
  });

  test.each<[string, Reply]>([
    ['500', { status: 500 }],
    ['403 while the rights are missing', { status: 403 }],
    ['404 while the CRD is missing', { status: 404 }],
    ['429', { status: 429, headers: { 'retry-after': '1' } }],
    ['a reset', 'reset'],
    ['an answer that is no JSON', { status: 200, body: '<html>' }],
    ['an answer that is no list', { status: 200, body: { items: 3 } }],
  ])('a first list that fails with %s is tried again until it comes, with one line at each end', async (_, reply) => {
    api.onRequest = () => reply;
    const { store, lines } = start();
    await advanceUntil(() => lists().length >= 12, 'the list has failed often');
    expect(store.state().isSynced).toBe(false);
    expect(store.state().trouble).toBeDefined();
    expect(JSON.stringify(store.state())).not.toContain('canary');
    api.onRequest = () => listReply([mcpserver('a', 1)], '9');
    await advanceUntil(() => store.state().isSynced, 'the list has come');
    await watchAt(0);
    await advanceUntil(() => store.state().trouble === undefined, 'trouble is over');
    expect(lines).toEqual(['can not follow the API server; trying again', 'following the API server again']);
  });

  test('a list that never answers is given up after 60 s and tried again', async () => {
    api.onRequest = () => 'hang';
    const { store } = start();
    await until(() => lists().length === 1, { what: 'the list is asked for' });
    api.onRequest = () => listReply([], '1');
    await clock.advance(59_999);
    expect(lists()).toHaveLength(1);
    await advanceUntil(() => store.state().isSynced, 'the list has come');
  });
});

describe('watch', () => {
  test('added, modified and deleted objects are told by key, and nothing for a bookmark', async () => {
    const { store, events } = start();
    const watch = await watchAt(0);
    watch.event('ADDED', mcpserver('a', 2));
    watch.event('MODIFIED', mcpserver('a', 3));
    watch.event('BOOKMARK', bookmark(10));
    watch.event('ADDED', mcpserver('b', 11));
    watch.event('DELETED', mcpserver('a', 12));
    await until(() => events.length === 4, { what: 'all is told' });
    expect(events).toEqual([
      'added default/a uid-a',
      'modified default/a uid-a',
      'added default/b uid-b',
      'deleted default/a uid-a',
    ]);
    expect(keep(store)).toEqual(['default/b']);
    expect(store.size).toBe(1);
  });

  test('a watch that ends in good order goes on from the last bookmark, without a list', async () => {
    start();
    const watch = await watchAt(0);
    watch.event('BOOKMARK', bookmark(42));
    await until(() => api.received.length === 2, { what: 'the watch is open' });
    watch.end();
    expect((await watchAt(1)).query.get('resourceVersion')).toBe('42');
    expect(lists()).toHaveLength(1);
  });

  test('an event that comes twice or late is told once', async () => {
    const { store, events } = start();
    const watch = await watchAt(0);
    watch.event('ADDED', mcpserver('a', 5));
    watch.event('ADDED', mcpserver('a', 5));
    watch.event('MODIFIED', mcpserver('a', 4));
    watch.event('DELETED', mcpserver('a', 5));
    watch.event('DELETED', mcpserver('b', 6));
    watch.event('ADDED', mcpserver('c', 7));
    await until(() => events.length >= 2, { what: 'the last event is told' });
    expect(events).toEqual(['added default/a uid-a', 'added default/c uid-c']);
    expect(store.get('default/a')?.metadata.resourceVersion).toBe('5');
  });

  test('B8: an object of the same name with another uid is told as deleted and added, also when the deletion was lost', async () => {
    const { events } = start();
    const watch = await watchAt(0);
    watch.event('ADDED', mcpserver('a', 2, { uid: 'one' }));
    watch.event('ADDED', mcpserver('a', 3, { uid: 'two' }));
    watch.event('DELETED', mcpserver('a', 4, { uid: 'one' }));
    watch.event('MODIFIED', mcpserver('a', 5, { uid: 'two' }));
    await until(() => events.length === 4, { what: 'all is told' });
    expect(events).toEqual(['added default/a one', 'deleted default/a one', 'added default/a two', 'modified default/a two']);
  });

  test('what happened while the watch was expired comes out of the next list: deleted, re-created, changed, new', async () => {
    api.onRequest = () =>
      listReply(
        ['gone', 'again', 'changed', 'same'].map((name) => mcpserver(name, 2)),
        '2',
      );
    const { store, events } = start();
    await store.synced;
    const watch = await watchAt(0);
    events.length = 0;
    const items = [mcpserver('again', 7, { uid: 'new' }), mcpserver('changed', 8), mcpserver('same', 2), mcpserver('new', 9)];
    api.onRequest = () => listReply(items, '20');
    watch.event('ERROR', statusObject(410, 'Expired'));
    await until(() => events.length === 5, { what: 'the differences are told' });
    expect(events).toEqual([
      'deleted default/gone uid-gone',
      'deleted default/again uid-again',
      'added default/again new',
      'modified default/changed uid-changed',
      'added default/new uid-new',
    ]);
    // At once: no time has passed on the clock.
    expect(clock.monotonicMs()).toBe(0);
    expect((await watchAt(1)).query.get('resourceVersion')).toBe('20');
  });

  test('a server where every version is expired is listed by backoff, not in a loop', async () => {
    api.onWatch = () => ({ status: 410, body: statusObject(410, 'Expired') });
    const { lines } = start();
    await until(() => lists().length === 2, { what: 'the list is asked for a second time at once' });
    await until(() => lines.length === 1, { what: 'trouble is told' });
    for (let second = 0; second < 120; second++) await clock.advance(1_000);
    // Sum of 0.5 · min(30, 0.8 · 2^n) s: seven waits in the first 45 s, then one each 15 s.
    expect(lists().length).toBeGreaterThan(8);
    expect(lists().length).toBeLessThan(18);
  });

  test('a watch that is silent for 120 s is given up and resumed; a bookmark a minute keeps it', async () => {
    start();
    const first = await watchAt(0);
    for (let minute = 1; minute <= 4; minute++) {
      await clock.advance(60_000);
      first.event('BOOKMARK', bookmark(100 + minute));
      await until(() => api.watches.length === 1, { what: 'the bookmark has come' });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(first.isClosed()).toBe(false);
    await clock.advance(119_999);
    expect(first.isClosed()).toBe(false);
    await clock.advance(1);
    await until(() => first.isClosed(), { what: 'the silent watch is dropped' });
    await advanceUntil(() => api.watches.length === 2, 'a new watch is open');
    expect(api.watches[1]?.query.get('resourceVersion')).toBe('104');
    expect(lists()).toHaveLength(1);
  });

  test.each<[string, (watch: Watch) => void]>([
    ['a reset', (watch) => watch.reset()],
    [
      'a reset in the middle of a line',
      (watch) => {
        watch.raw(HALF_A_LINE);
        watch.reset();
      },
    ],
    [
      'a truncated line',
      (watch) => {
        watch.raw(HALF_A_LINE);
        watch.end();
      },
    ],
    ['an ERROR event with 500', (watch) => watch.event('ERROR', statusObject(500, 'InternalError'))],
    ['an ERROR event with 429', (watch) => watch.event('ERROR', statusObject(429, 'TooManyRequests', { retryAfterSeconds: 1 }))],
    ['an ERROR event without a code', (watch) => watch.event('ERROR', {})],
  ])('%s resumes the watch where it was and loses nothing', async (_, breakIt) => {
    const { events } = start();
    const watch = await watchAt(0);
    watch.event('ADDED', mcpserver('a', 5));
    await until(() => events.length === 1, { what: 'the first event is told' });
    breakIt(watch);
    await advanceUntil(() => api.watches.length === 2, 'a new watch is open');
    expect(api.watches[1]?.query.get('resourceVersion')).toBe('5');
    api.watches[1]?.event('ADDED', mcpserver('b', 6));
    await until(() => events.length === 2, { what: 'the second event is told' });
    expect(lists()).toHaveLength(1);
  });

  test.each<[string, string]>([
    ['a line that is no JSON', 'garbage\n'],
    ['a line that is no event', '[1,2]\n'],
    ['null', 'null\n'],
    ['an event without an object', '{"type":"ADDED"}\n'],
    ['an object without metadata', '{"type":"ADDED","object":{"kind":"MCPServer"}}\n'],
    ['an object without a uid', '{"type":"ADDED","object":{"metadata":{"name":"a","namespace":"b","resourceVersion":"99"}}}\n'],
  ])('%s leads to a fresh list', async (_, line) => {
    const { store } = start();
    const watch = await watchAt(0);
    api.onRequest = () => listReply([mcpserver('z', 50)], '50');
    watch.raw(line);
    await advanceUntil(() => store.size === 1, 'the fresh list is there');
    await until(() => watch.isClosed(), { what: 'the watch is dropped' });
    expect((await watchAt(1)).query.get('resourceVersion')).toBe('50');
  });

  test('a line without an end is cut off at 8 MiB', async () => {
    start();
    const watch = await watchAt(0);
    const mebibyte = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 12 && !watch.isClosed(); n++) {
      watch.raw(mebibyte);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until(() => watch.isClosed(), { what: 'the watch is dropped' });
    await advanceUntil(() => api.watches.length === 2, 'a new watch is open');
  });

  test('an event of 2 MiB in small pieces comes whole', async () => {
    const { store, events } = start();
    const watch = await watchAt(0);
    const object = { ...mcpserver('big', 9), status: { text: 'ü'.repeat(1024 * 1024) } };
    const line = Buffer.from(`${JSON.stringify({ type: 'ADDED', object })}\n`);
    for (let at = 0; at < line.length; at += 4095) watch.raw(line.subarray(at, at + 4095));
    await until(() => events.length === 1, { what: 'the event is told' });
    expect(store.get('default/big')?.status).toEqual({ text: 'ü'.repeat(1024 * 1024) });
  });

  test.each([403, 404, 400])('a watch that is refused with %i leads to a fresh list', async (status) => {
    api.onWatch = () => ({ status });
    start();
    await advanceUntil(() => lists().length === 3, 'the list is asked for again and again');
  });

  test('429 with Retry-After on a watch waits so long and keeps the version', async () => {
    const replies: Reply[] = [{ status: 429, headers: { 'retry-after': '20' } }];
    api.onWatch = () => replies.shift() ?? 'open';
    const { lines } = start();
    await until(() => lines.length === 1, { what: 'trouble is told' });
    await clock.advance(19_999);
    expect(api.watches).toHaveLength(0);
    await clock.advance(1);
    await watchAt(0);
    expect(lists()).toHaveLength(1);
  });

  test('watches that end as soon as they begin are opened by backoff', async () => {
    api.onOpen = (watch) => watch.end();
    start();
    await until(() => api.watches.length === 1, { what: 'the first watch' });
    for (let second = 0; second < 60; second++) await clock.advance(1_000);
    expect(api.watches.length).toBeGreaterThan(4);
    expect(api.watches.length).toBeLessThan(14);
  });

  test('a version that expired while the API server was away is no cause: it lists at once', async () => {
    const replies: (Reply | 'open')[] = ['reset', 'reset', { status: 410, body: statusObject(410, 'Expired') }];
    api.onWatch = () => replies.shift() ?? 'open';
    const { store, causes } = start();
    await advanceUntil(() => replies.length === 0, 'the version has expired');
    await until(() => lists().length === 2, { what: 'it lists again, without a wait' });
    const watch = await watchAt(0);
    expect(causes).toEqual([expect.stringMatching(/^no answer/)]);
    await advanceUntil(() => store.state().trouble === undefined, 'trouble is over');
    // So it is each time.
    watch.event('ERROR', statusObject(410, 'Expired'));
    await until(() => lists().length === 3, { what: 'it lists again, without a wait' });
    await watchAt(1);
    expect(causes).toHaveLength(1);
  });

  test('each cause of one trouble is told once, when it first shows, and the state says the latest', async () => {
    const replies: Reply[] = [
      { status: 400 },
      { status: 400 },
      { status: 403, body: statusObject(403, 'Forbidden') },
      { status: 400 },
      ...Array.from({ length: 20 }, (_, index) => ({ status: 430 + index })),
    ];
    api.onRequest = () => replies.shift() ?? listReply([], '2');
    const { store, lines, causes } = start();
    await advanceUntil(() => store.state().trouble === 'HTTP 403 Forbidden', 'the second cause shows');
    expect(causes).toEqual(['HTTP 400 Scripted', 'HTTP 403 Forbidden']);
    await advanceUntil(() => store.state().trouble === 'HTTP 400 Scripted', 'the first cause shows again');
    expect(causes).toHaveLength(2);
    await advanceUntil(() => store.state().trouble === undefined, 'trouble is over', 5_000);
    // Eight causes and the end, although there were 22.
    expect(lines).toHaveLength(9);
    expect(causes.at(-1)).toBe('HTTP 435 Scripted');
    expect(lines.at(-1)).toBe('following the API server again');
  });

  test('an API server that is away leaves the mirror as it was, and its return brings it up to date', async () => {
    api.onRequest = () => listReply([mcpserver('a', 2)], '2');
    const { store, events } = start();
    const watch = await watchAt(0);
    api.onWatch = () => 'reset';
    watch.reset();
    await advanceUntil(() => store.state().trouble !== undefined, 'trouble is told');
    for (let second = 0; second < 90; second++) await clock.advance(1_000);
    expect(keep(store)).toEqual(['default/a']);
    expect(store.state().isSynced).toBe(true);
    api.onWatch = () => 'open';
    await advanceUntil(() => api.watches.length === 2, 'a new watch is open');
    api.watches[1]?.event('DELETED', mcpserver('a', 3));
    await until(() => events.at(-1) === 'deleted default/a uid-a', { what: 'the deletion is told' });
    expect(store.state()).toEqual({ isSynced: true });
  });
});

describe('stop', () => {
  test('stop during a watch drops it, tells nothing more and leaves no timer', async () => {
    const { store, events } = start();
    const watch = await watchAt(0);
    const stopped = store.stop();
    watch.event('ADDED', mcpserver('a', 5));
    await stopped;
    await until(() => watch.isClosed(), { what: 'the watch is dropped' });
    expect(events).toEqual([]);
    expect(clock.armed()).toBe(0);
    const count = api.received.length;
    await clock.advance(600_000);
    expect(api.received).toHaveLength(count);
  });

  test('stop before the first list resolves synced to false', async () => {
    api.onRequest = () => 'hang';
    const { store } = start();
    await until(() => api.received.length === 1, { what: 'the list is asked for' });
    await store.stop();
    expect(await store.synced).toBe(false);
    expect(clock.armed()).toBe(0);
  });

  test('stop during backoff ends at once', async () => {
    api.onRequest = () => ({ status: 403 });
    const { store, lines } = start();
    await until(() => lines.length === 1, { what: 'the list has failed' });
    await store.stop();
    expect(clock.armed()).toBe(0);
  });
});

test('the reconnect delay is 0.8 s · 2^(n−1) with full jitter, at most 30 s, and never before Retry-After', () => {
  const ceilings = [1, 2, 3, 4, 5, 6, 7, 100].map((n) => reconnectDelayMs(n, { kind: 'closed' }, fixedRandom(1)));
  expect(ceilings).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  expect(reconnectDelayMs(5, { kind: 'closed' }, fixedRandom(0))).toBe(0);
  expect(reconnectDelayMs(1, { kind: 'status', status: 429, retryAfterMs: 20_000 }, fixedRandom(1))).toBe(20_000);
  expect(reconnectDelayMs(1, { kind: 'status', status: 429, retryAfterMs: 3_600_000 }, fixedRandom(1))).toBe(60_000);
});
