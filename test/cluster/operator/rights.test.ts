/**
 * The rights of the chart are sufficient, in both modes: the operator runs with the flags of the chart's Deployment as the chart's
 * ServiceAccount, and does each thing that needs a right. The API server's own log then tells which rights it used: all that it has, none
 * that it has not, and nothing was forbidden.
 *
 * The other half, that each right is needed, is in test/cluster/chart-rbac.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import * as z from 'zod';
import { installChart, type Manifest, renderChart } from '../../../hack/chart.ts';
import { type ControlPlane, startControlPlane } from '../../../hack/controlplane/start.ts';
import { PROBE_REQUESTED_AT } from '../../../src/api/v1alpha1/group.ts';
import { type FaultProxy, PASS, startFaultProxy } from '../../faults/fault-proxy.ts';
import { until } from '../../platform/until.ts';
import { modern, respond } from '../../probe/behaviours.ts';
import { type Scripted, startServer } from '../../probe/scripted-server.ts';
import { expectSuccess } from '../control-plane.ts';
import { type OperatorProcess, startOperator } from '../operator-process.ts';
import { describeAct, rightsOf } from '../rendered-rights.ts';
import { openRequestLog, type RequestLog } from '../request-log.ts';
import { type Objects, openObjects } from './objects.ts';
import { type SecuredServer, startSecuredServer } from './secured-server.ts';

const NAME = 'mcpserver-operator';
const MODES = [
  { mode: 'a ClusterRole for all namespaces', namespace: 'ops-all', team: 'team-all', watched: [] },
  { mode: 'Roles for watch.namespaces', namespace: 'ops-some', team: 'team-some', watched: ['team-some'] },
];
const accountOf = (namespace: string) => `system:serviceaccount:${namespace}:${NAME}`;

const Deployment = z.object({
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.tuple([z.object({ args: z.array(z.string()) })]) }) }),
  }),
});

let own: ControlPlane;
let log: RequestLog;
let proxy: FaultProxy;
let secured: SecuredServer;
let changing: Scripted;

beforeAll(async () => {
  log = await openRequestLog(MODES.map(({ namespace }) => accountOf(namespace)));
  own = await startControlPlane({ extraApiServerFlags: log.flags });
  proxy = await startFaultProxy(own);
  secured = await startSecuredServer('right');
  changing = await startServer(respond(403));
});

afterAll(async () => {
  await Promise.all([secured?.close(), changing?.close(), proxy?.close()]);
  await own?.stop();
  await log?.remove();
});

const kubectl = async (args: readonly string[], input = '') => expectSuccess(await own.kubectl(args, { input }));

/** The flags of the Deployment; the log's are the test's. */
function flagsOf(manifests: readonly Manifest[]): string[] {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment');
  const [{ args }] = Deployment.parse(deployment).spec.template.spec.containers;
  return args.filter((arg) => arg.startsWith('--') && !arg.startsWith('--log-'));
}

describe.each(MODES)('$mode', ({ namespace, team, watched }) => {
  const values = { watch: { namespaces: watched } };
  let manifests: readonly Manifest[];
  let operator: OperatorProcess;
  let objects: Objects;

  beforeAll(async () => {
    await kubectl(['create', 'namespace', team]);
    const { kubeconfig } = await installChart(own, namespace, values);
    manifests = await renderChart(own, { namespace, values });
    const flags = [...flagsOf(manifests), '--leader-elect=true'];
    operator = await startOperator({ kubeconfig: await proxy.kubeconfig(kubeconfig), flags });
    objects = await openObjects(own, team);
  });

  afterAll(async () => {
    operator?.signal('SIGKILL');
    await objects?.close();
  });

  const apply = (manifest: object) => kubectl(['apply', '--server-side', '-n', team, '-f', '-'], stringify(manifest));
  const probeNow = (name: string, value: string) =>
    objects.kubectl('annotate', 'mcpserver', name, '--overwrite', `${PROBE_REQUESTED_AT}=${value}`);

  test('it leads, by a lease in its own namespace', async () => {
    await until(async () => (await operator.metric('leader_election_master_status')) === 1, { what: 'it leads' });
    const holder = ['get', 'lease', NAME, '-n', namespace, '-o', 'jsonpath={.spec.holderIdentity}'];
    expect(await kubectl(holder)).not.toBe('');
  });

  test('a server is Available with a token from a Secret and an authority from a ConfigMap', async () => {
    await objects.secret('credential', { token: 'right' });
    await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'authority' }, data: { 'ca.crt': secured.caPem } });
    await objects.apply({
      secured: {
        url: secured.url,
        auth: { type: 'Bearer', bearer: { secretKeyRef: { name: 'credential', key: 'token' } } },
        tls: { systemRoots: false, caBundleRef: { configMapKeyRef: { name: 'authority', key: 'ca.crt' } } },
      },
    });
    await objects.settled('secured', 'Available');
    await objects.kubectl('wait', '--for=condition=Ready', 'mcpserver/secured', '--timeout=10s');
  });

  test('the port of a Service is found', async () => {
    await apply({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'chat' }, spec: { ports: [{ name: 'mcp', port: 80 }] } });
    await objects.apply({ 'by-service': { serviceRef: { name: 'chat', port: 'mcp' }, retry: { attempts: 1 } } });
    // No DNS server of a cluster is here: that the name is looked up says that the Service was read.
    const { failure } = await objects.settled('by-service', 'Transient');
    expect(failure?.reason).toMatch(/^(HostNotFound|DNSLookupFailed)$/);
  });

  test('events are written, and grow', async () => {
    changing.become(respond(403));
    await objects.apply({ changing: { url: changing.url() } });
    await objects.settled('changing', 'Denied');
    changing.become(modern());
    await probeNow('changing', '1');
    await objects.settled('changing', 'Available');
    changing.become(respond(403));
    await probeNow('changing', '2');
    await until(
      async () => {
        const events = await objects.kubectl(
          'get',
          'events.events.k8s.io',
          '-o',
          'jsonpath={range .items[*]}{.reason} {.series.count}{"\\n"}{end}',
        );
        return events.includes('Denied 2\n') && events.includes('Recovered \n');
      },
      { what: 'the second refusal is the growth of the first event', timeoutMs: 20_000, intervalMs: 100 },
    );
  });

  test('a status that did not fit, because somebody else wrote, is decided anew', async () => {
    let written = 0;
    proxy.onRequest = async ({ writes, path }) => {
      if (writes === 'status' && path.includes('/contested/') && written++ === 0)
        await objects.kubectl('label', 'mcpserver', 'contested', 'a=b');
      return PASS;
    };
    await objects.apply({ contested: { url: secured.url } });
    await objects.settled('contested', 'Permanent');
    expect(written).toBe(2);
  });

  test('it used every right that it has, no other was asked for, and none was refused', async () => {
    await operator.stop();
    const requests = await log.requestsOf(accountOf(namespace));
    const rights = rightsOf(manifests, { namespace, name: NAME });
    expect(new Set(requests.map(actOf))).toEqual(new Set(rights.map(describeAct)));
    const failed = requests.filter(({ code }) => code >= 400).map((request) => `${request.code}: ${actOf(request)}`);
    expect(new Set(failed)).toEqual(
      new Set([
        '404: get leases.coordination.k8s.io "mcpserver-operator"',
        '409: update mcpservers.mcpserver-operator.dev/status',
      ]),
    );
    expect(operator.stderr()).toBe('');
  });
});

/** The rights on leases alone are by name. */
function actOf({ name, ...request }: Awaited<ReturnType<RequestLog['requestsOf']>>[number]): string {
  return describeAct(request.resource === 'leases' && name !== undefined ? { ...request, name } : request);
}
