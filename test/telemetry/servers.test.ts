import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { type Servers, type ServersDeps, type ServersOptions, startServers } from '../../src/telemetry/servers.ts';
import { createFakeClock } from '../platform/fake-clock.ts';
import { until } from '../platform/until.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const open: Servers[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((servers) => servers.close()));
});

async function* exposition() {
  yield 'up 1\n';
  yield 'down 0\n';
}

async function start(
  deps: Partial<ServersDeps> = {},
  options: ServersOptions = { metricsAddress: LOOPBACK, healthAddress: LOOPBACK },
) {
  const metrics = { contentType: 'text/plain; version=0.0.4; charset=utf-8', render: exposition };
  const result = await startServers({ clock: systemClock, metrics, healthChecks: [], readyChecks: [], ...deps }, options);
  if (result.kind === 'failed') throw new Error(result.message);
  open.push(result.servers);
  const urlOf = (port?: number) => `http://127.0.0.1:${port}`;
  return {
    servers: result.servers,
    health: urlOf(result.servers.healthAddress?.port),
    metrics: urlOf(result.servers.metricsAddress?.port),
    metricsPort: result.servers.metricsAddress?.port ?? 0,
  };
}

function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  return once(socket, 'connect').then(() => socket);
}

test('/healthz, /readyz and /metrics answer, each on its own address', async () => {
  let synced = false;
  const { health, metrics } = await start({ readyChecks: [{ name: 'caches-synced', ok: () => synced }] });
  expect(await (await fetch(`${health}/healthz`)).text()).toBe('ok');
  const notReady = await fetch(`${health}/readyz`);
  expect(notReady.status).toBe(503);
  expect(await notReady.text()).toContain('[-]caches-synced failed');
  synced = true;
  expect(await (await fetch(`${health}/readyz`)).text()).toBe('ok');
  expect(await (await fetch(`${health}/readyz/?verbose`)).text()).toContain('[+]caches-synced ok');
  const scrape = await fetch(`${metrics}/metrics`);
  expect(scrape.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await scrape.text()).toBe('up 1\ndown 0\n');
  expect((await fetch(`${health}/metrics`)).status).toBe(404);
  expect((await fetch(`${metrics}/healthz`)).status).toBe(404);
  expect((await fetch(`${metrics}/metrics`, { method: 'POST', body: 'x' })).status).toBe(405);
  expect((await fetch(`${metrics}/metrics`, { method: 'HEAD' })).status).toBe(200);
});

test('a busy port is one line that names the flag, the address and what to do, and leaves nothing open', async () => {
  const { servers } = await start();
  const busy = { host: '127.0.0.1', port: servers.healthAddress?.port ?? 0 };
  const metrics = { contentType: '', render: exposition };
  const deps = { clock: systemClock, metrics, healthChecks: [], readyChecks: [] };
  const result = await startServers(deps, { metricsAddress: LOOPBACK, healthAddress: busy });
  expect(result).toEqual({
    kind: 'failed',
    message: `--health-bind-address 127.0.0.1:${busy.port}: another process listens there; choose another port, or 0 to turn this server off`,
  });
});

test('an address that is not of this machine is one line', async () => {
  const metrics = { contentType: '', render: exposition };
  const result = await startServers(
    { clock: systemClock, metrics, healthChecks: [], readyChecks: [] },
    { metricsAddress: { host: '192.0.2.1', port: 0 } },
  );
  expect(result).toMatchObject({ kind: 'failed', message: expect.stringContaining('this machine has no such address') });
});

test('a server that is off is not there', async () => {
  const { servers } = await start({}, {});
  expect(servers.metricsAddress).toBeUndefined();
  expect(servers.healthAddress).toBeUndefined();
});

test('a peer that does not read its answer is cut off at the deadline, and its renderer ends', async () => {
  const clock = createFakeClock();
  let ended = false;
  async function* endless() {
    try {
      for (;;) yield 'x'.repeat(1024 * 1024);
    } finally {
      ended = true;
    }
  }
  const { metricsPort } = await start({ clock, metrics: { contentType: 'text/plain', render: endless } });
  const socket = await dial(metricsPort);
  socket.pause();
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => clock.armed() === 1, { what: 'the answer has begun' });
  await clock.advance(14_999);
  expect(ended).toBe(false);
  await clock.advance(1);
  await until(() => ended, { what: 'the renderer has ended' });
  expect(clock.armed()).toBe(0);
  socket.destroy();
});

test('a renderer that throws cuts the answer instead of completing it', async () => {
  async function* broken() {
    yield 'up 1\n';
    throw new Error('broken');
  }
  const { metrics } = await start({ metrics: { contentType: 'text/plain', render: broken } });
  await expect(fetch(`${metrics}/metrics`).then((response) => response.text())).rejects.toThrow();
});

test('connections are bounded: the 65th is dropped', async () => {
  const { metricsPort } = await start();
  const sockets = await Promise.all(Array.from({ length: 64 }, () => dial(metricsPort)));
  const late = await dial(metricsPort);
  await until(() => late.closed, { what: 'the 65th connection is dropped' });
  expect(sockets.some((socket) => socket.closed)).toBe(false);
  for (const socket of sockets) socket.destroy();
});

test('close ends at once although a peer holds a connection and an answer is under way, and frees the port', async () => {
  const started = Promise.withResolvers<void>();
  async function* waiting() {
    yield 'up 1\n';
    started.resolve();
    await new Promise(() => {});
  }
  const { servers, metricsPort } = await start({ metrics: { contentType: 'text/plain', render: waiting } });
  const silent = await dial(metricsPort);
  const scraping = await dial(metricsPort);
  scraping.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  await started.promise;
  const closed = Promise.all([once(silent, 'close'), once(scraping, 'close')]);
  scraping.resume();
  await servers.close();
  await closed;
  const again = await start({}, { metricsAddress: { host: '127.0.0.1', port: metricsPort } });
  expect(again.metricsPort).toBe(metricsPort);
});
