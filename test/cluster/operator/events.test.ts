/**
 * Events as users see them, on a real API server, under the rights of the chart alone: `kubectl get events` and `kubectl describe` tell
 * what happened to a server, and a right that the operator lacks is told where its owner looks.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../platform/until.ts';
import { modern, respond, TOOL } from '../../probe/behaviours.ts';
import { type Behaviour, type Scripted, startServer } from '../../probe/scripted-server.ts';
import { controlPlane, createNamespace, expectSuccess } from '../control-plane.ts';
import { installOperator, type OperatorProcess, startOperator } from '../operator-process.ts';
import { type Objects, openObjects } from './objects.ts';

/** As much of an Event as is looked at here. */
interface KubeEvent {
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
  readonly reason: string;
  readonly type: string;
  readonly note: string;
  readonly action: string;
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly regarding: Record<string, string>;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

let namespace: string;
let kubeconfig: string;
let objects: Objects;
let operator: OperatorProcess;
const servers: Scripted[] = [];

beforeAll(async () => {
  namespace = await createNamespace('events');
  kubeconfig = await installOperator(controlPlane, namespace);
  objects = await openObjects(controlPlane, namespace);
  operator = await startOperator({ kubeconfig, namespace });
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await objects?.close();
  await Promise.all(servers.map((server) => server.close()));
});

/** A server that a test changes; it begins as `behaviour`. */
async function serve(behaviour: Behaviour) {
  const changing = { behaviour };
  const server = await startServer((seen, reply) => changing.behaviour(seen, reply));
  servers.push(server);
  return { url: server.url('/mcp'), changing };
}

async function eventsOf(name: string): Promise<KubeEvent[]> {
  const { items } = JSON.parse(await objects.kubectl('get', 'events.events.k8s.io', '-o', 'json')) as { items: KubeEvent[] };
  return items.filter(({ regarding }) => regarding['name'] === name).sort((a, b) => (a.eventTime < b.eventTime ? -1 : 1));
}

/** The events of `name` as `Reason`, or `Reason×count` where they are a series. */
const told = async (name: string) =>
  (await eventsOf(name)).map(({ reason, series }) => (series === undefined ? reason : `${reason}×${series.count}`));

/** Waits for exactly these events, in any order: two of one change have the same time. */
function untilTold(name: string, ...expected: readonly string[]): Promise<boolean> {
  return until(
    async () => {
      const found = await told(name);
      if (found.toSorted().join() === expected.toSorted().join()) return true;
      throw new Error(`${name}: ${found.join(', ')}`);
    },
    { what: `${name}: ${expected.join(', ')}`, timeoutMs: 20_000, intervalMs: 100 },
  );
}

let asked = 0;
const probeNow = (name: string) =>
  objects.kubectl('annotate', 'mcpservers', name, '--overwrite', `mcpserver-operator.dev/probe-requested-at=${asked++}`);

describe('the life of a server', () => {
  const healthy = (names: readonly string[]) =>
    modern({ lists: { 'tools/list': { tools: names.map((name) => ({ ...TOOL, name })) } } });

  test('each change is one event, and a repetition lets it grow', async () => {
    const { url, changing } = await serve(healthy(['echo']));
    await objects.apply({ life: { url, expect: { tools: ['echo'] }, retry: { attempts: 1 } } });
    await untilTold('life', 'Available');

    changing.behaviour = healthy(['echo', 'second']);
    await probeNow('life');
    await untilTold('life', 'Available', 'CapabilitiesChanged');

    changing.behaviour = respond(403);
    await probeNow('life');
    await untilTold('life', 'Available', 'CapabilitiesChanged', 'Denied');

    changing.behaviour = healthy(['echo', 'second']);
    await probeNow('life');
    await untilTold('life', 'Available', 'CapabilitiesChanged', 'Denied', 'Recovered');

    changing.behaviour = respond(403);
    await probeNow('life');
    await untilTold('life', 'Available', 'CapabilitiesChanged', 'Denied×2', 'Recovered');

    changing.behaviour = healthy(['second']);
    await probeNow('life');
    await untilTold('life', 'Available', 'CapabilitiesChanged', 'Denied×2', 'Recovered×2', 'CapabilitiesChanged', 'ToolsMissing');
  });

  test('an Event names who says it, about exactly which object, and when', async () => {
    const { metadata, status } = await objects.read('life');
    const [first] = await eventsOf('life');
    expect(first).toMatchObject({
      type: 'Normal',
      action: 'Probe',
      note: expect.stringMatching(/^The server answers as an MCP server/),
      reportingController: 'mcpserver-operator',
      regarding: { apiVersion: 'mcpserver-operator.dev/v1alpha1', kind: 'MCPServer', namespace, name: 'life', uid: metadata.uid },
    });
    expect(first?.reportingInstance).not.toBe('');
    expect(first?.regarding['resourceVersion']).toMatch(/^\d+$/);
    expect(first?.eventTime).toMatch(/\.\d{6}Z$/);
    expect(first?.metadata.annotations).toEqual({ 'mcpserver-operator.dev/probe-id': status.history?.[0]?.probeID });
  });

  test('C4: the id of the probe is the same in event, status and log', async () => {
    const { status } = await objects.read('life');
    const denied = (await eventsOf('life')).find(({ reason }) => reason === 'Denied');
    const probeID = denied?.metadata.annotations?.['mcpserver-operator.dev/probe-id'];
    expect(status.history?.filter(({ to }) => to === 'Denied').at(-1)?.probeID).toBe(probeID);
    const lines = operator.log().filter((line) => line['probeID'] === probeID);
    expect(lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual(
      expect.arrayContaining(['debug probed', 'info state changed']),
    );
  });

  test('kubectl get events and kubectl describe show type, reason and message', async () => {
    const table = await objects.kubectl('get', 'events', '--field-selector', 'involvedObject.name=life');
    expect(table).toMatch(/Warning\s+Denied\s+mcpserver\/life\s+The server denied access/);
    expect(table).toMatch(/Normal\s+CapabilitiesChanged\s+mcpserver\/life\s+What the server offers changed: tools 1 -> 2\./);
    const described = await objects.kubectl('describe', 'mcpserver', 'life');
    expect(described.slice(described.indexOf('\nEvents:'))).toMatch(
      /Warning\s+ToolsMissing\s+.*mcpserver-operator\s+These tools of/,
    );
  });

  test('who works without leader election leads, as its metric says: the alert that nobody leads is not for it', async () => {
    expect(await operator.metric('leader_election_master_status')).toBe(1);
  });

  test('what happened is counted, and one write is one event or one growth of it', async () => {
    expect(await operator.metric('mcpserver_operator_events_total', 'fate="created"')).toBe(6);
    expect(await operator.metric('mcpserver_operator_events_total', 'fate="updated"')).toBe(2);
    expect(await operator.metric('mcpserver_operator_events_waiting')).toBe(0);
    const writes = operator.log().filter(({ msg }) => msg.includes('refused an event'));
    expect(writes).toEqual([]);
  });
});

describe('a Secret that the operator may not read', () => {
  const spec = (url: string) => ({ url, auth: { type: 'Bearer', bearer: { secretKeyRef: { name: 'locked', key: 'token' } } } });

  /** The Role of the chart without its rule on Secrets, and back. */
  async function setRight(allowed: boolean) {
    const resources = JSON.stringify(allowed ? ['secrets', 'configmaps', 'services'] : ['configmaps', 'services']);
    const role = JSON.parse(await objects.kubectl('get', 'role', 'mcpserver-operator', '-o', 'json')) as {
      rules: { resources: string[] }[];
    };
    const index = role.rules.findIndex(({ resources }) => resources.includes('configmaps'));
    const patch = `[{"op":"replace","path":"/rules/${index}/resources","value":${resources}}]`;
    await objects.kubectl('patch', 'role', 'mcpserver-operator', '--type=json', '-p', patch);
    const may = async () =>
      (await controlPlane.kubectl(['-n', namespace, 'auth', 'can-i', 'get', 'secrets'], { kubeconfig })).stdout;
    await until(async () => (await may()).trim() === (allowed ? 'yes' : 'no'), {
      what: 'the API server knows',
      timeoutMs: 10_000,
    });
  }

  test('is told in the object, an event and one line of the log; a Ready object stays Ready; and it heals with the right', async () => {
    const { url } = await serve(modern({}));
    await objects.secret('locked', { token: 't' });
    await objects.apply({ before: spec(url) });
    await objects.settled('before', 'Available');
    await setRight(false);
    await objects.apply({ locked: spec(url) });
    await probeNow('before');
    await untilTold('locked', 'CredentialsForbidden');
    await untilTold('before', 'Available', 'CredentialsForbidden');
    const status = await until(
      async () => {
        const { status } = await objects.read('locked');
        return status.conditions?.[0]?.reason === 'CredentialsForbidden' && status;
      },
      { what: 'the status says why', timeoutMs: 10_000 },
    );
    expect(status).toMatchObject({ state: 'Pending', observedGeneration: -1 });
    expect(await objects.kubectl('get', 'mcpserver', 'locked')).toMatch(/locked\s+Unknown\s+Pending\s+CredentialsForbidden/);
    expect((await objects.read('before')).status.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'True' });
    const warnings = operator.log().filter(({ level, msg }) => level === 'warn' && msg.includes('no right to read'));
    expect(warnings.map((line) => line['name']).sort()).toEqual(['before', 'locked']);
    await setRight(true);
    await objects.settled('locked', 'Available', 70_000);
  });
});

test('without the right to write events the work goes on, and the log says so once', async () => {
  const role = JSON.parse(await objects.kubectl('get', 'role', 'mcpserver-operator', '-o', 'json')) as {
    rules: { apiGroups: string[] }[];
  };
  const index = role.rules.findIndex(({ apiGroups }) => apiGroups.includes('events.k8s.io'));
  await objects.kubectl('patch', 'role', 'mcpserver-operator', '--type=json', '-p', `[{"op":"remove","path":"/rules/${index}"}]`);
  const { url } = await serve(modern({}));
  await objects.apply({ silent: { url }, 'silent-too': { url } });
  await objects.settled('silent', 'Available');
  await objects.settled('silent-too', 'Available');
  await until(async () => (await operator.metric('mcpserver_operator_events_total', 'fate="refused"')) === 2, {
    what: 'both events were refused',
    timeoutMs: 10_000,
  });
  expect(operator.log().filter(({ msg }) => msg.includes('refused an event'))).toHaveLength(1);
});

test('the end sends what waits, and ends soon', async () => {
  // The chart's rights are back, so that the last events can be written.
  const again = await installOperator(controlPlane, namespace);
  expect(again).not.toBe('');
  const { url } = await serve(modern({}));
  await objects.apply(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`last-${i}`, { url }])));
  await Promise.all(Array.from({ length: 20 }, (_, i) => objects.settled(`last-${i}`, 'Available')));
  const ending = await operator.stop();
  expect(ending).toMatchObject({ how: 0 });
  expect(ending.afterMs).toBeLessThan(3000);
  expectSuccess(await controlPlane.kubectl(['-n', namespace, 'get', 'events']));
  for (let i = 0; i < 20; i++) expect(await told(`last-${i}`)).toEqual(['Available']);
});
