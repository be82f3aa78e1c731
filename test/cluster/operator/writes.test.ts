/**
 * What the operator costs the API server, counted by the API server itself, and what it costs the MCP servers, counted by them: one
 * write per first verdict, nothing while nothing happens, nothing for an object that is gone.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../platform/until.ts';
import { modern, respond } from '../../probe/behaviours.ts';
import { type Behaviour, type Scripted, startServer } from '../../probe/scripted-server.ts';
import { controlPlane, createNamespace } from '../control-plane.ts';
import { installOperator, type OperatorProcess, startOperator } from '../operator-process.ts';
import { type Objects, openObjects } from './objects.ts';

const HEALTHY = 60;
const DENIED = 20;
/** Probed every 10 s, so at least once in the idle window. */
const BUSY = 10;
const IDLE_MS = 12_000;

let objects: Objects;
let operator: OperatorProcess;
let healthy: Scripted;
let denied: Scripted;
let busy: Scripted;
const servers: Scripted[] = [];

async function serve(behaviour: Behaviour): Promise<Scripted> {
  const server = await startServer(behaviour);
  servers.push(server);
  return server;
}

const many = (count: number, prefix: string, spec: object) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}-${index}`, spec]));

beforeAll(async () => {
  const namespace = await createNamespace('writes');
  const kubeconfig = await installOperator(controlPlane, namespace);
  objects = await openObjects(controlPlane, namespace);
  healthy = await serve(modern());
  denied = await serve(respond(401));
  busy = await serve(modern());
  await objects.apply({
    ...many(HEALTHY, 'healthy', { url: healthy.url() }),
    ...many(DENIED, 'denied', { url: denied.url() }),
    ...many(BUSY, 'busy', { url: busy.url(), probe: { periodSeconds: 10 } }),
  });
  // All at once: who waits longer than 2 s for a place beside its neighbours on one host would be told to be Pending.
  operator = await startOperator({
    kubeconfig,
    namespace,
    flags: ['--max-concurrent-per-host=0', '--max-concurrent-probes=128'],
  });
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await objects?.close();
  await Promise.all(servers.map((server) => server.close()));
});

const verbs = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>) =>
  Object.fromEntries(
    ['GET', 'PUT', 'PUT status', 'PATCH', 'APPLY', 'PATCH status', 'POST', 'DELETE'].map((verb) => [
      verb,
      (after.get(verb) ?? 0) - (before.get(verb) ?? 0),
    ]),
  );
const NOTHING = { GET: 0, PUT: 0, 'PUT status': 0, PATCH: 0, APPLY: 0, 'PATCH status': 0, POST: 0, DELETE: 0 };

test('A4: objects that wait for the operator are all judged with one status write each, and none of them is read singly', async () => {
  const count = HEALTHY + DENIED + BUSY;
  const states = await until(
    async () => {
      const found = [...(await objects.list()).values()].map(({ status }) => status.state);
      return found.includes('Pending') ? undefined : found;
    },
    { what: 'every object has its verdict' },
  );
  expect(states).toHaveLength(count);
  expect(states.filter((state) => state === 'Available')).toHaveLength(HEALTHY + BUSY);
  expect(await operator.metric('rest_client_requests_total', 'method="PUT"')).toBe(count);
  // List and watch; a Secret is read by nobody here.
  expect(await operator.metric('rest_client_requests_total', 'method="GET"', 'code="200"')).toBe(2);
});

test('B8: own writes wake nobody, and while nothing happens nothing is written and nothing is read', async () => {
  const before = await objects.requests();
  const visits = { denied: denied.requests.length, busy: busy.requests.length };
  // An idle window is what is measured: nothing can be awaited here.
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  expect(verbs(before, await objects.requests())).toEqual(NOTHING);
  expect(denied.requests.length).toBe(visits.denied);
  expect(denied.requests.length).toBe(DENIED);
  // They were probed all the while, and found to be as before: two calls a probe.
  const probes = (busy.requests.length - visits.busy) / 2;
  expect(probes).toBeGreaterThanOrEqual(BUSY);
  expect(probes).toBeLessThanOrEqual(BUSY * 2);
});

test('an edit is one probe and one write', async () => {
  const before = await objects.requests();
  const visits = denied.requests.length;
  await objects.apply({ 'denied-0': { url: denied.url('/other') } });
  await objects.settled('denied-0', 'Denied');
  expect(denied.requests.slice(visits).map(({ path }) => path)).toEqual(['/other']);
  expect(verbs(before, await objects.requests())).toEqual({ ...NOTHING, APPLY: 1, 'PUT status': 1 });
});

describe('B8: an object that goes away', () => {
  const seriesOf = async (name: string) =>
    (await operator.metrics()).split('\n').filter((line) => line.includes(`name="${name}"`));

  test('takes its series with it', async () => {
    expect((await seriesOf('healthy-1')).length).toBeGreaterThanOrEqual(5);
    await objects.kubectl('delete', 'mcpserver', 'healthy-1');
    await until(async () => (await seriesOf('healthy-1')).length === 0, { what: 'its series are gone' });
    expect((await seriesOf('healthy-2')).length).toBeGreaterThanOrEqual(5);
  });

  test('while it is probed: the probe ends at once, and no write brings it back', async () => {
    const silent = await serve(() => undefined);
    await objects.apply({ leaving: { url: silent.url() } });
    await until(() => silent.open() === 1, { what: 'it is probed' });
    const before = await objects.requests();
    await objects.kubectl('delete', 'mcpserver', 'leaving');
    await until(() => silent.open() === 0, { what: 'the probe has ended', timeoutMs: 2_000 });
    expect(verbs(before, await objects.requests())).toMatchObject({ 'PUT status': 0 });
    expect((await objects.list()).has('leaving')).toBe(false);
    expect(await seriesOf('leaving')).toEqual([]);
  });

  test('and is re-created under the same name during a probe starts from nothing', async () => {
    const silent = await serve(() => undefined);
    await objects.apply({ again: { url: denied.url('/again') } });
    const old = await objects.settled('again', 'Denied');
    expect(old.history).toHaveLength(1);
    await objects.apply({ again: { url: silent.url() } });
    await until(() => silent.open() === 1, { what: 'it is probed' });
    await objects.kubectl('delete', 'mcpserver', 'again');
    await objects.apply({ again: { url: healthy.url() } });
    const fresh = await objects.settled('again', 'Available');
    expect(fresh.history).toMatchObject([{ from: 'Pending', to: 'Available' }]);
    expect(fresh.lastFailure).toBeUndefined();
    expect(silent.open()).toBe(0);
    expect(silent.requests).toHaveLength(1);
  });
});
