/**
 * 200 tar-pits, and slow, dripping, flooding and lying servers, all declared before sixty healthy ones: they cost nobody but themselves.
 * What is compared is order and work, not time: the healthy ones are Available while every tar-pit is still being waited for, after one
 * probe each, and so are those that come or change later.
 */
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Objects, openObjects } from '../cluster/operator/objects.ts';
import type { OperatorProcess } from '../cluster/operator-process.ts';
import { until } from '../platform/until.ts';
import type { Behaviour } from '../probe/scripted-server.ts';
import { freshNamespace, sharedControlPlane } from './control-planes.ts';
import { createFleet, type Fleet } from './fleet.ts';
import type { Conduct } from './fleet-server.ts';
import { install, run } from './operator.ts';

/** Longer than this test: a tar-pit never gets a verdict in it. */
const PATIENT = { timeoutSeconds: 300, deadlineSeconds: 600 };
const CHUNK = Buffer.alloc(64 * 1024, ' ');
/** A flood ends by itself after 64 MiB, should nobody hang up. */
const MAX_CHUNKS = 1024;

const flood: Behaviour = async (_seen, reply) => {
  reply.writeHead(200, { 'content-type': 'application/json' });
  for (let n = 0; n < MAX_CHUNKS && !reply.destroyed; n++) {
    if (!reply.write(CHUNK)) await room(reply);
  }
  reply.end();
};
/** Resolves when the peer has read, or has gone. */
function room(reply: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      reply.off('drain', done).off('close', done);
      resolve();
    };
    reply.on('drain', done).on('close', done);
  });
}
/** A byte a second, for a minute. */
const drip: Behaviour = async (_seen, reply) => {
  reply.writeHead(200, { 'content-type': 'application/json' });
  for (let n = 0; n < 60 && !reply.destroyed; n++) {
    reply.write(' ');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  reply.end();
};
/** Events that say nothing, without end. */
const chatter: Behaviour = async (_seen, reply) => {
  reply.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let n = 0; n < 600 && !reply.destroyed; n++) {
    reply.write(': \n\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  reply.end();
};
const lie: Behaviour = (_seen, reply) => {
  const headers = { 'content-type': 'application/json', 'x-long': 'x'.repeat(128 * 1024) };
  reply.writeHead(200, headers).end(`${'['.repeat(100_000)}`);
};

let objects: Objects;
let operator: OperatorProcess;
const fleet: Fleet = createFleet();

async function openMany(kind: string, count: number, conduct: Conduct, probe: object = {}): Promise<Record<string, object>> {
  const specs: Record<string, object> = {};
  for (let n = 0; n < count; n++) specs[`${kind}-${n}`] = { url: (await fleet.open(`${kind}-${n}`, conduct)).url, probe };
  return specs;
}
const members = (kind: string) => fleet.servers().filter(({ name }) => name.startsWith(`${kind}-`));
const inFlight = (kind: string) => members(kind).reduce((sum, server) => sum + server.counts().probesInFlight, 0);
const statesOf = async (kind: string) =>
  [...(await objects.list()).values()]
    .filter(({ metadata }) => metadata.name.startsWith(`${kind}-`))
    .map(({ status }) => status.state);

beforeAll(async () => {
  const controlPlane = await sharedControlPlane();
  const installed = await install(controlPlane, freshNamespace('tarpits'));
  objects = await openObjects(controlPlane, installed.namespace);
  const bad = {
    ...(await openMany('tarpit', 200, { kind: 'tarpit' }, PATIENT)),
    ...(await openMany('slow', 10, { kind: 'healthy', delayMs: 3_000 })),
    ...(await openMany('drip', 10, { kind: 'scripted', behaviour: drip }, PATIENT)),
    ...(await openMany('chatter', 5, { kind: 'scripted', behaviour: chatter }, PATIENT)),
    ...(await openMany('flood', 5, { kind: 'scripted', behaviour: flood })),
    ...(await openMany('lie', 10, { kind: 'scripted', behaviour: lie })),
  };
  await objects.apply(bad);
  operator = await run({ installed });
}, 120_000);

afterAll(async () => {
  operator?.signal('SIGKILL');
  await Promise.all([objects?.close(), fleet.close()]);
});

test('sixty healthy servers are Available after one probe each, while 200 tar-pits are being waited for', async () => {
  await objects.apply(await openMany('healthy', 60, { kind: 'healthy' }, { periodSeconds: 3_600 }));
  await until(async () => (await statesOf('healthy')).every((state) => state === 'Available'), {
    what: 'all healthy ones are Available',
    timeoutMs: 60_000,
    intervalMs: 250,
  });
  expect(new Set(members('healthy').map((server) => server.counts().probes))).toEqual(new Set([1]));
  // None of them has come to an end, and all of them are waited for at once: they hold no slot of the 64.
  expect(new Set(await statesOf('tarpit'))).toEqual(new Set(['Pending']));
  await until(() => inFlight('tarpit') === 200, { what: 'all tar-pits are being waited for', timeoutMs: 30_000 });
  expect(await operator.health('/healthz')).toBe(200);
});

test('meanwhile slow servers get their verdict, liars are judged, and an edit is seen at once', async () => {
  await until(async () => (await statesOf('slow')).every((state) => state === 'Available'), {
    what: 'slow ones are Available',
    timeoutMs: 60_000,
    intervalMs: 250,
  });
  for (const kind of ['flood', 'lie']) {
    await until(async () => (await statesOf(kind)).every((state) => state !== 'Pending' && state !== 'Available'), {
      what: `${kind} is judged`,
      timeoutMs: 60_000,
      intervalMs: 250,
    });
  }
  await objects.apply({ 'healthy-0': { url: `${fleet.server('healthy-0').url}?edited` } });
  await objects.settled('healthy-0', 'Available', 20_000);
  expect(inFlight('tarpit')).toBe(200);
  expect(fleet.counts().peakRetries).toBeLessThanOrEqual(5);
  // A flood is cut off where its limit is, and 64 MiB times five never were in memory.
  expect(await operator.metric('process_resident_memory_bytes')).toBeLessThan(400 * 1024 * 1024);
});
