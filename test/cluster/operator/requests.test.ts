/**
 * What users ask of the operator while it runs, through kubectl: probe this one or all of those, suspend and resume, another URL, a
 * Secret that comes late, a status that somebody else wrote. Probes are counted by the servers.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROBE_REQUESTED_AT } from '../../../src/api/v1alpha1/group.ts';
import { until } from '../../platform/until.ts';
import { modern, respond, TOOL } from '../../probe/behaviours.ts';
import { type Behaviour, type Scripted, startServer } from '../../probe/scripted-server.ts';
import { controlPlane, createNamespace } from '../control-plane.ts';
import { installOperator, type OperatorProcess, startOperator } from '../operator-process.ts';
import { type Objects, openObjects } from './objects.ts';

let objects: Objects;
let operator: OperatorProcess;
const servers: Scripted[] = [];

async function serve(behaviour: Behaviour): Promise<Scripted> {
  const server = await startServer(behaviour);
  servers.push(server);
  return server;
}

const probesOf = ({ requests }: Scripted) => requests.filter(({ message }) => message?.method === 'server/discover').length;
/** Nothing is due by itself within the test. */
const probe = { periodSeconds: 86_400, recheckSeconds: 86_400 };
const annotate = (value: string, ...which: string[]) =>
  objects.kubectl('annotate', '--overwrite', 'mcpserver', ...which, `${PROBE_REQUESTED_AT}=${value}`);
const handled = (name: string, value: string) =>
  until(async () => (await objects.read(name)).status.lastHandledProbeRequest === value, { what: `${name} echoes ${value}` });

let one: Scripted;
let team: Scripted[];
let down: Scripted;
let guarded: Scripted;

beforeAll(async () => {
  const namespace = await createNamespace('requests');
  const kubeconfig = await installOperator(controlPlane, namespace);
  objects = await openObjects(controlPlane, namespace);
  operator = await startOperator({ kubeconfig, namespace });
  one = await serve(modern());
  down = await serve(respond(503));
  guarded = await serve(modern());
  team = await Promise.all([serve(modern()), serve(modern()), serve(modern())]);
  await objects.apply({
    one: { url: one.url(), probe },
    ...Object.fromEntries(team.map((server, index) => [`team-${index}`, { url: server.url(), probe }])),
    down: { url: down.url(), retry: { attempts: 1, initialBackoffSeconds: 3600, maxBackoffSeconds: 3600 } },
    late: {
      url: guarded.url(),
      auth: { type: 'Bearer', bearer: { secretKeyRef: { name: 'late', key: 'token' } } },
      retry: { initialBackoffSeconds: 2, maxBackoffSeconds: 2 },
    },
  });
  await objects.kubectl('label', 'mcpserver', 'team-0', 'team-1', 'team-2', 'team=a');
  for (const name of ['one', 'team-0', 'team-1', 'team-2']) await objects.settled(name, 'Available');
  await objects.settled('down', 'Transient');
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await objects?.close();
  await Promise.all(servers.map((server) => server.close()));
});

test('C6: a probe request probes that object once, at once, whatever its backoff, and no other', async () => {
  const before = servers.map(probesOf);
  await annotate('1', 'down');
  await handled('down', '1');
  expect((await objects.read('down')).status.failure).toMatchObject({ consecutive: 2 });
  await annotate('anything goes: ü', 'one');
  await handled('one', 'anything goes: ü');
  expect(servers.map((server, index) => probesOf(server) - (before[index] ?? 0))).toEqual(
    servers.map((server) => (server === down || server === one ? 1 : 0)),
  );
});

test('C6: by label it asks for many at once', async () => {
  const before = team.map(probesOf);
  await annotate('2', '-l', 'team=a');
  for (const name of ['team-0', 'team-1', 'team-2']) await handled(name, '2');
  expect(team.map((server, index) => probesOf(server) - (before[index] ?? 0))).toEqual([1, 1, 1]);
  expect(probesOf(one)).toBe(2);
});

test('suspend stops probing and keeps what was known, even against a probe request; resume probes at once', async () => {
  await objects.kubectl('patch', 'mcpserver', 'one', '--type=merge', '-p', '{"spec":{"suspend":true}}');
  const suspended = await until(
    async () => {
      const { status } = await objects.read('one');
      return status.state === 'Suspended' ? status : undefined;
    },
    { what: 'it is suspended' },
  );
  expect(suspended.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'True' });
  expect(suspended.capabilities?.tools?.count).toBe(1);
  const before = probesOf(one);
  await annotate('3', 'one');
  // The request of another object that was made later is handled: the one before it was seen, too.
  await annotate('3', 'team-0');
  await handled('team-0', '3');
  expect(probesOf(one)).toBe(before);
  await objects.kubectl('patch', 'mcpserver', 'one', '--type=merge', '-p', '{"spec":{"suspend":false}}');
  await objects.settled('one', 'Available');
  expect(probesOf(one)).toBe(before + 1);
});

test('an edit of the URL is probed at once, and the snapshot of the old server is gone', async () => {
  const old = (await objects.read('team-1')).status;
  const other = await serve(modern({ lists: { 'tools/list': { tools: [TOOL, { ...TOOL, name: 'second' }] } } }));
  await objects.apply({ 'team-1': { url: other.url(), probe } });
  const { endpoint, capabilities } = await until(
    async () => {
      const { status } = await objects.read('team-1');
      return status.endpoint?.url === other.url() ? status : undefined;
    },
    { what: 'the new server is judged' },
  );
  expect(endpoint?.url).not.toBe(old.endpoint?.url);
  expect(capabilities).toMatchObject({ tools: { count: 2 } });
  expect(capabilities?.previousDigest).toBeUndefined();
  await objects.apply({ 'team-1': { url: down.url(), probe } });
  const failing = await objects.settled('team-1', 'Transient');
  expect(failing).not.toHaveProperty('capabilities');
  expect(failing).not.toHaveProperty('server');
});

test('A11: while its Secret is missing no request is sent; D8: it heals by itself when the Secret comes', async () => {
  const { failure } = await objects.settled('late', 'Permanent');
  expect(failure).toMatchObject({ reason: 'CredentialsNotFound', attempts: 0 });
  expect(guarded.connections()).toBe(0);
  await objects.secret('late', { token: 'at last' });
  await objects.settled('late', 'Available');
  expect(new Set(guarded.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer at last']));
});

test('a status that somebody else wrote is overwritten by the next verdict, not believed', async () => {
  const lie = {
    state: 'Available',
    failure: null,
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'Available',
        message: 'all is well',
        lastTransitionTime: '2020-01-01T00:00:00Z',
        observedGeneration: 1,
      },
    ],
  };
  const patch = JSON.stringify({ status: lie });
  await objects.kubectl('patch', 'mcpserver', 'down', '--subresource=status', '--type=merge', '-p', patch);
  expect((await objects.read('down')).status.state).toBe('Available');
  await annotate('4', 'down');
  await handled('down', '4');
  const { status } = await objects.read('down');
  expect(status).toMatchObject({ state: 'Transient', failure: { reason: 'ServerUnavailable' } });
  expect(status.conditions?.map(({ type }) => type)).toContain('Transient');
  const garbage = JSON.stringify({ status: { state: 'Pending', observedGeneration: 77, history: null, conditions: null } });
  await objects.kubectl('patch', 'mcpserver', 'team-2', '--subresource=status', '--type=merge', '-p', garbage);
  expect((await objects.settled('team-2', 'Available')).observedGeneration).toBe(1);
});
