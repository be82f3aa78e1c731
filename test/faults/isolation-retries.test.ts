/**
 * Of the five retries that may be in flight, servers whose last failure was silence hold three at most, so that dead hosts keep no
 * recovered one waiting. The servers count.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Objects, openObjects } from '../cluster/operator/objects.ts';
import type { OperatorProcess } from '../cluster/operator-process.ts';
import { until } from '../platform/until.ts';
import { modern, respond } from '../probe/behaviours.ts';
import type { Behaviour } from '../probe/scripted-server.ts';
import { freshNamespace, sharedControlPlane } from './control-planes.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { install, run } from './operator.ts';

const DEAD = Array.from({ length: 12 }, (_, n) => `dead-${n}`);
const ILL = Array.from({ length: 12 }, (_, n) => `ill-${n}`);
/** A dead one is in its retry for most of the time: twelve want twelve places. */
const RETRY = { attempts: 1, initialBackoffSeconds: 1, maxBackoffSeconds: 1 };
const PROBE = { timeoutSeconds: 5, deadlineSeconds: 5, periodSeconds: 3_600 };

let objects: Objects;
let operator: OperatorProcess;
let isCured = false;
const fleet: Fleet = createFleet();
const now = { dead: 0, ill: 0 };
const peak = { dead: 0, all: 0 };

/** Counts requests that are not answered and whose peer has not hung up. */
function counted(kind: 'dead' | 'ill', behaviour: Behaviour): Behaviour {
  return (seen, reply) => {
    now[kind] += 1;
    peak.dead = Math.max(peak.dead, now.dead);
    peak.all = Math.max(peak.all, now.dead + now.ill);
    reply.once('close', () => {
      now[kind] -= 1;
    });
    return behaviour(seen, reply);
  };
}

beforeAll(async () => {
  const controlPlane = await sharedControlPlane();
  const installed = await install(controlPlane, freshNamespace('retries'));
  objects = await openObjects(controlPlane, installed.namespace);
  const specs: Record<string, object> = {};
  const open = async (name: string, behaviour: Behaviour) => {
    specs[name] = { url: (await fleet.open(name, { kind: 'scripted', behaviour })).url, probe: PROBE, retry: RETRY };
  };
  const [well, sick] = [modern(), respond(503)];
  const ill: Behaviour = async (seen, reply) => {
    if (isCured) return well(seen, reply);
    await new Promise((resolve) => setTimeout(resolve, 300));
    return sick(seen, reply);
  };
  for (const name of DEAD)
    await open(
      name,
      counted('dead', () => undefined),
    );
  for (const name of ILL) await open(name, counted('ill', ill));
  operator = await run({ installed });
  await objects.apply(specs);
  await until(async () => [...(await objects.list()).values()].every(({ status }) => status.failure !== undefined), {
    what: 'all have failed once',
    timeoutMs: 30_000,
    intervalMs: 100,
  });
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await Promise.all([objects?.close(), fleet.close()]);
});

test('twelve dead hosts hold three of the five places, and never more', async () => {
  // What began before all had failed may have been a first probe.
  await until(() => now.dead <= 3, { what: 'the first probes are over' });
  Object.assign(peak, { dead: 0, all: 0 });
  const visits = () => DEAD.reduce((sum, name) => sum + fleet.server(name).counts().connections, 0);
  const before = visits();
  await until(() => visits() >= before + 6, { what: 'dead ones were tried six times', timeoutMs: 60_000 });
  expect(peak.dead).toBe(3);
  expect(peak.all).toBeLessThanOrEqual(5);
});

test('servers that are well again are Available while dead hosts hold their three places', async () => {
  isCured = true;
  const states = async () => {
    const all = await objects.list();
    return ILL.map((name) => all.get(name)?.status.state);
  };
  await until(async () => (await states()).every((state) => state === 'Available'), {
    what: 'all that recovered are Available',
    timeoutMs: 30_000,
    intervalMs: 100,
  });
  await until(() => now.dead === 3, { what: 'three dead ones are being tried' });
  expect(peak.dead).toBe(3);
  expect(peak.all).toBeLessThanOrEqual(5);
  const all = await objects.list();
  expect(new Set(DEAD.map((name) => all.get(name)?.status.state))).toEqual(new Set(['Transient']));
});
