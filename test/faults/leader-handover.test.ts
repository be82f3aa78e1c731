/**
 * Two operators of one release on a real Lease: how the lead goes from one to the other, and that only its holder writes. The API server's
 * own audit log is the witness; the limits of issue 5 (5 s after SIGTERM, 20 s after SIGKILL) are measured by the benchmark, and here
 * they have room for a busy machine.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Objects, openObjects } from '../cluster/operator/objects.ts';
import { until } from '../platform/until.ts';
import { freshNamespace, sharedControlPlane } from './control-planes.ts';
import { type Candidate, startCandidate, startUnrest, type Unrest, writesOf, writesWithoutLease } from './electorate.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { type Installed, install } from './operator.ts';

const NAMES = Array.from({ length: 8 }, (_, n) => `server-${n}`);
const LEASE = 'mcpserver-operator';

let controlPlane: Awaited<ReturnType<typeof sharedControlPlane>>;
let installed: Installed;
let fleet: Fleet;
let objects: Objects;
let unrest: Unrest;
let leader: Candidate;
let standby: Candidate;
const all: Candidate[] = [];

const start = async () => {
  const candidate = await startCandidate(controlPlane, installed);
  all.push(candidate);
  return candidate;
};
const lease = async () => {
  const { spec } = JSON.parse(await objects.kubectl('get', 'lease', LEASE, '-o', 'json')) as { spec: Record<string, unknown> };
  return spec;
};
const statusesOf = async (candidate: Candidate) =>
  writesOf(await controlPlane.audit.read(), candidate).filter(
    ({ subresource, code }) => subresource === 'status' && code === 200,
  );
/** Waits until it has written another status. */
async function writesOn(candidate: Candidate): Promise<void> {
  const before = (await statusesOf(candidate)).length;
  await until(async () => (await statusesOf(candidate)).length > before, { what: 'it writes on', intervalMs: 100 });
}

beforeAll(async () => {
  controlPlane = await sharedControlPlane();
  installed = await install(controlPlane, freshNamespace('handover'));
  objects = await openObjects(controlPlane, installed.namespace);
  fleet = createFleet();
  // Slow enough that there is always a probe in flight.
  const entries = NAMES.map(async (name) => [name, { url: (await fleet.open(name, { kind: 'healthy', delayMs: 150 })).url }]);
  await objects.apply(Object.fromEntries(await Promise.all(entries)));
  leader = await start();
  await until(() => leader.leads(), { what: 'the first one leads' });
  standby = await start();
  unrest = await startUnrest(controlPlane, installed.namespace, NAMES);
});

afterAll(async () => {
  await unrest?.stop();
  for (const { operator } of all) {
    operator.signal('SIGCONT');
    operator.signal('SIGKILL');
  }
  await Promise.all([objects?.close(), fleet?.close()]);
});

test('of two operators one leads and writes; the other is ready and healthy, and does nothing', async () => {
  await writesOn(leader);
  expect(standby.leads()).toBe(false);
  expect([await standby.operator.health('/readyz'), await standby.operator.health('/healthz')]).toEqual([200, 200]);
  expect(await standby.operator.metric('leader_election_master_status')).toBe(0);
  expect(writesOf(await controlPlane.audit.read(), standby)).toEqual([]);
});

test('a leader that is paused for 20 s while it probes and writes sends nothing when it wakes up: the other leads', async () => {
  const paused = leader;
  await writesOn(paused);
  const startMs = performance.now();
  paused.operator.signal('SIGSTOP');
  await until(() => standby.leads(), { what: 'the other one leads', timeoutMs: 30_000 });
  await writesOn(standby);
  await until(() => performance.now() - startMs >= 20_000, { what: '20 s are over', timeoutMs: 21_000 });
  const wokenMs = Date.now();
  paused.operator.signal('SIGCONT');
  const { how } = await paused.operator.ended;
  expect(how).toBe(1);
  await writesOn(standby);
  const late = writesOf(await controlPlane.audit.read(), paused).filter(({ receivedMs }) => receivedMs >= wokenMs);
  expect(late).toEqual([]);
  expect(paused.operator.log().findLast(({ msg }) => msg === 'stopped leading')).toMatchObject({ cause: 'lost' });
  leader = standby;
  standby = await start();
});

test('SIGTERM gives the lease up, and the other leads in seconds, long before the lease would have run out', async () => {
  await writesOn(leader);
  expect(standby.leads()).toBe(false);
  const startMs = performance.now();
  leader.operator.signal('SIGTERM');
  await until(() => standby.leads(), { what: 'the other one leads', timeoutMs: 10_000 });
  expect(performance.now() - startMs).toBeLessThan(10_000);
  expect((await leader.operator.ended).how).toBe(0);
  const [released] = writesOf(await controlPlane.audit.read(), leader).filter(
    ({ resource, code, request }) => resource === 'leases' && code === 200 && request?.spec?.['holderIdentity'] === '',
  );
  expect(released?.request?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
  await writesOn(standby);
  leader = standby;
  standby = await start();
});

test('after SIGKILL the other leads when the lease has run out, and not before', async () => {
  await writesOn(leader);
  const { renewTime } = await lease();
  leader.operator.signal('SIGKILL');
  await until(() => standby.leads(), { what: 'the other one leads', timeoutMs: 30_000 });
  const { acquireTime } = await lease();
  expect(Date.parse(String(acquireTime)) - Date.parse(String(renewTime))).toBeGreaterThanOrEqual(15_000);
  await writesOn(standby);
});

test('no status was ever written by an operator that did not hold the lease, over all these changes', async () => {
  const writes = await controlPlane.audit.read();
  const perCandidate = all.map((candidate) => writesOf(writes, candidate).filter(({ subresource }) => subresource === 'status'));
  expect(perCandidate.filter((own) => own.length > 0).length).toBe(4);
  expect(writesWithoutLease(writes, installed.namespace, LEASE)).toEqual([]);
});
