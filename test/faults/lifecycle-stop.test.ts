/**
 * The end of an operator that has its hands full, leads, or waits for the lead: in order within 25 s, at once when asked twice, and
 * without a word when the lease is lost on the way.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Objects, openObjects } from '../cluster/operator/objects.ts';
import { until } from '../platform/until.ts';
import { modern } from '../probe/behaviours.ts';
import type { AuditedWrite } from './audit.ts';
import { freshNamespace, sharedControlPlane } from './control-planes.ts';
import { type Candidate, startCandidate, writesOf, writesWithoutLease } from './electorate.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { type Installed, install } from './operator.ts';

const LEASE = 'mcpserver-operator';
/** A probe of a server that does not answer lasts longer than any shutdown. */
const PATIENT = { timeoutSeconds: 300, deadlineSeconds: 600 };

let controlPlane: Awaited<ReturnType<typeof sharedControlPlane>>;
const closing: (() => unknown)[] = [];

interface Case {
  readonly installed: Installed;
  readonly objects: Objects;
  readonly fleet: Fleet;
  readonly candidate: Candidate;
  /** Lets the servers that are slow answer. */
  readonly release: () => void;
  readonly writes: () => Promise<AuditedWrite[]>;
  readonly lease: () => Promise<Record<string, unknown>>;
}

/** An operator that leads and probes `hung` servers that never answer and `slow` ones that answer when they are released. */
async function open(prefix: string, { hung, slow }: { hung: number; slow: number }): Promise<Case> {
  const installed = await install(controlPlane, freshNamespace(prefix));
  const objects = await openObjects(controlPlane, installed.namespace);
  const fleet = createFleet();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const specs: Record<string, object> = {};
  for (let n = 0; n < hung; n++)
    specs[`hung-${n}`] = { url: (await fleet.open(`hung-${n}`, { kind: 'tarpit' })).url, probe: PATIENT };
  for (let n = 0; n < slow; n++) {
    const answer = modern();
    const behaviour = (...args: Parameters<typeof answer>) => released.then(() => answer(...args));
    specs[`slow-${n}`] = { url: (await fleet.open(`slow-${n}`, { kind: 'scripted', behaviour })).url, probe: PATIENT };
  }
  const candidate = await startCandidate(controlPlane, installed);
  closing.push(
    () => candidate.operator.signal('SIGKILL'),
    () => fleet.close(),
    () => objects.close(),
  );
  await until(() => candidate.leads(), { what: 'it leads', timeoutMs: 20_000 });
  await objects.apply(specs);
  await until(() => fleet.counts().probesInFlight === hung + slow, { what: 'all probes are in flight', timeoutMs: 30_000 });
  return {
    installed,
    objects,
    fleet,
    candidate,
    release,
    writes: async () => writesOf(await controlPlane.audit.read(), candidate),
    lease: async () => JSON.parse(await objects.kubectl('get', 'lease', LEASE, '-o', 'json')).spec,
  };
}

const isStopping = ({ operator }: Candidate) => operator.log().some(({ msg }) => msg.startsWith('stopping'));
/** States by the first half of the name. */
async function statesOf(objects: Objects, kind: string): Promise<Set<string>> {
  const all = [...(await objects.list()).values()].filter(({ metadata }) => metadata.name.startsWith(kind));
  return new Set(all.map(({ status }) => `${status.state} ${status.observedGeneration} ${status.failure?.reason ?? ''}`.trim()));
}

beforeAll(async () => {
  controlPlane = await sharedControlPlane();
});

afterAll(async () => {
  for (const close of closing) await close();
});

test('SIGTERM while 64 probes are in flight: those that end are written, the others count as nothing, the lease is given up, in 25 s', async () => {
  const { candidate, objects, release, fleet, installed, lease } = await open('busy', { hung: 40, slow: 24 });
  candidate.operator.signal('SIGTERM');
  await until(() => isStopping(candidate), { what: 'it waits' });
  release();
  await until(async () => (await statesOf(objects, 'slow')).size === 1, { what: 'the verdicts are there', timeoutMs: 15_000 });
  expect(candidate.operator.ending()).toBeUndefined();
  expect(await candidate.operator.health('/healthz')).toBe(200);
  expect((await lease())['holderIdentity']).not.toBe('');
  const { how, afterMs } = await candidate.operator.ended;
  expect(how).toBe(0);
  expect(afterMs).toBeLessThanOrEqual(25_000);
  expect(await statesOf(objects, 'slow')).toEqual(new Set(['Available 1']));
  expect(await statesOf(objects, 'hung')).toEqual(new Set(['Pending -1']));
  expect((await lease())['holderIdentity'] ?? '').toBe('');
  expect(writesWithoutLease(await controlPlane.audit.read(), installed.namespace, LEASE)).toEqual([]);
  expect(fleet.counts().open).toBe(0);
  expect(candidate.operator.stderr()).toBe('');
});

test('a second SIGTERM ends it at once, with 64 probes in flight: no verdict, and the lease runs out by itself', async () => {
  const { candidate, objects, lease } = await open('twice', { hung: 64, slow: 0 });
  candidate.operator.signal('SIGTERM');
  await until(() => isStopping(candidate), { what: 'it waits' });
  candidate.operator.signal('SIGTERM');
  const { how, afterMs } = await candidate.operator.ended;
  expect(how).toBe(143);
  expect(afterMs).toBeLessThan(5_000);
  expect(await statesOf(objects, 'hung')).toEqual(new Set(['Pending -1']));
  expect((await lease())['holderIdentity']).not.toBe('');
});

test('a lease that is lost while it ends: it drops everything at once and writes nothing more', async () => {
  const { candidate, objects, release, writes, lease } = await open('lost', { hung: 4, slow: 4 });
  candidate.operator.signal('SIGTERM');
  await until(() => isStopping(candidate), { what: 'it waits' });
  const patch = JSON.stringify({ spec: { holderIdentity: 'thief' } });
  await objects.kubectl('patch', 'lease', LEASE, '--type=merge', '-p', patch);
  const stolenMs = Date.now();
  await until(() => !candidate.leads(), { what: 'it has noticed', timeoutMs: 10_000 });
  release();
  const { afterMs } = await candidate.operator.ended;
  expect(afterMs).toBeLessThan(15_000);
  expect((await lease())['holderIdentity']).toBe('thief');
  const late = (await writes()).filter(({ receivedMs, code }) => receivedMs >= stolenMs && code < 400);
  expect(late).toEqual([]);
  expect(await statesOf(objects, 'slow')).toEqual(new Set(['Pending -1']));
});

test('one that waits for the lead ends at once, and leaves the lease to its holder', async () => {
  const { candidate, installed, lease } = await open('standby', { hung: 1, slow: 0 });
  const standby = await startCandidate(controlPlane, installed);
  closing.push(() => standby.operator.signal('SIGKILL'));
  const { holderIdentity } = await lease();
  const { how, afterMs } = await standby.operator.stop();
  expect(how).toBe(0);
  expect(afterMs).toBeLessThan(5_000);
  expect((await lease())['holderIdentity']).toBe(holderIdentity);
  expect(candidate.leads()).toBe(true);
  expect(writesOf(await controlPlane.audit.read(), standby)).toEqual([]);
});
