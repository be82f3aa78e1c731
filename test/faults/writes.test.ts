/**
 * What writes may suffer between the operator and a real API server, and an operator that dies between any two of them.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../platform/until.ts';
import { sharedControlPlane } from './control-planes.ts';
import { type Fault, PASS } from './fault-proxy.ts';
import { statusWrites } from './oracle.ts';
import { type JudgedTown, openJudgedTown, type Scene, setScene } from './scene.ts';
import { allSettled } from './town.ts';

let town: JudgedTown;
let scene: Scene;

beforeAll(async () => {
  town = await openJudgedTown();
});

beforeEach(async () => {
  scene = await setScene('writes', await sharedControlPlane(), town);
});

afterEach(() => scene?.close());
afterAll(() => town?.fleet.close());

/** The name of the object that a status write is for. */
const nameIn = (path: string) => path.split('/').at(-2) ?? '';

/** Each object's first `times` status writes meet `fault`. */
function breakWrites(times: number, fault: Fault): ReadonlyMap<string, number[]> {
  const writes = new Map<string, number[]>();
  scene.proxy.onRequest = ({ writes: what, path, atMs }) => {
    if (what !== 'status') return PASS;
    const name = nameIn(path);
    const times_ = [...(writes.get(name) ?? []), atMs];
    writes.set(name, times_);
    return times_.length <= times ? fault : PASS;
  };
  return writes;
}

for (const [what, fault] of [
  ['lost', { kind: 'dropAnswer' }],
  ['cut', { kind: 'truncate', bytes: 40, ending: 'whole' }],
] as const) {
  test(`a write whose answer is ${what} is neither repeated nor counted twice`, async () => {
    const writes = new Map<string, number>();
    // Every second write of each object, those of retries among them.
    scene.proxy.onRequest = ({ writes: kind, path }) => {
      if (kind !== 'status') return PASS;
      const count = (writes.get(path) ?? 0) + 1;
      writes.set(path, count);
      return count % 2 === 1 ? fault : PASS;
    };
    const operator = await scene.start();
    await scene.populate();
    const { objects } = scene;
    const failuresOf = async (name: string) => (await objects.read(name)).status.failure?.consecutive ?? 0;
    await until(async () => (await failuresOf('down')) >= 4, { what: 'retries are counted', timeoutMs: 30_000 });
    // Writes that are under way are finished in the end, so each probe is counted, and once.
    expect((await operator.stop()).how).toBe(0);
    for (const name of ['down', 'denied']) {
      expect(await failuresOf(name), name).toBe(town.fleet.server(name).counts().probes);
    }
    scene.proxy.onRequest = () => PASS;
    await scene.start();
    // The oracle of `judge` fails when the same is written twice.
    await scene.judge();
    expect(writes.size).toBeGreaterThan(8);
  });
}

test('a verdict outlives writes that fail with 500, 503 and resets, and its server is not asked again for it', async () => {
  const faults: Fault[] = [{ kind: 'answer', status: 500 }, { kind: 'reset' }, { kind: 'answer', status: 503 }];
  const tries = new Map<string, number>();
  scene.proxy.onRequest = ({ writes: what, path }) => {
    if (what !== 'status') return PASS;
    const count = tries.get(path) ?? 0;
    tries.set(path, count + 1);
    return faults[count] ?? PASS;
  };
  await scene.start();
  await scene.populate();
  expect(town.fleet.server('denied').counts().probes).toBe(1);
  await scene.judge();
});

test('an overloaded API server (429) gets no write before the time that it asks for', async () => {
  const writes = breakWrites(2, { kind: 'answer', status: 429, headers: { 'retry-after': '2' } });
  await scene.start();
  await scene.populate();
  for (const [name, [first = 0, second = 0, third = 0]] of writes) {
    expect(second - first, name).toBeGreaterThanOrEqual(1_990);
    expect(third - second, name).toBeGreaterThanOrEqual(1_990);
  }
  await scene.judge();
});

test('an operator that is killed between any two of its writes leaves nothing that the next one can not finish', async () => {
  const { proxy, objects } = scene;
  await objects.apply(scene.specs);
  // One more than the town has objects to write, so that retries are met, too.
  const lives = Object.keys(scene.specs).length + 1;
  for (let life = 0; life < lives; life++) {
    const { promise: written, resolve: onWritten } = Promise.withResolvers<void>();
    let writes = 0;
    proxy.onRequest = ({ writes: what }) => {
      if (what !== 'status') return PASS;
      writes += 1;
      // One write arrives, in every second life without an answer; the next one is never sent.
      if (writes > 1) return { kind: 'hang' };
      setTimeout(onWritten, 150);
      return life % 2 === 0 ? { kind: 'dropAnswer' } : PASS;
    };
    const operator = await scene.start({ ready: false });
    await written;
    operator.signal('SIGKILL');
    await operator.ended;
  }
  proxy.onRequest = () => PASS;
  await scene.start();
  await allSettled(objects);
  await scene.judge({ maxWritesPerObject: 20 });
  const first = new Map<string, number>();
  for (const { name, code, request } of statusWrites(await scene.controlPlane.audit.read(), objects.namespace)) {
    if (code === 200 && request?.status?.state === 'Available') first.set(name, (first.get(name) ?? 0) + 1);
  }
  // A verdict that was written is not found anew.
  for (const name of ['healthy-0', 'healthy-2', 'old', 'guarded']) expect(first.get(name), name).toBe(1);
});

test('an object that is created again under its name while its server is being asked gets a verdict of its own', async () => {
  const { objects, specs, fleet } = { ...scene, fleet: town.fleet };
  await scene.start();
  await scene.populate();
  const server = fleet.server('newcomer');
  await server.become({ kind: 'healthy', delayMs: 1_500 });
  try {
    await objects.apply({ again: { url: server.url } });
    await until(() => server.counts().probesInFlight === 1, { what: 'its server is being asked' });
    const { uid } = (await objects.read('again')).metadata;
    await objects.kubectl('delete', 'mcpserver', 'again');
    await objects.apply({ again: { url: fleet.server('denied').url } });
    const status = await objects.settled('again', 'Denied');
    expect(status.history?.map(({ from, to }) => `${from} ${to}`)).toEqual(['Pending Denied']);
    const written = statusWrites(await scene.controlPlane.audit.read(), objects.namespace).filter(({ name }) => name === 'again');
    expect(written.filter(({ request }) => request?.metadata?.uid === uid)).toEqual([]);
  } finally {
    await server.become({ kind: 'healthy' });
  }
  await objects.kubectl('delete', 'mcpserver', 'again');
  expect(specs['again']).toBeUndefined();
  await scene.judge();
});
