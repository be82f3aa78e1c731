/**
 * Faults that last: an API server, and an etcd behind it, that go away, stand still, lose their memory, their schema or their roles, and
 * servers that are all away at once. Each on a stage of its own, side by side, because most of it is waiting.
 *
 * Nothing is shortened: the API server stands still for two minutes, the watch is silent for as long as it takes, etcd stands still for
 * 30 s, and the servers are away for three minutes.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ControlPlane } from '../../hack/controlplane/start.ts';
import { makeCRD } from '../../src/api/v1alpha1/crd.ts';
import { expectSuccess } from '../cluster/control-plane.ts';
import { until } from '../platform/until.ts';
import { type AuditedControlPlane, sharedControlPlane, startOwnControlPlane } from './control-planes.ts';
import { askEtcd } from './etcd-gateway.ts';
import { playOutage } from './outage.ts';
import { type JudgedTown, openJudgedTown, type Scene, setScene } from './scene.ts';

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

async function openPopulated(
  prefix: string,
  ...where: Parameters<typeof setScene> extends [string, ...infer Rest] ? Rest : never
) {
  const scene = await setScene(prefix, ...where);
  await scene.start();
  await scene.populate();
  return scene;
}

const operatorOf = (scene: Scene) => {
  const last = scene.operators.at(-1);
  if (last === undefined) throw new Error('no operator');
  return last;
};

/** As its own health says: it lives, and keeps serving what it knows. */
async function expectAlive(scene: Scene): Promise<void> {
  const operator = operatorOf(scene);
  expect(operator.ending()).toBeUndefined();
  expect([await operator.health('/healthz'), await operator.health('/readyz')]).toEqual([200, 200]);
}

describe.concurrent('in turn', () => {
  let own: AuditedControlPlane<ControlPlane>;
  let town: JudgedTown;
  let scene: Scene;

  beforeAll(async () => {
    [own, town] = await Promise.all([startOwnControlPlane(), openJudgedTown()]);
  });
  beforeEach(async () => {
    scene = await openPopulated('in-turn', own, town);
  });
  afterEach(() => scene?.close());
  afterAll(async () => {
    await town?.fleet.close();
    await own?.stop();
  });

  async function killAPIServer(): Promise<void> {
    own.apiserver.kill('SIGKILL');
    await until(() => own.apiserver.pid() === undefined, { what: 'the API server is gone' });
  }

  test('an API server that is killed and comes back with an empty watch cache has lost nothing', {
    concurrent: false,
  }, async () => {
    await killAPIServer();
    const visits = () => town.fleet.server('healthy-0').counts().probes;
    const before = visits();
    await until(() => visits() > before, { what: 'a healthy server is probed meanwhile', timeoutMs: 15_000 });
    await expectAlive(scene);
    await own.apiserver.start();
    await scene.judge({ timeoutMs: 60_000 });
    await expectAlive(scene);
  });

  test('an API server that is killed again and again while objects change loses none of the changes', {
    concurrent: false,
  }, async () => {
    for (let round = 0; round < 2; round++) {
      await scene.objects.apply({ [`round-${round}`]: { url: town.fleet.server('newcomer').url } });
      await killAPIServer();
      await own.apiserver.start();
    }
    for (let round = 0; round < 2; round++) {
      await scene.objects.settled(`round-${round}`, 'Available', 60_000);
      await scene.objects.kubectl('delete', 'mcpserver', `round-${round}`);
    }
    await scene.judge({ timeoutMs: 60_000 });
  });

  test('rights that are taken away and given back cost nothing but time', { concurrent: false }, async () => {
    const { objects } = scene;
    const { rules } = JSON.parse(await objects.kubectl('get', 'role', 'mcpserver-operator', '-o', 'json')) as { rules: unknown };
    const grant = (value: unknown) => {
      const patch = JSON.stringify([{ op: 'replace', path: '/rules', value }]);
      return objects.kubectl('patch', 'role', 'mcpserver-operator', '--type=json', '-p', patch);
    };
    const refusals = (method: string) =>
      operatorOf(scene).metric('rest_client_requests_total', 'code="403"', `method="${method}"`);
    await grant([]);
    scene.proxy.endWatches();
    // Neither the collection, nor a Secret, nor a status: its retries go on meanwhile.
    await until(async () => (await refusals('GET')) >= 3 && (await refusals('PUT')) >= 3, { what: 'it is refused' });
    await expectAlive(scene);
    expect(operatorOf(scene).log()).toContainEqual(expect.objectContaining({ level: 'warn', trouble: 'HTTP 403 Forbidden' }));
    await grant(rules);
    await scene.judge({ timeoutMs: 60_000 });
    await expectAlive(scene);
    // No status was given up.
    expect(
      operatorOf(scene)
        .log()
        .filter(({ level }) => level === 'error'),
    ).toEqual([]);
  });

  test('a CRD that is deleted and created again: the old objects are forgotten, the new ones judged', {
    concurrent: false,
  }, async () => {
    const { objects, specs } = scene;
    const crd = makeCRD().metadata.name;
    expectSuccess(await own.kubectl(['delete', 'crd', crd, '--timeout=60s']));
    await until(async () => !(await operatorOf(scene).metrics()).includes('mcpserver_operator_up{'), {
      what: 'the objects are forgotten',
      timeoutMs: 30_000,
    });
    const atRest = town.fleet.counts().probes;
    // Longer than the period of the busiest object.
    await seconds(12);
    expect(town.fleet.counts().probes).toBe(atRest);
    expectSuccess(await own.kubectl(['apply', '--server-side', '-f', 'crds/']));
    expectSuccess(await own.kubectl(['wait', '--for=condition=Established', '--timeout=30s', `crd/${crd}`]));
    await until(() => objects.apply(specs).then(() => true), { what: 'the objects are there again', timeoutMs: 20_000 });
    await scene.judge({ timeoutMs: 60_000 });
    await expectAlive(scene);
  });
});

describe.concurrent('etcd', () => {
  let own: AuditedControlPlane<ControlPlane>;
  let town: JudgedTown;
  let scene: Scene;

  beforeAll(async () => {
    // Small enough to be filled by a test: the objects of a fresh control plane take about 1 MB.
    const etcd = { extraEtcdFlags: ['--quota-backend-bytes=8388608'] };
    [own, town] = await Promise.all([startOwnControlPlane(etcd), openJudgedTown()]);
  });
  beforeEach(async () => {
    scene = await openPopulated('etcd', own, town);
  });
  afterEach(() => scene?.close());
  afterAll(async () => {
    await town?.fleet.close();
    await own?.stop();
  });

  test('an etcd that stands still for 30 s costs time and nothing else', { concurrent: false }, async () => {
    own.etcd.kill('SIGSTOP');
    try {
      await seconds(30);
      await expectAlive(scene);
    } finally {
      own.etcd.kill('SIGCONT');
    }
    await scene.judge({ timeoutMs: 60_000 });
  });

  test('an etcd that is full refuses every write: nobody healthy pays, and the operator lives', {
    concurrent: false,
  }, async () => {
    const { objects } = scene;
    const filler = 'x'.repeat(900_000);
    const isFull = async (index: number) => {
      const input = JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `filler-${index}` },
        data: { filler },
      });
      const { code, stderr } = await own.kubectl(['-n', objects.namespace, 'create', '-f', '-'], { input });
      if (code !== 0 && !stderr.includes('space exceeded')) throw new Error(stderr);
      return code !== 0;
    };
    let index = 0;
    while (!(await isFull(index))) {
      index += 1;
      expect(index).toBeLessThan(40);
    }
    const before = await objects.list();
    const refused = () => operatorOf(scene).metric('rest_client_requests_total', 'code="500"', 'method="PUT"');
    await until(async () => (await refused()) >= 5, { what: 'writes are refused', timeoutMs: 30_000 });
    await expectAlive(scene);
    const after = await objects.list();
    for (const [name, { status }] of before) expect(after.get(name)?.status, name).toEqual(status);
    // Its writes back off: less than one a second for each object that retries.
    const count = await refused();
    await seconds(10);
    expect((await refused()) - count).toBeLessThan(20);
    expect(await readFile(own.etcd.logFile, 'utf8')).not.toContain('panic');
    await expectAlive(scene);
    // As an administrator would: delete, compact, defragment, disarm.
    for (; index >= 0; index--)
      await own.kubectl(['-n', objects.namespace, 'delete', '--ignore-not-found', 'configmap', `filler-${index}`]);
    const { header } = await askEtcd(own, '/v3/kv/range', { key: Buffer.from('a').toString('base64') });
    await askEtcd(own, '/v3/kv/compaction', { revision: header.revision, physical: true });
    await askEtcd(own, '/v3/maintenance/defragment', {});
    const { alarms } = await askEtcd(own, '/v3/maintenance/alarm', { action: 'GET' });
    expect(alarms).toHaveLength(1);
    for (const alarm of alarms ?? []) await askEtcd(own, '/v3/maintenance/alarm', { action: 'DEACTIVATE', ...alarm });
    await scene.judge({ timeoutMs: 90_000 });
  });
});

describe.concurrent('for two minutes', () => {
  let own: AuditedControlPlane<ControlPlane>;
  let town: JudgedTown;
  let other: JudgedTown;

  beforeAll(async () => {
    [own, town, other] = await Promise.all([startOwnControlPlane(), openJudgedTown(), openJudgedTown()]);
  });
  afterAll(async () => {
    await Promise.all([town, other].map((each) => each?.fleet.close()));
    await own?.stop();
  });

  test('an API server that is stopped for two minutes and goes on finds everything as it was', { timeout: 300_000 }, async () => {
    const scene = await openPopulated('stopped', own, town);
    try {
      own.apiserver.kill('SIGSTOP');
      const before = town.fleet.server('healthy-0').counts().probes;
      try {
        await seconds(120);
        await expectAlive(scene);
        // Its servers are looked after all the time.
        expect(town.fleet.server('healthy-0').counts().probes - before).toBeGreaterThanOrEqual(9);
      } finally {
        own.apiserver.kill('SIGCONT');
      }
      await scene.judge({ timeoutMs: 90_000 });
      await expectAlive(scene);
    } finally {
      await scene.close();
    }
  });

  test('a watch that is half open (no byte, no FIN) is given up after 120 s of silence', { timeout: 300_000 }, async () => {
    const scene = await openPopulated('half-open', await sharedControlPlane(), other);
    try {
      const { proxy, objects } = scene;
      const watches = () => proxy.seen.filter(({ isWatch }) => isWatch).length;
      const before = watches();
      const startMs = performance.now();
      proxy.freeze();
      proxy.thaw();
      await objects.apply({ unseen: { url: other.fleet.server('newcomer').url } });
      await until(() => watches() > before, { what: 'it watches anew', timeoutMs: 150_000, intervalMs: 200 });
      const silentMs = performance.now() - startMs;
      expect(silentMs).toBeGreaterThan(60_000);
      expect(silentMs).toBeLessThan(130_000);
      await objects.settled('unseen', 'Available');
      await objects.kubectl('delete', 'mcpserver', 'unseen');
      await scene.judge({ timeoutMs: 60_000 });
      await expectAlive(scene);
    } finally {
      await scene.close();
    }
  });
});

describe.concurrent('for three minutes', () => {
  test(
    'all servers are away, and all are Available again within 15 s after they are back, with never more than five retries in flight',
    {
      timeout: 400_000,
    },
    () => playOutage({ servers: 200, outageSeconds: 180 }),
  );
});
