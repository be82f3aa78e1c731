import { afterEach, beforeEach, expect, test } from 'vitest';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { createLeaderElector, type LeaderElector } from '../../src/kube/lease.ts';
import type { LeaseSpec } from '../../src/kube/lease-decision.ts';
import { sleep } from '../../src/platform/clock.ts';
import { createFakeClock, type FakeClock, fixedRandom } from '../platform/fake-clock.ts';
import { until } from '../platform/until.ts';
import {
  type Received,
  type Reply,
  type ScriptedAPIServer,
  startScriptedAPIServer,
  statusObject,
} from './scripted-api-server.ts';

/** The lease as the scripted server keeps it, with compare-and-swap by resourceVersion. */
interface Stored {
  metadata: { resourceVersion: string; labels?: object };
  spec: LeaseSpec;
}

let api: ScriptedAPIServer;
let clock: FakeClock;
let stored: Stored | undefined;
let version = 0;
/** What the server does to requests of a candidate instead of serving them. */
let trouble: Map<string, Reply | 'applied, then reset'>;
let pending = 0;
/** Candidates whose request is in a black hole. */
const swallowed = new Set<string>();
const clean: (() => Promise<void>)[] = [];

beforeEach(async () => {
  api = await startScriptedAPIServer();
  api.onRequest = (received) => {
    const who = String(received.headers['user-agent']);
    const reply = trouble.get(who);
    if (reply === 'hang') swallowed.add(who);
    if (reply === undefined) return serve(received);
    if (reply !== 'applied, then reset') return reply;
    serve(received);
    return 'reset';
  };
  clock = createFakeClock();
  stored = undefined;
  trouble = new Map();
});

afterEach(async () => {
  for (const step of clean.splice(0)) await step();
  expect(clock.armed()).toBe(0);
  await api.close();
});

function serve({ method, body }: Received): Reply {
  if (method === 'GET') return stored ? { status: 200, body: stored } : { status: 404, body: statusObject(404, 'NotFound') };
  const sent = JSON.parse(body) as Stored;
  if (method === 'POST' && stored) return { status: 409, body: statusObject(409, 'AlreadyExists') };
  if (method === 'PUT' && !stored) return { status: 404 };
  if (method === 'PUT' && sent.metadata.resourceVersion !== stored?.metadata.resourceVersion) return { status: 409 };
  stored = { ...sent, metadata: { ...sent.metadata, resourceVersion: String(++version) } };
  return { status: method === 'POST' ? 201 : 200, body: stored };
}

interface Candidate {
  readonly elector: LeaderElector;
  readonly events: string[];
}

function candidate(identity: string, random = 0.5): Candidate {
  const chance = fixedRandom(random);
  const client = createKubeClient({ config: api.config, clock, random: chance, userAgent: identity });
  const counting: KubeClient = {
    ...client,
    async request(request) {
      pending++;
      return client.request(request).finally(() => {
        pending--;
        swallowed.delete(identity);
      });
    },
  };
  const events: string[] = [];
  const elector = createLeaderElector(
    { client: counting, clock, random: chance },
    {
      namespace: 'ops',
      name: 'operator',
      identity,
      onStartedLeading: () => events.push('started'),
      onStoppedLeading: (cause) => events.push(cause),
    },
  );
  clean.push(async () => {
    trouble.clear();
    await elector.stop();
    await client.close();
  });
  return { elector, events };
}

/** Waits for all answers that are on their way (in real time); requests into a black hole never come back. */
const settle = () => until(() => pending <= swallowed.size, { what: 'all answers are there', intervalMs: 1 });

/** Moves time by steps of 100 ms and looks after each. */
async function pass(ms: number, look: () => void = () => {}): Promise<void> {
  for (let at = 0; at < ms; at += 100) {
    await settle();
    look();
    await clock.advance(100);
  }
  await settle();
  look();
}

const held = () => stored?.spec.holderIdentity;

test('the first candidate creates the lease, leads, and renews it every 2 s with one request', async () => {
  const { elector, events } = candidate('a');
  elector.start();
  await pass(500);
  expect(events).toEqual(['started']);
  expect(elector.isLeader()).toBe(true);
  expect(elector.holder()).toBe('a');
  expect(stored?.spec).toEqual({
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    acquireTime: '2026-01-01T00:00:00.000000Z',
    renewTime: '2026-01-01T00:00:00.000000Z',
    leaseTransitions: 0,
  });
  const before = api.received.length;
  await pass(60_000);
  expect(api.received.length - before).toBe(30);
  expect(elector.isLeader()).toBe(true);
});

test('a second candidate waits while the first renews, whatever its clock says', async () => {
  const a = candidate('a');
  a.elector.start();
  await pass(500);
  clock.jumpWall(3_600_000);
  const b = candidate('b');
  b.elector.start();
  await pass(60_000, () => expect(b.elector.isLeader()).toBe(false));
  expect(b.elector.holder()).toBe('a');
  expect(a.events).toEqual(['started']);
  expect(b.events).toEqual([]);
});

test.each<[string, Reply]>([
  ['cut off', 'reset'],
  ['before a black hole', 'hang'],
  ['refused with 500', { status: 500 }],
  ['refused with 403', { status: 403 }],
])('a leader that is %s stops 10 s after its last renewal, and another leads only when it has stopped', async (_, reply) => {
  const a = candidate('a');
  const b = candidate('b');
  a.elector.start();
  await pass(500);
  b.elector.start();
  await pass(5_000);
  trouble.set('a', reply);
  const seen: string[] = [];
  await pass(30_000, () => {
    const leaders = [a, b].filter(({ elector }) => elector.isLeader()).length;
    expect(leaders).toBeLessThanOrEqual(1);
    const state = `${a.elector.isLeader()} ${b.elector.isLeader()}`;
    if (seen.at(-1) !== state) seen.push(state);
  });
  expect(seen).toEqual(['true false', 'false false', 'false true']);
  expect(a.events).toEqual(['started', 'lost']);
  expect(b.events).toEqual(['started']);
  expect(stored?.spec.leaseTransitions).toBe(1);
});

test('a leader whose process is paused for 20 s does not believe that it leads when it wakes up', async () => {
  const a = candidate('a');
  a.elector.start();
  await pass(500);
  // No timer of it fires, but time goes on: what it asks is only the clock.
  const { monotonicMs } = clock;
  clock.monotonicMs = () => monotonicMs() + 20_000;
  expect(a.elector.isLeader()).toBe(false);
  clock.monotonicMs = monotonicMs;
});

test('a leader whose process was paused for 20 s asks for nothing when it wakes up, although its timers are all due', async () => {
  const asked: string[] = [];
  const body = JSON.stringify({ metadata: { resourceVersion: '1' }, spec: { holderIdentity: 'a' } });
  const client: KubeClient = {
    async request({ method }) {
      asked.push(method);
      return method === 'GET' ? { kind: 'status', status: 404 } : { kind: 'ok', status: 201, body };
    },
    stream: async () => ({ kind: 'aborted' }),
    close: async () => {},
  };
  const events: string[] = [];
  const elector = createLeaderElector(
    { client, clock, random: fixedRandom(0.5) },
    {
      namespace: 'ops',
      name: 'operator',
      identity: 'a',
      onStartedLeading: () => events.push('started'),
      onStoppedLeading: (cause) => events.push(cause),
    },
  );
  clean.push(elector.stop);
  elector.start();
  await clock.advance(500);
  expect(asked.splice(0)).toEqual(['GET', 'POST']);
  await clock.stall(20_000);
  await clock.advance(10_000);
  expect(asked).toEqual([]);
  expect(events).toEqual(['started', 'lost']);
});

test('a renewal that arrived although its answer was lost is gone on from', async () => {
  const a = candidate('a');
  a.elector.start();
  await pass(500);
  trouble.set('a', 'applied, then reset');
  await pass(6_000);
  trouble.clear();
  await pass(60_000, () => expect(a.elector.isLeader()).toBe(true));
  expect(a.events).toEqual(['started']);
  expect(stored?.spec.leaseTransitions).toBe(0);
});

test('one renewal in a black hole costs 5 s, and the leader leads on', async () => {
  const a = candidate('a');
  a.elector.start();
  await pass(500);
  trouble.set('a', 'hang');
  await until(
    async () => {
      await clock.advance(100);
      return swallowed.size > 0;
    },
    { what: 'a renewal is swallowed', intervalMs: 1 },
  );
  trouble.clear();
  await pass(30_000, () => expect(a.elector.isLeader()).toBe(true));
  expect(a.events).toEqual(['started']);
});

test.each([
  ['an answer after 4 s leads for 6 s more: the renewal counts from when it was sent', 4_000, true],
  ['an answer after 10 s leads to nothing', 10_000, false],
])('%s', async (_, delayMs, leads) => {
  const ok = {
    kind: 'ok',
    status: 201,
    body: JSON.stringify({ metadata: { resourceVersion: '1' }, spec: { holderIdentity: 'a' } }),
  } as const;
  let isAnswered = false;
  const client: KubeClient = {
    request: async ({ method }) => {
      if (method === 'GET') return isAnswered ? { kind: 'network' } : { kind: 'status', status: 404 };
      if (isAnswered) return { kind: 'network' };
      isAnswered = true;
      await sleep(clock, delayMs);
      return ok;
    },
    stream: async () => ({ kind: 'aborted' }),
    close: async () => {},
  };
  const events: string[] = [];
  const elector = createLeaderElector(
    { client, clock, random: fixedRandom(0.5) },
    {
      namespace: 'ops',
      name: 'operator',
      identity: 'a',
      onStartedLeading: () => events.push('started'),
      onStoppedLeading: (cause) => events.push(cause),
    },
  );
  clean.push(elector.stop);
  elector.start();
  await clock.advance(delayMs);
  expect(elector.isLeader()).toBe(leads);
  await clock.advance(Math.max(9_999 - delayMs, 0));
  expect(elector.isLeader()).toBe(leads);
  await clock.advance(1);
  expect(elector.isLeader()).toBe(false);
  expect(events).toEqual(leads ? ['started', 'lost'] : []);
});

test('an answer that comes after stop makes no leader', async () => {
  const client: KubeClient = {
    request: async ({ method }) => {
      if (method === 'GET') return { kind: 'status', status: 404 };
      await sleep(clock, 1_000);
      return {
        kind: 'ok',
        status: 201,
        body: JSON.stringify({ metadata: { resourceVersion: '1' }, spec: { holderIdentity: 'a' } }),
      };
    },
    stream: async () => ({ kind: 'aborted' }),
    close: async () => {},
  };
  const events: string[] = [];
  const elector = createLeaderElector(
    { client, clock, random: fixedRandom(0.5) },
    {
      namespace: 'ops',
      name: 'operator',
      identity: 'a',
      onStartedLeading: () => events.push('started'),
      onStoppedLeading: (cause) => events.push(cause),
    },
  );
  elector.start();
  await clock.advance(500);
  const stopped = elector.stop();
  await clock.advance(1_000);
  await stopped;
  expect(elector.isLeader()).toBe(false);
  expect(events).toEqual([]);
});

test('stop gives the lease up, and another takes it within 3 s', async () => {
  const a = candidate('a');
  const b = candidate('b', 0.999);
  a.elector.start();
  await pass(500);
  b.elector.start();
  await pass(2_000);
  await a.elector.stop();
  expect(a.events).toEqual(['started', 'released']);
  expect(a.elector.isLeader()).toBe(false);
  expect(held()).toBe('');
  expect(stored?.spec.leaseDurationSeconds).toBe(1);
  await pass(3_100);
  expect(b.elector.isLeader()).toBe(true);
});

test('a release into a black hole keeps nobody waiting: the whole end must fit into what the kubelet gives', async () => {
  const a = candidate('a');
  a.elector.start();
  await pass(500);
  trouble.set('a', 'hang');
  let isDone = false;
  const stopped = a.elector.stop().then(() => {
    isDone = true;
  });
  const startMs = clock.monotonicMs();
  await until(
    async () => {
      await clock.advance(100);
      return isDone;
    },
    { what: 'the end', intervalMs: 1 },
  );
  await stopped;
  expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(1_500);
});

test('isLeader is false before the release is sent', async () => {
  const a = candidate('a');
  a.elector.start();
  await pass(500);
  const answers: boolean[] = [];
  const original = api.onRequest;
  api.onRequest = (received) => {
    answers.push(a.elector.isLeader());
    return original(received);
  };
  await a.elector.stop();
  expect(answers).toEqual([false, false]);
});

test('a candidate that never led says nothing and writes nothing when stopped', async () => {
  const a = candidate('a');
  const b = candidate('b');
  a.elector.start();
  await pass(500);
  b.elector.start();
  await pass(2_000);
  const before = stored;
  await b.elector.stop();
  expect(b.events).toEqual([]);
  expect(stored).toBe(before);
});

test('two candidates that find no lease at the same moment: one creates it', async () => {
  const a = candidate('a');
  const b = candidate('b');
  a.elector.start();
  b.elector.start();
  await pass(10_000, () => expect([a, b].filter(({ elector }) => elector.isLeader()).length).toBeLessThanOrEqual(1));
  expect([...a.events, ...b.events]).toEqual(['started']);
});

test('a lease that is deleted under its leader is made anew; one that another has taken is lost at the next look', async () => {
  const a = candidate('a');
  a.elector.start();
  await pass(500);
  stored = undefined;
  await pass(6_000, () => expect(a.elector.isLeader()).toBe(true));
  expect(held()).toBe('a');
  const taken = stored as Stored | undefined;
  if (taken) stored = { metadata: { resourceVersion: String(++version) }, spec: { ...taken.spec, holderIdentity: 'thief' } };
  await pass(5_000);
  expect(a.events).toEqual(['started', 'lost']);
  expect(held()).toBe('thief');
});

test('labels that others put on the lease stay', async () => {
  stored = { metadata: { resourceVersion: '1', labels: { team: 'x' } }, spec: {} };
  const a = candidate('a');
  a.elector.start();
  await pass(5_000);
  expect(a.elector.isLeader()).toBe(true);
  expect(stored?.metadata.labels).toEqual({ team: 'x' });
});
