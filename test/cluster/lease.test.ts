import { afterEach, beforeAll, expect, test } from 'vitest';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeConfig } from '../../src/kube/config.ts';
import { createLeaderElector, type LeaderElector } from '../../src/kube/lease.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { until } from '../platform/until.ts';
import { controlPlane, createNamespace, expectSuccess } from './control-plane.ts';
import { openClient, readConfig, startProxy } from './kube-client.ts';

let config: KubeConfig;
const cleanUps: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  config = await readConfig(controlPlane.adminKubeconfig);
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function candidate(client: KubeClient, namespace: string, identity: string): { elector: LeaderElector; events: string[] } {
  const events: string[] = [];
  const elector = createLeaderElector(
    { client, clock: systemClock, random: systemRandom },
    {
      namespace,
      name: 'operator',
      identity,
      onStartedLeading: () => events.push('started'),
      onStoppedLeading: (cause) => events.push(cause),
    },
  );
  cleanUps.push(client.close, elector.stop);
  elector.start();
  return { elector, events };
}

test('two candidates on a real API server: one leads, a release hands over in seconds', async () => {
  const namespace = await createNamespace('lease');
  const a = candidate(openClient(config), namespace, 'a');
  await until(() => a.elector.isLeader(), { what: 'a leads' });
  const b = candidate(openClient(config), namespace, 'b');
  await until(() => b.elector.holder() === 'a', { what: 'b has seen the lease' });
  const releasedMs = performance.now();
  await a.elector.stop();
  await until(() => b.elector.isLeader(), { what: 'b leads' });
  expect(performance.now() - releasedMs).toBeLessThan(5_000);
  expect(a.events).toEqual(['started', 'released']);
  const shown = await controlPlane.kubectl([
    '-n',
    namespace,
    'get',
    'lease',
    'operator',
    '-o',
    'jsonpath={.spec.holderIdentity} {.spec.renewTime}',
  ]);
  expect(expectSuccess(shown)).toMatch(/^b \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
});

test('a leader that is cut off stops before the other starts', async () => {
  const namespace = await createNamespace('lease');
  const proxy = await startProxy(config);
  const a = candidate(openClient(proxy.config), namespace, 'a');
  cleanUps.unshift(proxy.close);
  await until(() => a.elector.isLeader(), { what: 'a leads' });
  const b = candidate(openClient(config), namespace, 'b');
  await until(() => b.elector.holder() === 'a', { what: 'b has seen the lease' });
  proxy.cut();
  await until(
    () => {
      if (a.elector.isLeader() && b.elector.isLeader()) throw new Error('two leaders');
      return !a.elector.isLeader();
    },
    { what: 'a has stopped', timeoutMs: 12_000 },
  );
  expect(b.elector.isLeader()).toBe(false);
  await until(() => b.elector.isLeader(), { what: 'b leads', timeoutMs: 12_000 });
  expect(a.events).toEqual(['started', 'lost']);
  expect(b.events).toEqual(['started']);
});
