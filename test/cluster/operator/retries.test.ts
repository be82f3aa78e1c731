/**
 * Retries in the world: never more than five at once as the servers count them, nobody starves, nobody healthy waits for them; and a
 * restart of the operator, however rude, continues their schedule.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MCPServerStatus } from '../../../src/api/v1alpha1/status.ts';
import { until } from '../../platform/until.ts';
import { modern, respond } from '../../probe/behaviours.ts';
import { type Behaviour, type Scripted, startServer } from '../../probe/scripted-server.ts';
import { controlPlane, createNamespace } from '../control-plane.ts';
import { installOperator, type OperatorProcess, startOperator } from '../operator-process.ts';
import { type Objects, openObjects } from './objects.ts';

const FAILING = 60;
const WINDOW_MS = 11_000;
/** How long a failing server thinks before it says 503: long enough that five at once are always busy. */
const ANSWER_MS = 150;

const servers: Scripted[] = [];
const operators: OperatorProcess[] = [];

async function serve(behaviour: Behaviour): Promise<Scripted> {
  const server = await startServer(behaviour);
  servers.push(server);
  return server;
}

async function start(kubeconfig: string, namespace: string): Promise<OperatorProcess> {
  const operator = await startOperator({ kubeconfig, namespace });
  operators.push(operator);
  return operator;
}

afterAll(async () => {
  for (const operator of operators) operator.signal('SIGKILL');
  await Promise.all(servers.map((server) => server.close()));
});

describe('B2: sixty servers fail and are due all the time', () => {
  let objects: Objects;
  let operator: OperatorProcess;
  /** Requests under way, those of first probes left out, as the servers see them. */
  let inFlight = 0;
  let peak = 0;
  const retries = new Map<number, number>();

  /** 503 after a while. An attempt is one request here, so each after the first is a retry. */
  function failing(index: number): Behaviour {
    let isFirst = true;
    return async (seen, reply) => {
      const isRetry = !isFirst;
      isFirst = false;
      if (isRetry) {
        inFlight += 1;
        peak = Math.max(peak, inFlight);
        retries.set(index, (retries.get(index) ?? 0) + 1);
      }
      await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
      if (isRetry) inFlight -= 1;
      await respond(503)(seen, reply);
    };
  }

  beforeAll(async () => {
    const namespace = await createNamespace('retries');
    const kubeconfig = await installOperator(controlPlane, namespace);
    objects = await openObjects(controlPlane, namespace);
    operator = await start(kubeconfig, namespace);
    const all = await Promise.all(Array.from({ length: FAILING }, (_, index) => serve(failing(index))));
    const retry = { attempts: 1, initialBackoffSeconds: 1, maxBackoffSeconds: 1 };
    await objects.apply(Object.fromEntries(all.map((server, index) => [`failing-${index}`, { url: server.url(), retry }])));
    await until(() => retries.size > 0, { what: 'the first retry' });
    expect(await operator.health('/healthz')).toBe(200);
  });
  afterAll(async () => {
    operator?.signal('SIGKILL');
    await objects?.close();
  });

  test('and at most five retries are in flight, as the servers count them; FIFO: nobody starves', async () => {
    const startMs = performance.now();
    let slowestMs = 0;
    // Meanwhile healthy servers come, one after the other, and none waits for the crowd.
    for (let index = 0; performance.now() - startMs < WINDOW_MS; index++) {
      const appliedMs = performance.now();
      await objects.apply({ [`healthy-${index}`]: { url: (await serve(modern())).url() } });
      const applyMs = performance.now() - appliedMs;
      await objects.settled(`healthy-${index}`, 'Available');
      slowestMs = Math.max(slowestMs, performance.now() - appliedMs - applyMs);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    expect(peak).toBe(5);
    expect(slowestMs).toBeLessThan(3_000);
    const counts = Array.from({ length: FAILING }, (_, index) => retries.get(index) ?? 0);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(3);
    expect(await operator.metric('mcpserver_operator_retries_in_flight')).toBeLessThanOrEqual(5);
  });
});

describe('B3: kill -9 and restart', () => {
  let objects: Objects;
  let before: Map<string, MCPServerStatus>;
  let killedMs = 0;
  const arrivals = new Map<string, number[]>();
  let healthy: Scripted;
  const names = ['outage-0', 'outage-1', 'outage-2', 'outage-3'];

  function noting(name: string): Behaviour {
    return (seen, reply) => {
      arrivals.set(name, [...(arrivals.get(name) ?? []), Date.now()]);
      return respond(503)(seen, reply);
    };
  }
  const statuses = async () => new Map([...(await objects.list())].map(([name, { status }]) => [name, status]));

  beforeAll(async () => {
    const namespace = await createNamespace('restart');
    const kubeconfig = await installOperator(controlPlane, namespace);
    objects = await openObjects(controlPlane, namespace);
    const first = await start(kubeconfig, namespace);
    healthy = await serve(modern());
    const failing = await Promise.all(names.map((name) => serve(noting(name))));
    const retry = { attempts: 1, initialBackoffSeconds: 4, maxBackoffSeconds: 8 };
    // A period so long that by the hash of its uid none of them is due within the test.
    const probe = { periodSeconds: 86_400 };
    await objects.apply({
      'healthy-0': { url: healthy.url(), probe },
      'healthy-1': { url: healthy.url(), probe },
      'healthy-2': { url: healthy.url(), probe },
      ...Object.fromEntries(failing.map((server, index) => [names[index] ?? '', { url: server.url(), retry }])),
    });
    for (const name of ['healthy-0', 'healthy-1', 'healthy-2']) await objects.settled(name, 'Available');
    // The first failure waits 4 s: time enough to kill and restart within it.
    for (const name of names) await objects.settled(name, 'Transient');
    first.signal('SIGKILL');
    await first.ended;
    killedMs = Date.now();
    before = await statuses();
    await start(kubeconfig, namespace);
  });
  afterAll(() => objects?.close());

  test('nobody is probed before the time that its status names, and everybody is probed then', async () => {
    await until(() => names.every((name) => arrivals.get(name)?.length === 2), { what: 'the second probe of each' });
    for (const name of names) {
      const dueMs = Date.parse(before.get(name)?.failure?.nextProbeTime ?? '');
      const arrivedMs = arrivals.get(name)?.at(-1) ?? 0;
      expect(dueMs).toBeGreaterThan(killedMs);
      expect(arrivedMs - dueMs, name).toBeGreaterThanOrEqual(0);
      expect(arrivedMs - dueMs, name).toBeLessThan(1_500);
    }
  });

  test('consecutive goes on, the failure keeps its beginning, and history is whole', async () => {
    const after = await until(
      async () => {
        const found = await statuses();
        return names.every((name) => found.get(name)?.failure?.consecutive === 2) ? found : undefined;
      },
      { what: 'the second failure is written' },
    );
    for (const name of names) {
      expect(after.get(name)?.failure?.since).toBe(before.get(name)?.failure?.since);
      expect(after.get(name)?.history).toEqual(before.get(name)?.history);
      expect(after.get(name)?.history).toHaveLength(1);
    }
  });

  test('healthy servers are not probed anew, and their statuses stand as they stood', async () => {
    // Two calls of each first probe, and nothing since.
    expect(healthy.requests).toHaveLength(6);
    const after = await statuses();
    for (const name of ['healthy-0', 'healthy-1', 'healthy-2']) expect(after.get(name)).toEqual(before.get(name));
  });
});
