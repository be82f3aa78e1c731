/**
 * The chart with each values file of its folder ci: it lints, every object is taken by a real API server without a warning, and what is
 * rendered is what was reviewed, in test/cluster/snapshots/chart. And the values that can not be: each is refused in one sentence.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { CHART, type Manifest, renderChart } from '../../hack/chart.ts';
import { RUN_FLAGS } from '../../src/config.ts';
import { envNameOf } from '../../src/platform/flags.ts';
import { applyManifest, controlPlane, createNamespace, expectSuccess } from './control-plane.ts';
import { PROMETHEUS_OPERATOR_CRDS } from './prometheus-operator.ts';

const ENDING = '-values.yaml';
const SNAPSHOTS = path.join(import.meta.dirname, 'snapshots/chart');
const CASES = readdirSync(path.join(CHART, 'ci'))
  .filter((name) => name.endsWith(ENDING))
  .map((name) => name.slice(0, -ENDING.length))
  .sort();

/** Of the chart and of its application; a release changes both, and no snapshot. */
const VERSION: string = parse(readFileSync(path.join(CHART, 'Chart.yaml'), 'utf8')).version;

const fileOf = (name: string) => path.join(CHART, 'ci', `${name}${ENDING}`);
const valuesOf = async (name: string): Promise<object> => parse(await readFile(fileOf(name), 'utf8')) ?? {};
const render = (values: object, namespace = 'ops') => renderChart(controlPlane, { namespace, values });

/** The objects with generated content, which other tests compare, cut to what the chart makes of it. */
function reviewed(manifest: Manifest): Manifest {
  switch (manifest.kind) {
    case 'CustomResourceDefinition': {
      const defaults = JSON.stringify(manifest['spec']).match(/(?<="timeoutSeconds":\{"default":|"timeoutSeconds":)\d+/g);
      return { ...manifest, spec: `of crds/mcpservers.yaml, with ${defaults?.join(' and ')} as defaults of timeoutSeconds` };
    }
    case 'PrometheusRule': {
      const { groups } = manifest['spec'] as { groups: { name: string; rules: { alert: string }[] }[] };
      return {
        ...manifest,
        spec: { groups: groups.map(({ name, rules }) => ({ name, rules: rules.map(({ alert }) => alert) })) },
      };
    }
    case 'ConfigMap':
      return { ...manifest, data: Object.keys(manifest['data'] as object) };
  }
  return manifest;
}

beforeAll(async () => {
  await applyManifest(PROMETHEUS_OPERATOR_CRDS.map((crd) => stringify(crd)).join('---\n'));
  for (const plural of ['servicemonitors', 'prometheusrules']) {
    const args = ['wait', '--for=condition=Established', `crd/${plural}.monitoring.coreos.com`, '--timeout=30s'];
    expectSuccess(await controlPlane.kubectl(args));
  }
  for (const name of ['team-a', 'team-b']) await applyManifest(`{apiVersion: v1, kind: Namespace, metadata: {name: ${name}}}`);
});

describe.each(CASES)('ci/%s-values.yaml', (name) => {
  test('helm lint --strict finds nothing', async () => {
    const said = expectSuccess(await controlPlane.helm(['lint', '--strict', CHART, '--values', fileOf(name)]));
    expect(said).toContain('0 chart(s) failed');
    expect(said).not.toMatch(/WARNING|ERROR/);
  });

  test('what is rendered is what was reviewed', async () => {
    const manifests = (await render(await valuesOf(name))).map(reviewed);
    const text = manifests.map((manifest) => stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');
    await expect(text.replaceAll(VERSION, 'VERSION')).toMatchFileSnapshot(path.join(SNAPSHOTS, `${name}.yaml`));
  });

  test('the API server takes every object, strictly and under the restricted Pod Security Standard, without a warning', async () => {
    const namespace = await createNamespace('values');
    const labels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
    expectSuccess(await controlPlane.kubectl(['label', 'namespace', namespace, ...labels]));
    const manifests = await render(await valuesOf(name), namespace);
    const args = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict', '-f', '-'];
    const input = manifests.map((manifest) => stringify(manifest)).join('---\n');
    const applied = await controlPlane.kubectl(args, { input });
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    expect(applied.stdout.trim().split('\n')).toHaveLength(manifests.length);
  });
});

test('there is a snapshot for each values file, and no other', () => {
  expect(readdirSync(SNAPSHOTS).toSorted()).toEqual(CASES.map((name) => `${name}.yaml`));
});

describe('values that can not be', () => {
  const on = { enabled: true };
  test.each<[string, object, string]>([
    ['replicas without election', { leaderElection: { enabled: false } }, 'replicaCount above 1 needs leaderElection.enabled'],
    ['more retries than probes', { concurrency: { probes: 3 } }, 'concurrency.retries exceeds concurrency.probes'],
    [
      'credentials in the clear, and TLS alone',
      { egress: { requireTLS: true, allowPlaintextCredentials: true } },
      'egress.allowPlaintextCredentials has no meaning with egress.requireTLS',
    ],
    [
      'no ServiceAccount',
      { serviceAccount: { create: false } },
      'serviceAccount.name is needed with serviceAccount.create: false',
    ],
    ['a dashboard of nothing', { metrics: { enabled: false, dashboard: on } }, 'metrics.dashboard.enabled needs metrics.enabled'],
    ['a ServiceMonitor of nothing', { metrics: { enabled: false, serviceMonitor: on } }, 'there would be nothing to scrape'],
    ['two budgets', { podDisruptionBudget: { minAvailable: 1, maxUnavailable: 1 } }, 'a budget has one of them'],
    ['a budget of all replicas', { podDisruptionBudget: { minAvailable: 2 } }, 'no node could be drained'],
    ['a budget of 100 %', { podDisruptionBudget: { minAvailable: '100%' } }, 'no node could be drained'],
    ['a budget of none', { podDisruptionBudget: { maxUnavailable: 0 } }, 'no node could be drained'],
    [
      'an empty list of hosts',
      { admissionPolicies: { allowedHosts: on } },
      'needs admissionPolicies.allowedHosts.hosts or egress.allowedHosts',
    ],
    [
      'hosts that are admitted and never probed',
      {
        egress: { allowedHosts: ['*.a.example', 'b.example'] },
        admissionPolicies: { allowedHosts: { ...on, hosts: ['x.a.example', 'b.example', 'a.example'] } },
      },
      'admissionPolicies.allowedHosts.hosts has a.example, which egress.allowedHosts does not allow',
    ],
    [
      'a warning to who is refused',
      { admissionPolicies: { requireTLS: { validationActions: ['Deny', 'Warn'] } } },
      'admissionPolicies.requireTLS.validationActions holds Deny and Warn',
    ],
    [
      "a selector's label on every object",
      { commonLabels: { 'app.kubernetes.io/name': 'x' } },
      'commonLabels has app.kubernetes',
    ],
    [
      "a selector's label on Pods",
      { podLabels: { 'app.kubernetes.io/instance': 'x' } },
      'podLabels has app.kubernetes.io/instance',
    ],
    [
      'the same namespace twice',
      { watch: { namespaces: ['a', 'b', 'a'] } },
      "at '/watch/namespaces': items at 0 and 2 are equal",
    ],
    ['a host with a port', { egress: { allowedHosts: ['a.example:443/x'] } }, "at '/egress/allowedHosts/0'"],
    ['a host in capitals', { egress: { allowedHosts: ['A.example'] } }, "at '/egress/allowedHosts/0'"],
    ['a default time-out beyond the default deadline', { probe: { timeoutSeconds: 31 } }, "at '/probe/timeoutSeconds'"],
    ['a refresh that the program refuses', { lastSuccessRefresh: '25h' }, "at '/lastSuccessRefresh'"],
    ['a name that none can have', { fullnameOverride: 'My_Name' }, "at '/fullnameOverride'"],
  ])('%s', async (_what, values, sentence) => {
    await expect(render(values)).rejects.toThrow(sentence);
  });

  test('all are told at once, and nothing of the chart but the sentence is', async () => {
    const values = { leaderElection: { enabled: false }, serviceAccount: { create: false } };
    await expect(render(values)).rejects.toThrow(/\n- replicaCount above 1 [^\n]*\n- serviceAccount\.name is needed [^\n]*/);
  });

  const flags = Object.keys(RUN_FLAGS);
  const FREE = ['kubeconfig', 'allow-loopback'];

  test('a flag, or its variable, is taken as an extra one only where there is no value for it', async () => {
    const taken = async (values: object) =>
      render(values).then(
        () => true,
        (error: Error) => !error.message.includes('which is set by'),
      );
    const free = async (valuesWith: (flag: string) => object) => {
      const found: string[] = [];
      for (const flag of flags) if (await taken(valuesWith(flag))) found.push(flag);
      return found;
    };
    expect(await free((flag) => ({ extraArgs: [`--${flag}=x`] }))).toEqual(FREE);
    expect(await free((flag) => ({ extraEnv: [{ name: envNameOf(flag), value: 'x' }] }))).toEqual(FREE);
  });

  test('Kubernetes before 1.30', async () => {
    const { code, stderr } = await controlPlane.helm(['template', 'x', CHART, '--kube-version', '1.29.9']);
    expect(code).toBe(1);
    expect(stderr).toContain('chart requires kubeVersion: >=1.30.0-0 which is incompatible with Kubernetes v1.29.9');
  });
});
