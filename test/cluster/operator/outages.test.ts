/**
 * An API server that is away, that comes back, and that lets objects pass which no schema of ours would: on a control plane of its own,
 * since it is stopped and its CRD is loosened. Nothing is lost, nothing is invented, and the operator never ends.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../../hack/controlplane/start.ts';
import { makeCRD } from '../../../src/api/v1alpha1/crd.ts';
import { PROBE_REQUESTED_AT } from '../../../src/api/v1alpha1/group.ts';
import { until } from '../../platform/until.ts';
import { modern, respond } from '../../probe/behaviours.ts';
import { type Behaviour, type Scripted, startServer } from '../../probe/scripted-server.ts';
import { expectSuccess } from '../control-plane.ts';
import { installOperator, launchOperator, type OperatorProcess } from '../operator-process.ts';
import { type Objects, openObjects } from './objects.ts';

const NAMESPACE = 'outages';
/** Time enough between two retries to take the API server away. */
const everyTwoSeconds = { retry: { attempts: 1, initialBackoffSeconds: 2, maxBackoffSeconds: 2 } };

let own: ControlPlane;
let objects: Objects;
let operator: OperatorProcess;
let mended: Scripted;
const servers: Scripted[] = [];

async function serve(behaviour: Behaviour): Promise<Scripted> {
  const server = await startServer(behaviour);
  servers.push(server);
  return server;
}

async function takeAway(): Promise<void> {
  own.apiserver.kill('SIGKILL');
  await until(() => own.apiserver.pid() === undefined, { what: 'the API server is gone' });
}

const readyOf = async (name: string) => {
  const { status } = await objects.read(name);
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  return { ready: ready?.status, since: ready?.lastTransitionTime, transitions: status.history?.length };
};

/** An API server that has just started refuses everybody until it has read its roles: that one passes by itself. */
const faults = () => operator.log().filter(({ level, httpStatus }) => level === 'error' && httpStatus !== 403);

beforeAll(async () => {
  own = await startControlPlane();
  const kubeconfig = await installOperator(own, NAMESPACE);
  objects = await openObjects(own, NAMESPACE);
  mended = await serve(respond(503));
  await objects.apply({
    steady: { url: (await serve(modern())).url(), probe: { periodSeconds: 10 } },
    mended: { url: mended.url(), ...everyTwoSeconds },
  });
  await takeAway();
  operator = await launchOperator({ kubeconfig, namespace: NAMESPACE });
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await objects?.close();
  await own?.stop();
  await Promise.all(servers.map((server) => server.close()));
});

describe('an API server that is away at the start', () => {
  test('is awaited: the process lives, is not ready, says once what is wrong', async () => {
    await until(() => operator.log().some(({ level }) => level === 'warn'), { what: 'it tells' });
    expect([await operator.health('/healthz'), await operator.health('/readyz')]).toEqual([200, 503]);
    const troubles = operator.log().filter(({ level }) => level === 'warn' || level === 'error');
    expect(troubles).toMatchObject([{ msg: 'can not follow the API server; trying again', trouble: 'no answer (ECONNREFUSED)' }]);
    expect(operator.ending()).toBeUndefined();
  });

  test('and work begins when it comes', async () => {
    await own.apiserver.start();
    await objects.settled('steady', 'Available', 20_000);
    await objects.settled('mended', 'Transient');
    expect(await operator.health('/readyz')).toBe(200);
  });
});

describe('an API server that goes away while the operator runs', () => {
  test('costs no Ready object its readiness, and a verdict that was found meanwhile is written when it is back', async () => {
    const before = await readyOf('steady');
    expect(before).toMatchObject({ ready: 'True', transitions: 1 });
    const seen = (await objects.read('mended')).status.failure?.consecutive ?? 0;
    await until(async () => ((await objects.read('mended')).status.failure?.consecutive ?? 0) > seen, {
      what: 'a retry is written',
    });
    mended.become(modern());
    await takeAway();
    const visits = () => mended.requests.filter(({ message }) => message?.method === 'tools/list').length;
    await until(() => visits() === 1, { what: 'it is found to be mended' });
    // Long enough for a write to fail more than once.
    await until(() => operator.log().filter(({ msg }) => msg.startsWith('a status could not be written')).length >= 2, {
      what: 'writes fail',
    });
    expect([await operator.health('/healthz'), await operator.health('/readyz')]).toEqual([200, 200]);
    await own.apiserver.start();
    const status = await objects.settled('mended', 'Available');
    expect(status.history?.map(({ to }) => to)).toEqual(['Transient', 'Available']);
    // The verdict was kept: the server was not asked again for it.
    expect(visits()).toBe(1);
    expect(await readyOf('steady')).toEqual(before);
  });

  test('and what is applied when it is back is judged', async () => {
    await objects.apply({ fresh: { url: (await serve(modern())).url() } });
    // The watch comes back by its own backoff, which may have grown to many seconds.
    await objects.settled('fresh', 'Available', 45_000);
    expect(operator.ending()).toBeUndefined();
    expect(faults()).toEqual([]);
  });
});

describe('a CRD that lets everything pass', () => {
  beforeAll(async () => {
    const crd = structuredClone(makeCRD());
    const anything = { type: 'object' as const, 'x-kubernetes-preserve-unknown-fields': true };
    const versions = crd.spec.versions.map((version) => ({
      ...version,
      schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
      selectableFields: [],
    }));
    const input = JSON.stringify({ ...crd, spec: { ...crd.spec, versions } });
    expectSuccess(await own.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input }));
    // A schema is served a moment after it was accepted.
    await until(() => objects.apply({ 'no-scheme': { url: 'ftp://example.com/mcp' } }).then(() => true), {
      what: 'the schema is in force',
    });
  });

  test('an invalid object is told which field is wrong, and is never probed', async () => {
    const url = (await serve(modern())).url();
    const wrong: Record<string, { spec: unknown; path: string }> = {
      'no-scheme': { spec: { url: 'ftp://example.com/mcp' }, path: 'spec.url' },
      'no-spec': { spec: undefined, path: 'spec' },
      'both-targets': { spec: { url, serviceRef: { name: 'a', port: 80 } }, path: 'spec' },
      'no-number': { spec: { url, probe: { timeoutSeconds: 'soon' } }, path: 'spec.probe.timeoutSeconds' },
      'huge-number': { spec: { url, retry: { initialBackoffSeconds: 1e300 } }, path: 'spec.retry.initialBackoffSeconds' },
      'bad-header': { spec: { url, headers: [{ name: 'X-A', value: 'a\r\nX-B: b' }] }, path: 'spec.headers[0].value' },
    };
    const specs = Object.fromEntries(Object.entries(wrong).map(([name, { spec }]) => [name, spec]));
    await objects.apply(specs);
    for (const [name, { path }] of Object.entries(wrong)) {
      const status = await objects.settled(name, 'Permanent');
      expect(status.failure, name).toMatchObject({ reason: 'InvalidSpec', attempts: 0, message: expect.stringContaining(path) });
      expect(status.conditions?.map(({ type, status: value }) => `${type}=${value}`)).toEqual([
        'Ready=False',
        'Stalled=True',
        'Permanent=True',
      ]);
    }
    expect(servers.at(-1)?.requests).toEqual([]);
  });

  test('a valid one without the defaults that a schema serves is probed, and so is an invalid one when it is mended', async () => {
    const url = (await serve(modern())).url();
    await objects.apply({ bare: { url }, 'no-scheme': { url } });
    await objects.settled('bare', 'Available');
    const { status } = await objects.read('bare');
    expect(status.history).toMatchObject([{ from: 'Pending', to: 'Available' }]);
    expect((await objects.settled('no-scheme', 'Available')).history?.map(({ to }) => to)).toEqual(['Permanent', 'Available']);
  });

  test('a status that is garbage is overwritten by the next verdict', async () => {
    const garbage = JSON.stringify({
      status: {
        observedGeneration: 'one',
        state: 42,
        conditions: 'none',
        history: [[]],
        failure: [1],
        capabilities: { digest: {} },
      },
    });
    await objects.kubectl('patch', 'mcpserver', 'fresh', '--subresource=status', '--type=merge', '-p', garbage);
    await objects.kubectl('annotate', 'mcpserver', 'fresh', `${PROBE_REQUESTED_AT}=now`);
    const status = await objects.settled('fresh', 'Available');
    expect(status.capabilities?.tools?.count).toBe(1);
    expect(operator.ending()).toBeUndefined();
    expect(faults()).toEqual([]);
  });
});
