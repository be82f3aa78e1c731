/**
 * B7 on the real process: it ends quickly when nothing is in flight, waits for what is and writes its verdict, and a second signal ends it
 * at once. One process per case, all started together, each in a namespace of its own.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../platform/until.ts';
import { modern, respond } from '../../probe/behaviours.ts';
import { type Behaviour, type Scripted, startServer } from '../../probe/scripted-server.ts';
import { controlPlane, createNamespace } from '../control-plane.ts';
import { installOperator, type OperatorProcess, startOperator } from '../operator-process.ts';
import { type Objects, openObjects } from './objects.ts';

interface Case {
  readonly objects: Objects;
  readonly operator: OperatorProcess;
}

const servers: Scripted[] = [];
const cases: Case[] = [];

async function serve(behaviour: Behaviour): Promise<Scripted> {
  const server = await startServer(behaviour);
  servers.push(server);
  return server;
}

/** 503 to the first request, if `failsFirst`; the next is answered after `delayMs`, and rightly, as all others are. */
function slow(delayMs: number, failsFirst: boolean): Behaviour {
  const answer = modern();
  let number = failsFirst ? 0 : 1;
  return async (seen, reply) => {
    number += 1;
    if (number === 1) return respond(503)(seen, reply);
    if (number === 2) await new Promise((resolve) => setTimeout(resolve, delayMs));
    return answer(seen, reply);
  };
}

async function open(): Promise<Case> {
  const namespace = await createNamespace('shutdown');
  const kubeconfig = await installOperator(controlPlane, namespace);
  const opened = {
    objects: await openObjects(controlPlane, namespace),
    // One slot, and a retry keeps it to its end: what comes after it is queued.
    operator: await startOperator({ kubeconfig, namespace, flags: ['--max-concurrent-probes=1', '--max-concurrent-retries=1'] }),
  };
  cases.push(opened);
  return opened;
}

let idle: Case;
let busy: Case;
let impatient: Case;

beforeAll(async () => {
  [idle, busy, impatient] = await Promise.all([open(), open(), open()]);
});

afterAll(async () => {
  for (const { operator, objects } of cases) {
    operator.signal('SIGKILL');
    await objects.close();
  }
  await Promise.all(servers.map((server) => server.close()));
});

test('B7: with nothing in flight, SIGTERM ends it with 0 in less than 2 s, whatever is scheduled', async () => {
  await idle.objects.apply({
    healthy: { url: (await serve(modern())).url() },
    failing: { url: (await serve(respond(503))).url(), retry: { attempts: 1 } },
  });
  await idle.objects.settled('healthy', 'Available');
  await idle.objects.settled('failing', 'Transient');
  const { how, afterMs } = await idle.operator.stop();
  expect(how).toBe(0);
  expect(afterMs).toBeLessThan(2_000);
  expect(idle.operator.log().at(-1)?.msg).toBe('stopped');
  expect(idle.operator.stderr()).toBe('');
});

test('B7: a probe in flight ends as it would have and its verdict is written; a queued one is not begun', async () => {
  const peer = await serve(slow(3_000, true));
  const queued = await serve(modern());
  await busy.objects.apply({ slow: { url: peer.url(), retry: { attempts: 1, initialBackoffSeconds: 1 } } });
  await until(() => peer.requests.length === 2, { what: 'the retry is in flight' });
  await busy.objects.apply({ queued: { url: queued.url() } });
  await until(async () => (await busy.operator.metric('workqueue_depth')) === 1, { what: 'the other one is queued' });
  busy.operator.signal('SIGTERM');
  await until(() => busy.operator.log().some(({ msg }) => msg.startsWith('stopping')), { what: 'it waits' });
  expect(await busy.operator.health('/healthz')).toBe(200);
  const { how, afterMs } = await busy.operator.ended;
  expect(how).toBe(0);
  expect(afterMs).toBeLessThan(4_500);
  const told = busy.operator
    .log()
    .filter(({ msg }) => msg.startsWith('stopping') || msg === 'state changed' || msg === 'stopped');
  expect(told.slice(-3)).toMatchObject([
    { level: 'info' },
    { name: 'slow', from: 'Transient', state: 'Available' },
    { msg: 'stopped' },
  ]);
  const { status } = await busy.objects.read('slow');
  expect(status).toMatchObject({ state: 'Available', observedGeneration: 1, capabilities: { tools: { count: 1 } } });
  expect(queued.requests).toHaveLength(0);
  expect(peer.open()).toBe(0);
});

test('B7: a second signal ends it at once, and the probe counts as nothing', async () => {
  const peer = await serve(slow(20_000, false));
  await impatient.objects.apply({ endless: { url: peer.url(), probe: { timeoutSeconds: 30 } } });
  await until(() => peer.requests.length === 1, { what: 'the probe is in flight' });
  impatient.operator.signal('SIGTERM');
  await until(() => impatient.operator.log().some(({ msg }) => msg.startsWith('stopping')), { what: 'it waits' });
  impatient.operator.signal('SIGTERM');
  const { how, afterMs } = await impatient.operator.ended;
  expect(how).toBe(143);
  expect(afterMs).toBeLessThan(1_000);
  const { status } = await impatient.objects.read('endless');
  expect(status).toEqual({ observedGeneration: -1, state: 'Pending' });
});
