/**
 * The chart: rendered, accepted by a real API server, and its rights sufficient and no larger than they must be.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { CHART, type InstalledChart, installChart, type Manifest, renderChart } from '../../hack/chart.ts';
import { DEFAULT_TIMEOUT_SECONDS } from '../../src/api/v1alpha1/spec.ts';
import { parseOperatorConfig } from '../../src/config.ts';
import { operatorEnvironment } from '../bench/operator-environment.ts';
import { applyManifest, controlPlane, createNamespace, expectSuccess } from './control-plane.ts';

const render = (values: object = {}) => renderChart(controlPlane, { namespace: 'ops', values });
const kinds = (manifests: Manifest[]) =>
  manifests.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`).sort();

/** As much of a Deployment as is looked at here. */
interface PodSpec {
  containers: { args: string[]; env: { name: string; value: string }[]; image: string; ports: { name: string }[] }[];
}

const container = async (values: object = {}) => containerIn(await render(values));

function containerIn(manifests: readonly Manifest[]) {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment');
  if (deployment === undefined) throw new Error('no Deployment');
  const { template } = deployment['spec'] as { template: { spec: PodSpec } };
  const [first] = template.spec.containers;
  if (first === undefined) throw new Error('no container');
  return first;
}

function configOf(args: readonly string[]) {
  const result = parseOperatorConfig(args.slice(1), {});
  if (result.kind !== 'valid') throw new Error(JSON.stringify(result));
  return result.config;
}

describe('rendered', () => {
  test('helm lint --strict finds nothing', async () => {
    expect(expectSuccess(await controlPlane.helm(['lint', '--strict', CHART]))).toContain('0 chart(s) failed');
  });

  test('by default: CRD, ServiceAccount, ClusterRoles, the lease in its own namespace, Deployment, its budget', async () => {
    expect(kinds(await render())).toEqual([
      'ClusterRole /mcpserver-operator',
      'ClusterRole /mcpserver-operator-edit',
      'ClusterRole /mcpserver-operator-view',
      'ClusterRoleBinding /mcpserver-operator',
      'CustomResourceDefinition /mcpservers.mcpserver-operator.dev',
      'Deployment ops/mcpserver-operator',
      'PodDisruptionBudget ops/mcpserver-operator',
      'Role ops/mcpserver-operator-leader-election',
      'RoleBinding ops/mcpserver-operator-leader-election',
      'ServiceAccount ops/mcpserver-operator',
    ]);
  });

  test('watch.namespaces renders a Role in each and nothing for the whole cluster', async () => {
    const manifests = await render({ watch: { namespaces: ['team-a', 'team-b'] }, crds: { enabled: false } });
    expect(kinds(manifests)).toEqual([
      'Deployment ops/mcpserver-operator',
      'PodDisruptionBudget ops/mcpserver-operator',
      'Role ops/mcpserver-operator-leader-election',
      'Role team-a/mcpserver-operator',
      'Role team-b/mcpserver-operator',
      'RoleBinding ops/mcpserver-operator-leader-election',
      'RoleBinding team-a/mcpserver-operator',
      'RoleBinding team-b/mcpserver-operator',
      'ServiceAccount ops/mcpserver-operator',
    ]);
    expect(configOf((await container({ watch: { namespaces: ['team-a', 'team-b'] } })).args).namespaces).toEqual([
      'team-a',
      'team-b',
    ]);
  });

  test('two releases in one namespace have a lease each, and no right on the other', async () => {
    const leaseOf = async (release: string) => {
      const manifests = await renderChart(controlPlane, { namespace: 'ops', release });
      const { leaseName } = configOf(containerIn(manifests).args);
      const role = manifests.find(({ metadata }) => metadata.name === `${leaseName}-leader-election`);
      expect(role?.['rules']).toContainEqual(expect.objectContaining({ resourceNames: [leaseName] }));
      return leaseName;
    };
    expect(await leaseOf('blue')).toBe('blue-mcpserver-operator');
    expect(await leaseOf('green')).toBe('green-mcpserver-operator');
  });

  test('the CRD is the generated one, and stays when the release goes, unless that is not wanted', async () => {
    const crd = (await render()).find(({ kind }) => kind === 'CustomResourceDefinition');
    expect(crd?.metadata['annotations']).toMatchObject({ 'helm.sh/resource-policy': 'keep' });
    const given = (await render({ crds: { keep: false } })).find(({ kind }) => kind === 'CustomResourceDefinition');
    expect(given?.metadata['annotations']).not.toHaveProperty('helm.sh/resource-policy');
    const generated = await readFile(path.join(CHART, '../../crds/mcpservers.yaml'), 'utf8');
    expect(crd?.['spec']).toEqual(parse(generated).spec);
  });

  test('A1: the default time-out is the same in chart, CRD and code, and one value overrides it', async () => {
    const values = await readFile(path.join(CHART, 'values.yaml'), 'utf8');
    expect(values).toContain(`  timeoutSeconds: ${DEFAULT_TIMEOUT_SECONDS}\n`);
    const served = async (given: object) => {
      const crd = (await render(given)).find(({ kind }) => kind === 'CustomResourceDefinition');
      return /timeoutSeconds:\s+default: (\d+)/.exec(stringify(crd, { sortMapEntries: true }))?.[1];
    };
    expect(await served({})).toBe(String(DEFAULT_TIMEOUT_SECONDS));
    expect(await served({ probe: { timeoutSeconds: 5 } })).toBe('5');
  });

  test('what the Deployment passes is a valid configuration, and says what the values say', async () => {
    expect(configOf((await container()).args)).toEqual(configOf(['run', '--lease-namespace=ops']));
    const { args } = await container({
      concurrency: { probes: 100, retries: 2, perHost: 0 },
      egress: {
        allowedHosts: ['a.example', '*.b.example'],
        deniedCIDRs: ['10.0.0.0/8', 'fd00::/8'],
        requireTLS: true,
        allowInsecureSkipVerify: true,
        requireSecretHostBinding: true,
      },
      lastSuccessRefresh: '30m',
      logging: { level: 'debug', format: 'pretty' },
      metrics: { enabled: false, objects: false },
      extraArgs: ['--allow-loopback'],
    });
    expect(configOf(args)).toEqual({
      ...configOf(['run', '--lease-namespace=ops']),
      maxConcurrentProbes: 100,
      maxConcurrentRetries: 2,
      maxConcurrentPerHost: 0,
      egress: {
        allowLoopback: true,
        allowedHosts: ['a.example', '*.b.example'],
        deniedCIDRs: ['10.0.0.0/8', 'fd00::/8'],
        requireTLS: true,
        allowInsecureSkipVerify: true,
        allowPlaintextCredentials: false,
        requireSecretHostBinding: true,
      },
      lastSuccessRefreshMs: 1_800_000,
      logLevel: 'debug',
      logFormat: 'pretty',
      metricsBindAddress: undefined,
      objectMetrics: false,
    });
  });

  test('the thread pool grows with the cap of probes', async () => {
    const sizeOf = async (values: object) =>
      (await container(values)).env.find(({ name }) => name === 'UV_THREADPOOL_SIZE')?.value;
    expect(await sizeOf({})).toBe('256');
    expect(await sizeOf({ concurrency: { probes: 256 } })).toBe('1024');
  });

  test('memory is kept small by two variables, and a variable of extraEnv stands alone', async () => {
    const environmentOf = async (values: object) =>
      (await container(values)).env.map(({ name, value }) => `${name}=${value}`).sort();
    const extraEnv = ['NODE_OPTIONS', 'MALLOC_ARENA_MAX', 'UV_THREADPOOL_SIZE'].map((name) => ({ name, value: '9' }));
    expect(await environmentOf({})).toEqual([
      'MALLOC_ARENA_MAX=2',
      'NODE_OPTIONS=--max-semi-space-size=8',
      'UV_THREADPOOL_SIZE=256',
    ]);
    expect(await environmentOf({ extraEnv })).toEqual(['MALLOC_ARENA_MAX=9', 'NODE_OPTIONS=9', 'UV_THREADPOOL_SIZE=9']);
  });

  test('the benchmark starts the operator with the variables of the Deployment, and the heap that its memory limit leads to', async () => {
    const { env } = await container();
    const rendered = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    const { NODE_OPTIONS, ...others } = operatorEnvironment(await render(), {});
    expect({ ...others, NODE_OPTIONS: rendered['NODE_OPTIONS'] }).toEqual(rendered);
    expect(NODE_OPTIONS).toBe(`${rendered['NODE_OPTIONS']} --max-old-space-size=256`);
  });

  test('an image is named by digest where there is one', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    expect((await container({ image: { repository: 'r', tag: 't', digest } })).image).toBe(`r@${digest}`);
    expect((await container({ image: { repository: 'r', tag: 't' } })).image).toBe('r:t');
  });

  test.each<[string, object, RegExp]>([
    ['a misspelt value', { replicas: 3 }, /additional properties 'replicas' not allowed/],
    ['six retries', { concurrency: { retries: 6 } }, /concurrency\/retries/],
    ['an unknown level', { logging: { level: 'loud' } }, /logging\/level/],
    [
      'two replicas without leader election',
      { leaderElection: { enabled: false } },
      /replicaCount above 1 needs leaderElection\.enabled/,
    ],
    ['no ServiceAccount at all', { serviceAccount: { create: false } }, /serviceAccount\.name is needed/],
  ])('%s is refused with a clear word', async (_what, values, words) => {
    await expect(render(values)).rejects.toThrow(words);
  });
});

describe('on a real API server', () => {
  let installed: InstalledChart;
  let watched: string;
  const as = (args: string[]) => controlPlane.kubectl(args, { kubeconfig: installed.kubeconfig });

  beforeAll(async () => {
    watched = await createNamespace('watched');
    installed = await installChart(controlPlane, await createNamespace('operator'));
  });

  test('everything is accepted, the Deployment under the restricted Pod Security Standard without a warning', async () => {
    const namespace = await createNamespace('pss');
    const label = 'pod-security.kubernetes.io';
    expectSuccess(
      await controlPlane.kubectl(['label', 'namespace', namespace, `${label}/enforce=restricted`, `${label}/warn=restricted`]),
    );
    const manifests = await renderChart(controlPlane, { namespace });
    const input = manifests.map((manifest) => stringify(manifest)).join('---\n');
    const applied = await controlPlane.kubectl(['apply', '--server-side', '--force-conflicts', '--dry-run=server', '-f', '-'], {
      input,
    });
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    expect(applied.stdout.trim().split('\n')).toHaveLength(manifests.length);
  });

  test('the operator does what its rights are for: reads a Secret by name, writes a status, and is refused a spec', async () => {
    await applyManifest(`
apiVersion: mcpserver-operator.dev/v1alpha1
kind: MCPServer
metadata: {name: real, namespace: ${watched}}
spec: {url: 'https://mcp.example.com/mcp'}
---
{apiVersion: v1, kind: Secret, metadata: {name: token, namespace: ${watched}}, stringData: {token: t}}
`);
    const inWatched = ['-n', watched];
    expectSuccess(await as(['get', 'secret', 'token', ...inWatched]));
    expect((await as(['get', 'secrets', ...inWatched])).stderr).toContain('cannot list resource "secrets"');
    const object = JSON.parse(expectSuccess(await as(['get', 'mcpservers', 'real', ...inWatched, '-o', 'json'])));
    const status = { ...object, status: { observedGeneration: 1, state: 'Available' } };
    expectSuccess(
      await controlPlane.kubectl(['replace', '--subresource=status', '-f', '-'], {
        kubeconfig: installed.kubeconfig,
        input: JSON.stringify(status),
      }),
    );
    expect(expectSuccess(await as(['get', 'mcpservers', 'real', ...inWatched, '-o', 'jsonpath={.status.state}']))).toBe(
      'Available',
    );
    const edit = await as(['annotate', 'mcpservers', 'real', ...inWatched, 'a=b']);
    expect(edit.stderr).toContain('cannot patch resource "mcpservers"');
  });

  test('helm installs, upgrades and uninstalls it, and says what to do next', async () => {
    const namespace = await createNamespace('release');
    // The CRD of this API server is not helm's: another test applied it.
    const args = ['op', CHART, '--namespace', namespace, '--set', 'crds.enabled=false,fullnameOverride=release'];
    const said = expectSuccess(await controlPlane.helm(['install', ...args]));
    expect(said).toContain('mcpserver-operator 0.1.0 watches all namespaces.');
    expect(said).toContain('kubectl apply -f - <<');
    expectSuccess(await controlPlane.helm(['upgrade', ...args, '--set', 'logging.level=debug']));
    const found = await controlPlane.kubectl(['get', 'deployment', 'release', '-n', namespace, '-o', 'yaml']);
    expect(expectSuccess(found)).toContain('--log-level=debug');
    expectSuccess(await controlPlane.helm(['uninstall', 'op', '--namespace', namespace]));
    expect((await controlPlane.kubectl(['get', 'clusterrole', 'release'])).stderr).toContain('not found');
  });

  test('with watch.namespaces it may work there and nowhere else', async () => {
    const [own, inside, outside] = [
      await createNamespace('scoped'),
      await createNamespace('inside'),
      await createNamespace('outside'),
    ];
    const scoped = await installChart(controlPlane, own, { watch: { namespaces: [inside] }, fullnameOverride: 'scoped' });
    const may = async (...args: string[]) =>
      (await controlPlane.kubectl(['auth', 'can-i', ...args], { kubeconfig: scoped.kubeconfig })).stdout.trim() === 'yes';
    expect(await may('list', 'mcpservers', '-n', inside)).toBe(true);
    expect(await may('get', 'secrets', '-n', inside)).toBe(true);
    expect(await may('list', 'mcpservers', '-n', outside)).toBe(false);
    expect(await may('get', 'secrets', '-n', outside)).toBe(false);
    expect(await may('list', 'mcpservers', '--all-namespaces')).toBe(false);
  });
});
