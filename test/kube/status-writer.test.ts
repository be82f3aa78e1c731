import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { createStatusWriter } from '../../src/kube/status-writer.ts';
import type { WriteResult } from '../../src/reconcile/ports.ts';
import { createFakeClock, type FakeClock, fixedRandom } from '../platform/fake-clock.ts';
import { until } from '../platform/until.ts';
import { mcpserver, type Reply, type ScriptedAPIServer, startScriptedAPIServer, statusObject } from './scripted-api-server.ts';

let api: ScriptedAPIServer;
let client: KubeClient;
let clock: FakeClock;

beforeEach(async () => {
  api = await startScriptedAPIServer();
  clock = createFakeClock();
  client = createKubeClient({ config: api.config, clock, random: fixedRandom(0.5) });
});

afterEach(async () => {
  await client.close();
  await api.close();
});

const target = { namespace: 'default', name: 'a', uid: 'u1', resourceVersion: '7' };
const status = { observedGeneration: 1, state: 'Available' } as const;
const { signal } = new AbortController();
const write = (): Promise<WriteResult> => createStatusWriter({ client }).writeStatus(target, status, signal);

describe('writeStatus', () => {
  test('a write names uid and version, carries nothing but the status, and asks for the metadata alone', async () => {
    api.onRequest = () => ({
      status: 200,
      body: { kind: 'PartialObjectMetadata', metadata: { name: 'a', resourceVersion: '8' } },
    });
    expect(await write()).toEqual({ kind: 'written', resourceVersion: '8' });
    const [received] = api.received;
    expect(received?.method).toBe('PUT');
    expect(received?.path).toBe('/apis/mcpserver-operator.dev/v1alpha1/namespaces/default/mcpservers/a/status');
    expect(String(received?.query)).toBe('fieldManager=mcpserver-operator');
    expect(received?.headers.accept).toBe('application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1');
    expect(JSON.parse(received?.body ?? '')).toEqual({
      apiVersion: 'mcpserver-operator.dev/v1alpha1',
      kind: 'MCPServer',
      metadata: target,
      status,
    });
  });

  test('at most 16 writes are sent at once; the deadline of one that waits for its turn has not begun', async () => {
    let open = 0;
    let peak = 0;
    const waiting: (() => void)[] = [];
    api.onRequest = async () => {
      open += 1;
      peak = Math.max(peak, open);
      await new Promise<void>((resolve) => waiting.push(resolve));
      open -= 1;
      return { status: 200, body: { kind: 'PartialObjectMetadata', metadata: { name: 'a', resourceVersion: '8' } } };
    };
    const writer = createStatusWriter({ client });
    const writes = Array.from({ length: 48 }, () => writer.writeStatus(target, status, signal));
    // Three rounds of 9 s each: 27 s in all, and no write takes longer than its 10 s.
    for (let round = 0; round < 3; round++) {
      await until(() => waiting.length === 16, { what: '16 writes have arrived' });
      await clock.advance(9_000);
      for (const answer of waiting.splice(0)) answer();
    }
    expect(new Set((await Promise.all(writes)).map(({ kind }) => kind))).toEqual(new Set(['written']));
    expect(peak).toBe(16);
  });

  test('who loses the lead while waiting for its turn sends nothing', async () => {
    let leads = true;
    const waiting: (() => void)[] = [];
    api.onRequest = async () => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { status: 200, body: { kind: 'PartialObjectMetadata', metadata: { name: 'a', resourceVersion: '8' } } };
    };
    const writer = createStatusWriter({ client, mayWrite: () => leads });
    const writes = Array.from({ length: 20 }, () => writer.writeStatus(target, status, signal));
    await until(() => waiting.length === 16, { what: '16 writes have arrived' });
    leads = false;
    for (const answer of waiting.splice(0)) answer();
    const kinds = (await Promise.all(writes)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'unavailable')).toHaveLength(4);
    expect(api.received).toHaveLength(16);
  });

  test('who loses the lead while the connection is being opened sends nothing: it is asked when the socket is there', async () => {
    let asked = 0;
    const mayWrite = () => {
      asked += 1;
      return asked === 1;
    };
    const writer = createStatusWriter({ client, mayWrite });
    expect(await writer.writeStatus(target, status, signal)).toEqual({ kind: 'unavailable' });
    expect(asked).toBe(2);
    expect(api.received).toEqual([]);
    expect(await createStatusWriter({ client }).writeStatus(target, status, signal)).not.toEqual({ kind: 'unavailable' });
  });

  test.each<[Reply, WriteResult]>([
    [{ status: 409, body: statusObject(409, 'Conflict') }, { kind: 'conflict' }],
    [{ status: 404, body: statusObject(404, 'NotFound') }, { kind: 'gone' }],
    [{ status: 400 }, { kind: 'rejected', httpStatus: 400 }],
    // Right after a start the API server knows no roles yet: not a refusal of this status.
    [{ status: 403 }, { kind: 'unavailable' }],
    [{ status: 413 }, { kind: 'rejected', httpStatus: 413 }],
    [{ status: 422 }, { kind: 'rejected', httpStatus: 422 }],
    [{ status: 401 }, { kind: 'unavailable' }],
    [
      { status: 429, headers: { 'retry-after': '3' } },
      { kind: 'unavailable', retryAfterMs: 3_000 },
    ],
    [{ status: 500 }, { kind: 'unavailable' }],
    [{ status: 504 }, { kind: 'unavailable' }],
    ['reset', { kind: 'unavailable' }],
    [{ status: 200, body: '{"metadata":{' }, { kind: 'unavailable' }],
    [{ status: 200, body: 'null' }, { kind: 'unavailable' }],
  ])('the answer %j is %j, after one request', async (reply, result) => {
    api.onRequest = () => reply;
    expect(await write()).toEqual(result);
    expect(api.received).toHaveLength(1);
  });

  test('a write without an answer is given up after 10 s', async () => {
    api.onRequest = () => 'hang';
    const writing = write();
    await until(() => api.received.length === 1, { what: 'the write is under way' });
    await clock.advance(9_999);
    expect(clock.armed()).toBe(1);
    await clock.advance(1);
    expect(await writing).toEqual({ kind: 'unavailable' });
  });

  test('nothing is sent while writing is not allowed, as when the lease is lost', async () => {
    const writer = createStatusWriter({ client, mayWrite: () => false });
    expect(await writer.writeStatus(target, status, signal)).toEqual({ kind: 'unavailable' });
    expect(api.received).toHaveLength(0);
  });
});

describe('readObject', () => {
  const read = () => createStatusWriter({ client }).readObject('default', 'a', signal);

  test('an object is read as the mirror would keep it', async () => {
    api.onRequest = () => ({ status: 200, body: mcpserver('a', 9) });
    expect(await read()).toMatchObject({
      kind: 'found',
      value: { metadata: { name: 'a', resourceVersion: '9' }, status: { state: 'Pending' } },
    });
    expect(api.received[0]?.path).toBe('/apis/mcpserver-operator.dev/v1alpha1/namespaces/default/mcpservers/a');
  });

  test('404 is not found; a refusal or garbage is unavailable', async () => {
    api.onRequest = () => ({ status: 404 });
    expect(await read()).toEqual({ kind: 'notFound' });
    api.onRequest = () => ({ status: 403 });
    expect(await read()).toEqual({ kind: 'unavailable' });
    api.onRequest = () => ({ status: 200, body: '<html>' });
    expect(await read()).toEqual({ kind: 'unavailable' });
  });
});
