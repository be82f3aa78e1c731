/**
 * What lists and watches may suffer between a real API server and the operator: nothing is lost, nothing is invented, nobody healthy pays.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../platform/until.ts';
import { sharedControlPlane } from './control-planes.ts';
import { PASS, type Proxied } from './fault-proxy.ts';
import { type JudgedTown, openJudgedTown, type Scene, setScene } from './scene.ts';
import { allSettled } from './town.ts';

let town: JudgedTown;
let scene: Scene;

beforeAll(async () => {
  town = await openJudgedTown();
});

beforeEach(async () => {
  scene = await setScene('watch', await sharedControlPlane(), town);
});

afterEach(() => scene?.close());
afterAll(() => town?.fleet.close());

const isList = (request: Proxied) => request.method === 'GET' && !request.isWatch && request.path.endsWith('/mcpservers');
const lists = () => scene.proxy.seen.filter(isList);
const watches = () => scene.proxy.seen.filter(({ isWatch }) => isWatch);

async function startPopulated(): Promise<void> {
  await scene.start();
  await scene.populate();
}

test('a connection that is reset in the middle of a line of the watch costs nothing', async () => {
  await startPopulated();
  let lines = 0;
  let resets = 0;
  scene.proxy.onWatchLine = (line) => {
    lines += 1;
    if (lines % 2 === 0 || resets === 4) return [line];
    resets += 1;
    return 'reset';
  };
  const before = lists().length;
  await scene.judge();
  expect(resets).toBeGreaterThanOrEqual(3);
  // Each time it goes on where it was.
  expect(lists()).toHaveLength(before);
});

test('a version that has expired (410), told by the answer or within the watch, leads to a fresh list, and to no backoff the first time', async () => {
  await startPopulated();
  let refusals = 2;
  scene.proxy.onRequest = ({ isWatch }) => (isWatch && refusals-- > 0 ? { kind: 'answer', status: 410 } : PASS);
  const before = lists().length;
  const startMs = performance.now();
  scene.proxy.endWatches();
  await until(() => lists().length > before, { what: 'it lists anew' });
  expect(performance.now() - startMs).toBeLessThan(1_000);
  await until(() => refusals <= 0 && scene.proxy.watches() === 1, { what: 'it watches again' });
  const listed = lists().length;
  scene.proxy.onWatchLine = (line) => {
    scene.proxy.onWatchLine = (next) => [next];
    const object = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'Expired', code: 410 };
    return [JSON.stringify({ type: 'ERROR', object }), line];
  };
  await scene.judge();
  expect(lists().length).toBeGreaterThan(listed);
});

test('a list that answers 410 half way, 500, or a page that is cut, is begun again until it is whole', async () => {
  await scene.objects.apply(scene.specs);
  const faults = [
    { kind: 'answer', status: 500 },
    { kind: 'truncate', bytes: 900, ending: 'whole' },
    { kind: 'truncate', bytes: 900, ending: 'reset' },
    { kind: 'answer', status: 410 },
    { kind: 'answer', status: 504 },
  ] as const;
  let next = 0;
  scene.proxy.onRequest = (request) => (isList(request) ? (faults[next++] ?? PASS) : PASS);
  await scene.start();
  await scene.judge();
  expect(next).toBeGreaterThan(faults.length);
});

test('a server that is overloaded (429) is not asked again before the time it asks for', async () => {
  await scene.objects.apply(scene.specs);
  const asked: number[] = [];
  scene.proxy.onRequest = (request) => {
    if (!isList(request)) return PASS;
    asked.push(request.atMs);
    return asked.length <= 2 ? { kind: 'answer', status: 429, headers: { 'retry-after': '2' } } : PASS;
  };
  await scene.start();
  expect(asked).toHaveLength(3);
  for (const [index, atMs] of asked.slice(1).entries()) expect(atMs - (asked[index] ?? 0)).toBeGreaterThanOrEqual(1_990);
  // A watch is refused in the same way.
  const watched = watches().length;
  scene.proxy.onRequest = ({ isWatch }) =>
    isWatch && watches().length <= watched + 2 ? { kind: 'answer', status: 429, headers: { 'retry-after': '2' } } : PASS;
  scene.proxy.endWatches();
  await until(() => watches().length >= watched + 3, { what: 'it watches again' });
  const times = watches()
    .slice(watched)
    .map(({ atMs }) => atMs);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_990);
  expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(1_990);
  await scene.judge();
});

test('answers that come byte by byte are waited for', async () => {
  await scene.objects.apply(scene.specs);
  // A list of 20 KB takes more than a second, each line of the watch half of one.
  scene.proxy.slow({ bytes: 200, everyMs: 20 });
  await scene.start();
  await scene.judge({ timeoutMs: 45_000 });
});

test('a line of the watch that is no JSON, or no event, leads to a fresh list', async () => {
  await startPopulated();
  const garbage = ['{"type":"MODIFIED","object":{"metadata":{', 'null', '{"type":"MODIFIED","object":{}}', '<html>'];
  scene.proxy.onWatchLine = (line) => [garbage.shift() ?? line];
  const before = lists().length;
  const touch = async () => {
    await scene.objects.kubectl('annotate', '--overwrite', 'mcpserver', 'healthy-0', `example.com/touched=${garbage.length}`);
  };
  await until(
    async () => {
      if (scene.proxy.watches() > 0) await touch();
      return garbage.length === 0;
    },
    { what: 'all garbage is told', timeoutMs: 30_000, intervalMs: 300 },
  );
  await scene.judge();
  expect(lists().length).toBeGreaterThanOrEqual(before + 2);
});

test('events that are told twice, late and again when they are old change nothing', async () => {
  const told: string[] = [];
  const last = new Map<string, string>();
  scene.proxy.onWatchLine = async (line) => {
    const { type, object } = JSON.parse(line) as { type: string; object: { metadata: { name?: string } } };
    const { name = '' } = object.metadata;
    // The present one, itself again, one from long ago, and of a deleted object the last that was told before.
    const stale = type === 'DELETED' ? last.get(name) : told[Math.floor(told.length / 2)];
    told.push(line);
    if (type === 'MODIFIED') last.set(name, line);
    await new Promise((resolve) => setTimeout(resolve, 30));
    return [line, line, stale ?? line];
  };
  await startPopulated();
  await scene.judge();
  expect(told.length).toBeGreaterThan(20);
  // The one that was deleted by `judge` is retried every second or two as long as it is there.
  const asked = () => town.fleet.server('missing').counts().probes;
  const before = asked();
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(asked()).toBe(before);
});

test('states that the watch never showed are made up for by the next one that it shows', async () => {
  await startPopulated();
  const dropped: string[] = [];
  // Generation 2 of one object is never shown, nor that another was deleted before it was created again.
  scene.proxy.onWatchLine = (line) => {
    const { type, object } = JSON.parse(line) as { type: string; object: { metadata: { name?: string; generation?: number } } };
    const { name = '', generation } = object.metadata;
    const isSkipped = (name === 'healthy-0' && generation === 2) || (name === 'healthy-2' && type === 'DELETED');
    if (isSkipped) dropped.push(`${type} ${name}`);
    return isSkipped ? [] : [line];
  };
  const { objects, specs } = scene;
  const uid = (await objects.read('healthy-2')).metadata.uid;
  await objects.apply({ 'healthy-0': { ...specs['healthy-0'], url: 'http://127.0.0.1:1/never' } });
  await objects.kubectl('delete', 'mcpserver', 'healthy-2');
  await objects.apply({ 'healthy-0': specs['healthy-0'], 'healthy-2': specs['healthy-2'] });
  const again = await objects.settled('healthy-2', 'Available');
  expect((await objects.read('healthy-2')).metadata.uid).not.toBe(uid);
  expect(again.history?.map(({ to }) => to)).toEqual(['Available']);
  expect(new Set(dropped)).toContain('MODIFIED healthy-0');
  expect(dropped).toContain('DELETED healthy-2');
  const status = await objects.settled('healthy-0', 'Available');
  expect(status.observedGeneration).toBe(3);
  await allSettled(objects);
  // Back to the generation of the reference, as a new object.
  await objects.kubectl('delete', 'mcpserver', 'healthy-0');
  await objects.apply({ 'healthy-0': specs['healthy-0'] });
  await scene.judge();
});

test('an operator that starts from a list of the past catches up, and writes nothing for what it saw there', async () => {
  await startPopulated();
  const { objects, specs, proxy } = scene;
  await scene.operators.at(-1)?.stop();
  const past = await objects.kubectl(
    'get',
    '--raw',
    `/apis/mcpserver-operator.dev/v1alpha1/namespaces/${objects.namespace}/mcpservers`,
  );
  await objects.apply({ 'healthy-2': { ...specs['healthy-2'], probe: { periodSeconds: 11 } } });
  await objects.kubectl('delete', 'mcpserver', 'old');
  await objects.apply({ old: specs['old'] });
  proxy.onRequest = (request) => {
    if (!isList(request)) return PASS;
    proxy.onRequest = () => PASS;
    return { kind: 'answer', status: 200, body: past };
  };
  proxy.onWatchLine = async (line) => {
    // Long enough for it to act upon the past.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return [line];
  };
  const operator = await scene.start();
  await objects.settled('old', 'Available');
  expect((await objects.settled('healthy-2', 'Available')).observedGeneration).toBe(2);
  expect(operator.ending()).toBeUndefined();
  // Back to the generation of the reference, as a new object.
  await objects.kubectl('delete', 'mcpserver', 'healthy-2');
  await objects.apply({ 'healthy-2': specs['healthy-2'] });
  await scene.judge();
});
