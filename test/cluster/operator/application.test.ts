/**
 * The Application of docs/gitops/argocd as Argo CD would keep it, on a real API server with a running operator: what it renders is applied
 * server-side by Argo CD's field manager, Synced is an empty server-side diff, Healthy is what the real Lua says where Go is to be had, and
 * self-heal and prune are another apply and a delete. Argo CD itself does not run here, nor does anybody make Pods of the Deployment.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { type Manifest, renderChart } from '../../../hack/chart.ts';
import { readScript } from '../../../hack/gitops/argocd.ts';
import { prepareOracle } from '../../../hack/oracle/oracle.ts';
import { PROBE_REQUESTED_AT } from '../../../src/api/v1alpha1/group.ts';
import { until } from '../../platform/until.ts';
import { modern } from '../../probe/behaviours.ts';
import { type Scripted, startServer } from '../../probe/scripted-server.ts';
import { controlPlane, createNamespace, expectSuccess } from '../control-plane.ts';
import { installOperator, type OperatorProcess, startOperator } from '../operator-process.ts';

const ARGO = ['--server-side', '--field-manager=argocd-controller', '--force-conflicts'];
const oracle = await prepareOracle();
const application = parse(readFileSync('docs/gitops/argocd/application.yaml', 'utf8')) as {
  spec: { sources: { helm?: { valuesObject: object } }[] };
};
const valuesOfApplication = application.spec.sources.find(({ helm }) => helm !== undefined)?.helm?.valuesObject;

let namespace: string;
let operator: OperatorProcess;
let server: Scripted;
let inGit: Manifest[] = [];

const asYAML = (manifests: readonly object[]) => manifests.map((manifest) => stringify(manifest)).join('---\n');
const sync = async () => expectSuccess(await controlPlane.kubectl(['apply', ...ARGO, '-f', '-'], { input: asYAML(inGit) }));
const diff = () => controlPlane.kubectl(['diff', ...ARGO, '-f', '-'], { input: asYAML(inGit) });
const kubectl = async (...args: string[]) => expectSuccess(await controlPlane.kubectl(['-n', namespace, ...args]));

/** The values of the Application, in names of this test; the CRD of this API server belongs to all test files. */
const values = (own: string) => ({
  ...valuesOfApplication,
  crds: { enabled: false },
  fullnameOverride: own,
  watch: { namespaces: [own] },
});

/** The servers of docs/gitops, in the namespace of this test, and a second one that Git will let go. */
async function serversInGit(): Promise<Manifest[]> {
  const built = expectSuccess(await controlPlane.kubectl(['kustomize', 'docs/gitops/servers']));
  const documents = parseAllDocuments(
    built.replaceAll('mcp-servers', namespace).replaceAll('http://127.0.20.1:8080/mcp', server.url()),
  );
  const manifests = Array.isArray(documents) ? documents.map((document) => document.toJS() as Manifest) : [];
  const tickets = manifests.find(({ kind }) => kind === 'MCPServer') ?? expect.unreachable();
  return [...manifests, { ...tickets, metadata: { ...tickets.metadata, name: 'retired' } }];
}

/** What Argo CD's Lua says of the object; without Go, what its condition Ready says. */
async function healthOf(name: string): Promise<unknown> {
  const object = JSON.parse(await kubectl('get', 'mcpservers', name, '-o', 'json'));
  if (oracle.kind === 'ready') {
    const [answer] = await oracle.judge([{ object, script: readScript('health.lua') }]);
    return (answer?.lua as { status?: unknown } | undefined)?.status;
  }
  const isReady = object.status?.conditions?.some(
    (each: { type: string; status: string }) => each.type === 'Ready' && each.status === 'True',
  );
  return isReady && object.status.observedGeneration === object.metadata.generation ? 'Healthy' : 'Progressing';
}

async function untilHealthy(...names: string[]): Promise<void> {
  for (const name of names) {
    await until(async () => (await healthOf(name)) === 'Healthy', { what: `${name} is Healthy`, timeoutMs: 15_000 });
  }
}

/** Has the operator look once more, and waits until it has. */
async function probeNow(name: string, request: string): Promise<void> {
  await kubectl(
    'annotate',
    '--overwrite',
    'mcpserver',
    name,
    '--field-manager=argocd-server',
    `${PROBE_REQUESTED_AT}=${request}`,
  );
  const handled = () => kubectl('get', 'mcpservers', name, '-o', 'jsonpath={.status.lastHandledProbeRequest}');
  await until(async () => (await handled()) === request, { what: `${name} was probed for ${request}` });
}

beforeAll(async () => {
  namespace = await createNamespace('application');
  server = await startServer(modern());
  const kubeconfig = await installOperator(controlPlane, namespace);
  operator = await startOperator({ kubeconfig, namespace });
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await server?.close();
});

describe('D7: helm install', () => {
  let own: string;
  interface PodTemplate {
    readonly metadata: object;
    readonly spec: { readonly securityContext: object; readonly containers: readonly Record<string, unknown>[] };
  }
  let template: PodTemplate;
  const get = async (kind: string) =>
    JSON.parse(expectSuccess(await controlPlane.kubectl(['get', kind, own, '-n', own, '-o', 'json'])));
  const createPod = (spec: object, metadata: object = {}) =>
    controlPlane.kubectl(['create', '--dry-run=server', '-n', own, '-f', '-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'a' }, spec }),
    });

  beforeAll(async () => {
    own = await createNamespace('restricted');
    expectSuccess(await controlPlane.kubectl(['label', 'namespace', own, 'pod-security.kubernetes.io/enforce=restricted']));
    const args = ['install', own, 'charts/mcpserver-operator', '--namespace', own, '--values', '-'];
    expectSuccess(await controlPlane.helm(args, { input: JSON.stringify(values(own)) }));
    template = (await get('deployment')).spec.template;
  });
  afterAll(() => controlPlane.helm(['uninstall', own, '--namespace', own]));

  test('D7: its Pod is admitted where the restricted standard is enforced, and one that is root is not', async () => {
    const { serviceAccountName: _, ...spec } = template.spec as PodTemplate['spec'] & { serviceAccountName: string };
    expect(await createPod(spec, template.metadata)).toMatchObject({ code: 0 });
    const asRoot = { ...spec, securityContext: { ...spec.securityContext, runAsNonRoot: false, runAsUser: 0 } };
    expect(await createPod(asRoot)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('violates PodSecurity "restricted'),
    });
    expect(spec.containers[0]?.['securityContext']).toMatchObject({ readOnlyRootFilesystem: true });
  });

  test('D7: a disruption budget for its two replicas lets one go at a time, and is about its Pods', async () => {
    const [budget, deployment] = [await get('poddisruptionbudget'), await get('deployment')];
    expect(deployment.spec.replicas).toBe(2);
    expect(budget.spec).toMatchObject({ maxUnavailable: 1, selector: deployment.spec.selector });
  });

  test('D7: its probes ask for what the operator answers', async () => {
    const [container] = template.spec.containers;
    expect(container?.['livenessProbe']).toMatchObject({ httpGet: { path: '/healthz', port: 'health' } });
    expect(container?.['readinessProbe']).toMatchObject({ httpGet: { path: '/readyz', port: 'health' } });
    expect([await operator.health('/healthz'), await operator.health('/readyz')]).toEqual([200, 200]);
  });
});

test('Flux installs the chart with the values of the Application, and the chart takes them', async () => {
  const release = parse(readFileSync('docs/gitops/flux/operator/helmrelease.yaml', 'utf8')) as { spec: { values: object } };
  expect(release.spec.values).toEqual(valuesOfApplication);
  const manifests = await renderChart(controlPlane, { namespace, values: release.spec.values });
  expect(JSON.stringify(manifests)).toContain('"registry.example.com/platform/mcpserver-operator:');
});

describe('D7: an Application with prune and self-heal', () => {
  test('D7: gets Synced and Healthy, and stays so while the operator goes on probing', async () => {
    const release = await createNamespace('application-chart');
    inGit = [...(await renderChart(controlPlane, { namespace: release, values: values(release) })), ...(await serversInGit())];
    expect(inGit.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['Deployment', 'PodDisruptionBudget', 'MCPServer']));
    await sync();
    await untilHealthy('tickets', 'retired');
    for (const request of ['1', '2', '3']) {
      await probeNow('tickets', request);
      expect(await diff()).toMatchObject({ code: 0, stdout: '' });
      expect(await healthOf('tickets')).toBe('Healthy');
    }
  });

  test('D7: heals itself: what somebody edits or deletes is seen as a difference, and another sync is Healthy again', async () => {
    await kubectl('patch', 'mcpserver', 'tickets', '--type=merge', '-p', '{"spec":{"url":"http://127.0.0.1:1/mcp"}}');
    expect(await diff()).toMatchObject({ code: 1, stdout: expect.stringContaining('-  url: http://127.0.0.1:1/mcp') });
    await sync();
    await untilHealthy('tickets');
    expect(await diff()).toMatchObject({ code: 0, stdout: '' });

    await kubectl('delete', 'mcpserver', 'tickets');
    expect(await diff()).toMatchObject({ code: 1 });
    await sync();
    await untilHealthy('tickets');
    expect(await diff()).toMatchObject({ code: 0, stdout: '' });
  });

  test('D7: prunes: what Git lets go is gone at once, and nobody brings it back', async () => {
    inGit = inGit.filter(({ metadata }) => metadata.name !== 'retired');
    await kubectl('delete', 'mcpserver', 'retired', '--wait=true', '--timeout=10s');
    await probeNow('tickets', '4');
    expect(await kubectl('get', 'mcpservers', '-o', 'name')).toBe('mcpserver.mcpserver-operator.dev/tickets\n');
    expect(await diff()).toMatchObject({ code: 0, stdout: '' });
  });
});
