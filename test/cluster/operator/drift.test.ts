/**
 * GitOps tools compare what they applied with what stands there. The operator writes statuses only, so after its verdicts nothing differs:
 * not for server-side apply, as Flux and Argo CD do it, not for client-side apply, and not after an action of Argo CD.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { CHART, type Manifest, renderChart } from '../../../hack/chart.ts';
import { API_VERSION, KIND, PROBE_REQUESTED_AT } from '../../../src/api/v1alpha1/group.ts';
import { until } from '../../platform/until.ts';
import { modern, respond } from '../../probe/behaviours.ts';
import { type Scripted, startServer } from '../../probe/scripted-server.ts';
import { controlPlane, createNamespace, expectSuccess } from '../control-plane.ts';
import { installOperator, type OperatorProcess, startOperator } from '../operator-process.ts';
import { type Objects, openObjects } from './objects.ts';

const ARGO = ['--server-side', '--field-manager=argocd-controller'];

let namespace: string;
let operator: OperatorProcess;
let objects: Objects;
let servers: Scripted[] = [];
let inGit: Manifest[];

const asYAML = (manifests: readonly object[]) => manifests.map((manifest) => stringify(manifest)).join('---\n');

beforeAll(async () => {
  namespace = await createNamespace('drift');
  const kubeconfig = await installOperator(controlPlane, namespace);
  objects = await openObjects(controlPlane, namespace);
  servers = [await startServer(modern()), await startServer(respond(403, 'no'))];
  const [good, bad] = servers.map((server) => server.url());
  const specs = {
    healthy: { url: good, headers: [{ name: 'X-Team', value: 'a' }], probe: { timeoutSeconds: 5 }, expect: { tools: ['echo'] } },
    bare: { url: good },
    denied: { url: bad },
  };
  inGit = Object.entries(specs).map(([name, spec]) => ({
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name, namespace },
    spec,
  }));
  expectSuccess(await controlPlane.kubectl(['apply', ...ARGO, '-f', '-'], { input: asYAML(inGit) }));
  operator = await startOperator({ kubeconfig, namespace });
  await objects.settled('bare', 'Available');
  await objects.settled('healthy', 'Available');
  await objects.settled('denied', 'Denied');
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await objects?.close();
  await Promise.all(servers.map((server) => server.close()));
});

/** Exit code 1 of `kubectl diff` is a difference, and then its output says which. */
const diff = (flags: readonly string[], manifests: readonly object[] = inGit) =>
  controlPlane.kubectl(['diff', ...flags, '-f', '-'], { input: asYAML(manifests) });

describe('nothing drifts', () => {
  test('D7: after the operator has written, a server-side diff of what was applied is empty', async () => {
    expect(await diff(ARGO)).toMatchObject({ code: 0, stdout: '' });
  });

  test('and it would see a difference', async () => {
    const edited = inGit.map((manifest) => ({ ...manifest, spec: { ...(manifest['spec'] as object), protocol: 'Modern' } }));
    expect(await diff(ARGO, edited)).toMatchObject({ code: 1, stdout: expect.stringContaining('+  protocol: Modern') });
  });

  test('the operator owns the status and nothing else', async () => {
    const { metadata } = JSON.parse(
      await objects.kubectl('get', 'mcpservers', 'healthy', '-o', 'json', '--show-managed-fields'),
    ) as { metadata: { managedFields: { manager: string; subresource?: string; fieldsV1: Record<string, unknown> }[] } };
    const others = metadata.managedFields.filter(({ manager }) => manager !== 'argocd-controller');
    expect(others.map(({ subresource }) => subresource)).toEqual(['status']);
    expect(Object.keys(others[0]?.fieldsV1 ?? {})).toEqual(['f:status']);
  });

  test('a client-side apply sees none either', async () => {
    const copies = inGit.map((manifest) => ({ ...manifest, metadata: { namespace, name: `client-${manifest.metadata.name}` } }));
    expectSuccess(await controlPlane.kubectl(['apply', '-f', '-'], { input: asYAML(copies) }));
    await objects.settled('client-denied', 'Denied');
    expect(await diff([], copies)).toMatchObject({ code: 0, stdout: '' });
  });

  test('the actions of Argo CD take effect and are no drift: Git says nothing of what they set', async () => {
    const asArgoServer = (patch: object) =>
      objects.kubectl(
        'patch',
        'mcpservers',
        'bare',
        '--type=merge',
        '--field-manager=argocd-server',
        '-p',
        JSON.stringify(patch),
      );
    await asArgoServer({ metadata: { annotations: { [PROBE_REQUESTED_AT]: '2026-01-01T00:00:00Z' } } });
    await until(async () => (await objects.read('bare')).status.lastHandledProbeRequest === '2026-01-01T00:00:00Z', {
      what: 'the probe was made',
    });
    await asArgoServer({ spec: { suspend: true } });
    await until(async () => (await objects.read('bare')).status.state === 'Suspended', { what: 'it is suspended' });
    expect(await diff(ARGO)).toMatchObject({ code: 0, stdout: '' });
    await asArgoServer({ spec: { suspend: false } });
    await objects.settled('bare', 'Available');
    expect(await diff(ARGO)).toMatchObject({ code: 0, stdout: '' });
  });

  test('D7: what the chart renders does not drift either', async () => {
    const own = await createNamespace('drift-chart');
    // The CRD of this API server belongs to all test files; the demo and the documents apply it the same way.
    const values = { crds: { enabled: false }, fullnameOverride: own, watch: { namespaces: [own] } };
    const manifests = await renderChart(controlPlane, { namespace: own, values });
    expectSuccess(await controlPlane.kubectl(['apply', ...ARGO, '-f', '-'], { input: asYAML(manifests) }));
    expect(await diff(ARGO, manifests), CHART).toMatchObject({ code: 0, stdout: '' });
  });
});
