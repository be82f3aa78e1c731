/**
 * Many MCP servers behind one host and port, as behind a gateway: at most eight are probed there at once, and those that hang keep none
 * of their neighbours waiting. The gateway counts.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Objects, openObjects } from '../cluster/operator/objects.ts';
import type { OperatorProcess } from '../cluster/operator-process.ts';
import { until } from '../platform/until.ts';
import { modern } from '../probe/behaviours.ts';
import { type Scripted, startServer } from '../probe/scripted-server.ts';
import { freshNamespace, sharedControlPlane } from './control-planes.ts';
import { install, run } from './operator.ts';

const PATIENT = { timeoutSeconds: 300, deadlineSeconds: 600 };

let objects: Objects;
let operator: OperatorProcess;
const gateways: Scripted[] = [];

beforeAll(async () => {
  const controlPlane = await sharedControlPlane();
  const installed = await install(controlPlane, freshNamespace('hosts'));
  objects = await openObjects(controlPlane, installed.namespace);
  operator = await run({ installed });
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await Promise.all([objects?.close(), ...gateways.map((gateway) => gateway.close())]);
});

const stateOf = async (prefix: string) =>
  [...(await objects.list()).values()]
    .filter(({ metadata }) => metadata.name.startsWith(prefix))
    .map(({ status }) => status.state);

test('a hundred servers behind one port are probed eight at a time', async () => {
  const answer = modern();
  let open = 0;
  let peak = 0;
  const gateway = await startServer(async (seen, reply) => {
    open += 1;
    peak = Math.max(peak, open);
    await new Promise((resolve) => setTimeout(resolve, 50));
    open -= 1;
    await answer(seen, reply);
  });
  gateways.push(gateway);
  const specs = Array.from({ length: 100 }, (_, n) => [`crowd-${n}`, { url: gateway.url(`/${n}/mcp`) }] as const);
  await objects.apply(Object.fromEntries(specs));
  await until(async () => (await stateOf('crowd-')).every((state) => state === 'Available'), {
    what: 'all are Available',
    timeoutMs: 60_000,
    intervalMs: 250,
  });
  expect(peak).toBe(8);
});

test('forty that hang behind a gateway keep none of their neighbours behind it waiting', async () => {
  const answer = modern();
  let hanging = 0;
  const gateway = await startServer((seen, reply) => {
    if (!seen.path.startsWith('/hung/')) return answer(seen, reply);
    hanging += 1;
    reply.once('close', () => {
      hanging -= 1;
    });
  });
  gateways.push(gateway);
  const hung = Array.from({ length: 40 }, (_, n) => [`hung-${n}`, { url: gateway.url(`/hung/${n}`), probe: PATIENT }] as const);
  await objects.apply(Object.fromEntries(hung));
  await until(() => hanging >= 8, { what: 'the gateway is full of probes that hang' });
  const well = Array.from({ length: 10 }, (_, n) => [`neighbour-${n}`, { url: gateway.url(`/well/${n}`) }] as const);
  await objects.apply(Object.fromEntries(well));
  await until(async () => (await stateOf('neighbour-')).every((state) => state === 'Available'), {
    what: 'the neighbours are Available',
    timeoutMs: 60_000,
    intervalMs: 250,
  });
  await until(() => hanging === 40, { what: 'all forty are being waited for', timeoutMs: 30_000 });
  expect(new Set(await stateOf('hung-'))).toEqual(new Set(['Pending']));
});
