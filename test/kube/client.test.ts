import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKubeClient, type KubeClient, type KubeClientDeps, type KubeRequest } from '../../src/kube/client.ts';
import type { KubeConfig } from '../../src/kube/config.ts';
import { createFakeClock, type FakeClock, fixedRandom } from '../platform/fake-clock.ts';
import { until } from '../platform/until.ts';
import { type Reply, type ScriptedAPIServer, startScriptedAPIServer, statusObject } from './scripted-api-server.ts';

let api: ScriptedAPIServer;
let clock: FakeClock;
let directory: string;
const clients: KubeClient[] = [];

beforeEach(async () => {
  api = await startScriptedAPIServer();
  clock = createFakeClock();
  directory = await mkdtemp(join(tmpdir(), 'kube-client-'));
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  expect(clock.armed()).toBe(0);
  await api.close();
  await rm(directory, { recursive: true });
});

function open(config: Partial<KubeConfig> = {}, deps: Partial<KubeClientDeps> = {}): KubeClient {
  const client = createKubeClient({ config: { ...api.config, ...config }, clock, random: fixedRandom(0.5), ...deps });
  clients.push(client);
  return client;
}

const GET: KubeRequest = { method: 'GET', path: '/api/v1/x' };
const PUT: KubeRequest = { method: 'PUT', path: '/api/v1/x', body: '{}' };
const replyInTurn = (...replies: Reply[]) => {
  api.onRequest = () => replies.shift() ?? { status: 200, body: 'done' };
};
/** Moves the fake clock by steps of 50 ms until the call is over. */
async function settle<T>(call: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  call.then(over, over);
  await until(
    async () => {
      if (!isOver) await clock.advance(50);
      return isOver;
    },
    { what: 'the call is over', intervalMs: 1 },
  );
  return call;
}

describe('requests', () => {
  test('a request carries path, query, identity and user agent, and the answer comes back whole', async () => {
    api.onRequest = () => ({ status: 201, body: { a: 'ü' } });
    const client = open(
      { basePath: '/k8s/clusters/c-1', user: { token: 'canary', impersonateUser: 'jane' } },
      { userAgent: 'tests/1' },
    );
    const result = await client.request({ method: 'POST', path: '/api', query: { a: 'b c&d' }, body: '{"x":1}' });
    expect(result).toEqual({ kind: 'ok', status: 201, body: '{"a":"ü"}' });
    const [received] = api.received;
    expect(received).toMatchObject({ method: 'POST', path: '/k8s/clusters/c-1/api', body: '{"x":1}' });
    expect(received?.query.get('a')).toBe('b c&d');
    expect(received?.headers).toMatchObject({
      authorization: 'Bearer canary',
      'impersonate-user': 'jane',
      'user-agent': 'tests/1',
      'content-type': 'application/json',
      accept: 'application/json',
    });
  });

  test('basic authentication is sent', async () => {
    await open({ user: { basic: { username: 'ü', password: 'p:w' } } }).request(GET);
    expect(api.received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ü:p:w').toString('base64')}`);
  });

  test('a refusal is its status and its reason, and nothing else of what the server said', async () => {
    api.onRequest = () => ({ status: 409, body: statusObject(409, 'AlreadyExists') });
    expect(await open().request(PUT)).toEqual({ kind: 'status', status: 409, reason: 'AlreadyExists' });
    api.onRequest = () => ({ status: 403, body: statusObject(403, 'you <b>are</b> out') });
    expect(await open().request(PUT)).toEqual({ kind: 'status', status: 403 });
    api.onRequest = () => ({ status: 400, body: 'x'.repeat(100_000) });
    expect(await open().request(PUT)).toEqual({ kind: 'status', status: 400 });
  });

  test('requests share at most 16 sockets, and an urgent one does not wait behind them', async () => {
    api.onRequest = ({ path }) => (path === '/slow' ? 'hang' : { status: 200, body: 'x' });
    const client = open();
    const slow = Array.from({ length: 40 }, () => client.request({ method: 'PUT', path: '/slow', body: '{}' }));
    await until(() => api.received.length === 16, { what: '16 requests are under way' });
    expect((await client.request({ ...GET, urgent: true })).kind).toBe('ok');
    expect(api.sockets()).toBe(17);
    await settle(Promise.all(slow));
  });

  test('a body over its limit is cut off', async () => {
    api.onRequest = () => ({ status: 200, body: 'x'.repeat(1001) });
    expect(await open().request({ ...GET, maxBodyBytes: 1000 })).toEqual({ kind: 'network', errorCode: 'BODY_TOO_LARGE' });
    expect(await open().request({ ...GET, maxBodyBytes: 1001 })).toMatchObject({ kind: 'ok' });
  });

  test('every exchange is told to the observer by method and code', async () => {
    const seen: string[] = [];
    const client = open({}, { observe: ({ method, code }) => seen.push(`${method} ${code}`) });
    replyInTurn({ status: 200, body: '' }, { status: 404 }, 'reset');
    for (let n = 0; n < 3; n++) await client.request(PUT);
    expect(seen).toEqual(['PUT 200', 'PUT 404', 'PUT <error>']);
  });
});

describe('deadline', () => {
  test('a server that never answers costs 10 s, or what the call allows, and no more tries', async () => {
    api.onRequest = () => 'hang';
    const client = open();
    const call = client.request(GET);
    const short = client.request({ ...PUT, timeoutMs: 500 });
    await until(() => api.received.length === 2, { what: 'both are under way' });
    await clock.advance(500);
    expect(await short).toEqual({ kind: 'network', errorCode: 'DEADLINE_EXCEEDED' });
    await clock.advance(9_499);
    expect(clock.armed()).toBe(1);
    await clock.advance(1);
    expect(await call).toEqual({ kind: 'network', errorCode: 'DEADLINE_EXCEEDED' });
    expect(api.received).toHaveLength(2);
  });

  test('a server that stops in the middle of a body is left at the deadline', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const call = open({ origin: `http://127.0.0.1:${port}` }).request(PUT);
    await new Promise((resolve) => server.once('connection', resolve));
    await clock.advance(10_000);
    expect(await call).toEqual({ kind: 'network', errorCode: 'DEADLINE_EXCEEDED' });
    await new Promise((resolve) => server.close(resolve));
  });

  test('the signal of the caller ends a call at once', async () => {
    api.onRequest = () => 'hang';
    const abort = new AbortController();
    const call = open().request({ ...GET, signal: abort.signal });
    await until(() => api.received.length === 1, { what: 'it is under way' });
    abort.abort();
    expect(await call).toEqual({ kind: 'aborted' });
    expect(await open().request({ ...GET, signal: abort.signal })).toEqual({ kind: 'aborted' });
    expect(api.received).toHaveLength(1);
  });
});

describe('retry', () => {
  test.each<[string, Reply]>([
    ['500', { status: 500 }],
    ['503', { status: 503 }],
    ['429', { status: 429, headers: { 'retry-after': '1' } }],
    ['a reset', 'reset'],
  ])('a read is tried again after %s, four times in all', async (_, reply) => {
    replyInTurn(reply, reply, reply);
    expect(await settle(open().request(GET))).toEqual({ kind: 'ok', status: 200, body: 'done' });
    expect(api.received).toHaveLength(4);
    api.onRequest = () => reply;
    expect((await settle(open().request(GET))).kind).not.toBe('ok');
    expect(api.received).toHaveLength(8);
  });

  test('a write is never repeated, a read not when told so, and no refusal is', async () => {
    replyInTurn({ status: 503 }, 'reset', { status: 503 }, { status: 404 });
    const client = open();
    expect(await client.request(PUT)).toMatchObject({ kind: 'status', status: 503 });
    expect(await client.request(PUT)).toEqual({ kind: 'network', errorCode: 'ECONNRESET' });
    expect(await client.request({ ...GET, retry: false })).toMatchObject({ status: 503 });
    expect(await client.request(GET)).toMatchObject({ status: 404 });
    expect(api.received).toHaveLength(4);
  });

  test('Retry-After is waited for, and handed on when it is longer than half of the deadline', async () => {
    replyInTurn({ status: 429, headers: { 'retry-after': '5' } });
    const call = open().request(GET);
    await until(() => clock.armed() === 2, { what: 'it waits' });
    await clock.advance(4_999);
    expect(api.received).toHaveLength(1);
    await clock.advance(1);
    expect((await call).kind).toBe('ok');
    replyInTurn({ status: 429, headers: { 'retry-after': '6' } });
    expect(await open().request(GET)).toMatchObject({ kind: 'status', status: 429, retryAfterMs: 6_000 });
    replyInTurn({ status: 503, headers: { 'retry-after': new Date(clock.wallMs() + 7_000).toUTCString() } });
    expect(await open().request(GET)).toMatchObject({ retryAfterMs: 7_000 });
  });

  test('a refused connection is a value with its code', async () => {
    const { config } = api;
    await api.close();
    expect(await open(config).request(PUT)).toEqual({ kind: 'network', errorCode: 'ECONNREFUSED' });
    api = await startScriptedAPIServer();
  });
});

describe('identity', () => {
  const tokenFile = () => join(directory, 'token');
  const write = async (token: string) => {
    await writeFile(`${tokenFile()}.new`, token);
    await rename(`${tokenFile()}.new`, tokenFile());
  };
  const sent = () => api.received.map(({ headers }) => headers.authorization);

  test('a token file is read again once a minute, and its line end is not part of it', async () => {
    await write('one\n');
    const client = open({ user: { tokenFile: tokenFile() } });
    await client.request(GET);
    await write('two\n');
    await clock.advance(59_999);
    await client.request(GET);
    await clock.advance(1);
    await client.request(GET);
    expect(sent()).toEqual(['Bearer one', 'Bearer one', 'Bearer two']);
  });

  test('a 401 reads the token file at once and repeats the call, a write too, if the token is another', async () => {
    api.onRequest = ({ headers }) => (headers.authorization === 'Bearer two' ? { status: 200, body: 'x' } : { status: 401 });
    await write('one');
    const client = open({ user: { tokenFile: tokenFile() } });
    expect(await client.request(PUT)).toMatchObject({ kind: 'status', status: 401 });
    await clock.advance(1_000);
    expect(await client.request(PUT)).toMatchObject({ kind: 'status', status: 401 });
    expect(sent()).toHaveLength(2);
    await write('two');
    await clock.advance(1_000);
    expect((await client.request(PUT)).kind).toBe('ok');
    expect(sent()).toEqual(['Bearer one', 'Bearer one', 'Bearer one', 'Bearer two']);
  });

  test('a token file that is away for a moment changes nothing; one that never was is a value', async () => {
    await write('one');
    const client = open({ user: { tokenFile: tokenFile() } });
    await client.request(GET);
    await rm(tokenFile());
    await clock.advance(60_000);
    expect((await client.request(GET)).kind).toBe('ok');
    expect(sent()).toEqual(['Bearer one', 'Bearer one']);
    expect(await open({ user: { tokenFile: tokenFile() } }).request(PUT)).toEqual({
      kind: 'network',
      errorCode: 'NO_CREDENTIALS',
    });
  });

  test('an exec plugin is asked for the token, and asked again when the server refuses it', async () => {
    const script = `process.stdout.write(JSON.stringify({apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: {token: require('fs').readFileSync(${JSON.stringify(tokenFile())}, 'utf8') + (process.env.KUBERNETES_EXEC_INFO ? '' : 'no info')}}))`;
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] };
    const cluster = { name: 'c', server: api.config.origin, skipTLSVerify: false };
    await write('one');
    const client = open({ user: { plugin: { user: { name: 'u', exec }, cluster } } });
    await client.request(GET);
    await write('two');
    await clock.advance(60_000);
    await client.request(GET);
    expect(sent()).toEqual(['Bearer one', 'Bearer one']);
    api.onRequest = ({ headers }) => (headers.authorization === 'Bearer two' ? { status: 200, body: 'x' } : { status: 401 });
    await clock.advance(1_000);
    expect((await client.request(GET)).kind).toBe('ok');
  });

  test('an exec plugin that hangs holds no call up for longer than a second, while the token at hand still works', async () => {
    const once = join(directory, 'once');
    const script = `const fs = require('node:fs');
      if (fs.existsSync(${JSON.stringify(once)})) setTimeout(() => {}, 15_000);
      else {
        fs.writeFileSync(${JSON.stringify(once)}, '');
        const status = { token: 'one', expirationTimestamp: '2020-01-01T00:00:00Z' };
        console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }));
      }`;
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] };
    const plugin = { user: { name: 'u', exec }, cluster: { name: 'c', server: api.config.origin, skipTLSVerify: false } };
    const client = open({ user: { plugin } });
    expect((await client.request(GET)).kind).toBe('ok');
    await clock.advance(60_000);
    const beforeMs = clock.monotonicMs();
    expect((await settle(client.request(GET))).kind).toBe('ok');
    expect(clock.monotonicMs() - beforeMs).toBeLessThan(2_000);
    expect((await client.request(GET)).kind).toBe('ok');
    expect(api.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer one', 'Bearer one']);
    await clock.advance(60_000);
  });

  test('the deadline of a call holds while an exec plugin hangs for the first identity, or for another one after a 401', async () => {
    const hangs = join(directory, 'hangs');
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: '/bin/sh',
      args: ['-c', `[ -e ${hangs} ] && exec sleep 15; echo '{"status":{"token":"one"}}'`],
    };
    const plugin = { user: { name: 'u', exec }, cluster: { name: 'c', server: api.config.origin, skipTLSVerify: false } };
    const refused = open({ user: { plugin } });
    expect((await refused.request(GET)).kind).toBe('ok');
    await writeFile(hangs, '');
    await clock.advance(2_000);
    api.onRequest = () => ({ status: 401 });
    const late = { kind: 'network', errorCode: 'DEADLINE_EXCEEDED' };
    expect(await settle(refused.request({ ...PUT, timeoutMs: 5_000 }))).toEqual(late);
    const fresh = open({ user: { plugin } });
    const beforeMs = clock.monotonicMs();
    expect(await settle(fresh.request({ ...PUT, timeoutMs: 5_000 }))).toEqual(late);
    expect(clock.monotonicMs() - beforeMs).toBe(5_000);
    await clock.advance(60_000);
  });

  test('what an exec plugin says when it fails is not shown', async () => {
    const lines: string[] = [];
    const note = (fields: unknown, message: string) => {
      lines.push(JSON.stringify([fields, message]));
    };
    const exec = { command: process.execPath, args: ['-e', 'console.error("canary"); process.exit(1)'] };
    const plugin = { user: { name: 'u', exec }, cluster: { name: 'c', server: api.config.origin, skipTLSVerify: false } };
    const client = open({ user: { plugin } }, { log: { debug: note, info: note, warn: note, error: note } });
    expect(await client.request(PUT)).toEqual({ kind: 'network', errorCode: 'NO_CREDENTIALS' });
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain('canary');
  });
});

describe('streams', () => {
  test('a stream that is not opened in 30 s is given up', async () => {
    api.onWatch = () => 'hang';
    const { signal } = new AbortController();
    const call = open().stream({ path: '/x', query: { watch: 'true' }, signal });
    await until(() => api.received.length === 1, { what: 'it is asked for' });
    await clock.advance(30_000);
    expect(await call).toEqual({ kind: 'network', errorCode: 'DEADLINE_EXCEEDED' });
  });

  test('an open stream has no deadline and ends with its signal', async () => {
    const abort = new AbortController();
    const opened = await open().stream({ path: '/x', query: { watch: 'true' }, signal: abort.signal });
    if (opened.kind !== 'open') throw new Error('not open');
    const watch = await until(() => api.watches[0], { what: 'it is open' });
    await clock.advance(3_600_000);
    watch.raw('late');
    const iterator = opened.chunks[Symbol.asyncIterator]();
    expect(String((await iterator.next()).value)).toBe('late');
    abort.abort();
    await expect(iterator.next()).rejects.toThrow();
    await until(() => watch.isClosed(), { what: 'the socket is dropped' });
  });

  test('an abort while nobody reads is no uncaught error', async () => {
    const abort = new AbortController();
    await open().stream({ path: '/x', query: { watch: 'true' }, signal: abort.signal });
    const watch = await until(() => api.watches[0], { what: 'it is open' });
    abort.abort();
    await until(() => watch.isClosed(), { what: 'the socket is dropped' });
  });

  test('close cuts streams and requests that are under way', async () => {
    api.onRequest = () => 'hang';
    const client = open();
    const call = client.request(PUT);
    await client.stream({ path: '/x', query: { watch: 'true' }, signal: new AbortController().signal });
    await until(() => api.received.length === 2, { what: 'both are under way' });
    await client.close();
    expect((await call).kind).toBe('network');
    await until(() => api.watches[0]?.isClosed(), { what: 'the watch is cut' });
  });
});
