/**
 * A restart goes on where the process before it was: nobody is probed early, failed servers keep their place on the ladder, and healthy
 * ones are visited over one period in the order of the hash of their uids. The servers say when they were visited.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MCPServer } from '../../src/api/v1alpha1/mcpserver.ts';
import { refreshPhaseMs } from '../../src/reconcile/progress.ts';
import { type Objects, openObjects } from '../cluster/operator/objects.ts';
import type { OperatorProcess } from '../cluster/operator-process.ts';
import { until } from '../platform/until.ts';
import { freshNamespace, sharedControlPlane } from './control-planes.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { type Installed, install, run } from './operator.ts';

const HEALTHY = Array.from({ length: 24 }, (_, n) => `healthy-${n}`);
const DOWN = Array.from({ length: 6 }, (_, n) => `down-${n}`);
const DENIED = ['denied-0', 'denied-1'];
const PROBE = { periodSeconds: 30, recheckSeconds: 40 };
/** Longer than an operator needs to start on a busy machine. */
const RETRY = { attempts: 1, initialBackoffSeconds: 30, maxBackoffSeconds: 30 };

let installed: Installed;
let fleet: Fleet;
let objects: Objects;
let operator: OperatorProcess;

beforeAll(async () => {
  const controlPlane = await sharedControlPlane();
  installed = await install(controlPlane, freshNamespace('restart'));
  objects = await openObjects(controlPlane, installed.namespace);
  fleet = createFleet();
  const specs: Record<string, object> = {};
  const open = async (name: string, httpStatus?: number) => {
    const conduct = httpStatus === undefined ? ({ kind: 'healthy' } as const) : ({ kind: 'failing', httpStatus } as const);
    specs[name] = { url: (await fleet.open(name, conduct)).url, probe: PROBE, retry: RETRY };
  };
  for (const name of HEALTHY) await open(name);
  for (const name of DOWN) await open(name, 503);
  for (const name of DENIED) await open(name, 401);
  await objects.apply(specs);
  operator = await run({ installed });
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await Promise.all([objects?.close(), fleet?.close()]);
});

const judged = async () => {
  const all = [...(await objects.list()).values()];
  return all.every(({ status }) => status.observedGeneration === 1) ? all : undefined;
};
/** When the server of `name` was first visited since the restart, monotonic ms. */
const visitedMs = (name: string) => fleet.server(name).counts().probedAtMs[0] ?? Number.NaN;

test('after a restart nobody is probed early, and everybody is probed when due', { timeout: 150_000 }, async () => {
  const before = new Map(
    (await until(judged, { what: 'all have verdicts', timeoutMs: 30_000 })).map((object) => [object.metadata.name, object]),
  );
  expect((await operator.stop()).how).toBe(0);
  fleet.reset();
  const startMs = performance.now();
  operator = await run({ installed });
  const names = [...HEALTHY, ...DOWN, ...DENIED];
  await until(() => names.every((name) => fleet.server(name).counts().probes > 0), {
    what: 'all were visited',
    timeoutMs: 90_000,
  });

  for (const name of [...DOWN, ...DENIED]) {
    const nextMs = Date.parse(before.get(name)?.status.failure?.nextProbeTime ?? '');
    expect(performance.timeOrigin + visitedMs(name), name).toBeGreaterThanOrEqual(nextMs);
  }
  const phaseMs = (name: string) => phaseOf(before.get(name));
  for (const name of HEALTHY) expect(visitedMs(name) - startMs, name).toBeGreaterThanOrEqual(phaseMs(name));
  // By the hash and not by the name: whoever is due 3 s before another was visited before it.
  const pairs = HEALTHY.flatMap((a) => HEALTHY.filter((b) => phaseMs(b) - phaseMs(a) >= 3_000).map((b) => [a, b] as const));
  expect(pairs.length).toBeGreaterThan(100);
  expect(pairs.filter(([a, b]) => visitedMs(a) > visitedMs(b))).toEqual([]);
});

test('the failed ones went on with their count, and no healthy one was told anything', async () => {
  await until(
    async () => {
      const all = await objects.list();
      return DOWN.every((name) => all.get(name)?.status.failure?.consecutive === 2);
    },
    { what: 'the second failure is written', timeoutMs: 30_000 },
  );
  const all = await objects.list();
  for (const name of HEALTHY) expect(all.get(name)?.status).toMatchObject({ state: 'Available', history: [{ to: 'Available' }] });
  expect(operator.log().filter(({ msg }) => msg === 'state changed')).toEqual([]);
});

function phaseOf(object: MCPServer | undefined): number {
  if (object?.spec.kind !== 'valid') throw new Error('no valid spec');
  return refreshPhaseMs(object.spec.value, object.metadata.uid);
}
