/**
 * Two hundred names whose look-up hangs, each in a thread that can not be had back: servers whose names answered before are probed as
 * ever, and the operator ends when it is asked to.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Objects, openObjects } from '../cluster/operator/objects.ts';
import { type OperatorProcess, startOperator } from '../cluster/operator-process.ts';
import { until } from '../platform/until.ts';
import { freshNamespace, sharedControlPlane } from './control-planes.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { install } from './operator.ts';

const PATIENT = { timeoutSeconds: 300, deadlineSeconds: 600 };

let directory: string;
let fifo: string;
let objects: Objects;
let operator: OperatorProcess;
const fleet: Fleet = createFleet();

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'hanging-names-'));
  fifo = path.join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const controlPlane = await sharedControlPlane();
  const installed = await install(controlPlane, freshNamespace('names'));
  objects = await openObjects(controlPlane, installed.namespace);
  operator = await startOperator({
    ...installed,
    env: {
      NODE_OPTIONS: `--import=${path.join(import.meta.dirname, 'hanging-names.ts')}`,
      TEST_HANGING_FIFO: fifo,
      // As the chart sets it: a preloaded file makes the pool before the program could size it.
      UV_THREADPOOL_SIZE: '256',
    },
  });
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await Promise.all([objects?.close(), fleet.close(), rm(directory, { recursive: true, force: true })]);
});

/** Waits until all healthy ones are Available by a verdict on this generation. */
const available = (generation: number) =>
  until(
    async () => {
      const all = [...(await objects.list()).values()].filter(({ metadata }) => metadata.name.startsWith('healthy-'));
      return all.every(({ status }) => status.state === 'Available' && status.observedGeneration === generation);
    },
    { what: `all that can be found are Available, generation ${generation}`, timeoutMs: 60_000, intervalMs: 250 },
  );

test('servers whose names were found before are probed again at once while two hundred look-ups hang', async () => {
  const healthy: Record<string, { url: string }> = {};
  for (let n = 0; n < 30; n++) {
    const { url } = await fleet.open(`healthy-${n}`);
    healthy[`healthy-${n}`] = { url: url.replace('127.0.0.1', 'localhost') };
  }
  await objects.apply(healthy);
  await available(1);
  const hung = Array.from(
    { length: 200 },
    (_, n) => [`hung-${n}`, { url: `http://n${n}.hang.test/mcp`, probe: PATIENT }] as const,
  );
  await objects.apply(Object.fromEntries(hung));
  // As many as may hang at once, three quarters of half of the threads, hang and will do so for ever.
  await until(async () => (await stat(`${fifo}.count`)).size >= 90, { what: 'look-ups hang', timeoutMs: 30_000 });
  const edited = Object.entries(healthy).map(([name, { url }]) => [name, { url: `${url}?edited` }] as const);
  await objects.apply(Object.fromEntries(edited));
  await available(2);
  expect(new Set(fleet.servers().map((server) => server.counts().probes))).toEqual(new Set([2]));
  const all = [...(await objects.list()).values()].filter(({ metadata }) => metadata.name.startsWith('hung-'));
  expect(new Set(all.map(({ status }) => status.state))).toEqual(new Set(['Pending']));
  expect(await operator.health('/healthz')).toBe(200);
});

test('it ends in order although its threads hang', async () => {
  const { how, afterMs } = await operator.stop();
  expect(how).toBe(0);
  expect(afterMs).toBeLessThanOrEqual(25_000);
});
