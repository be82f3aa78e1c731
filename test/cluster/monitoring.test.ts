/**
 * What the chart renders for Prometheus and Grafana: nothing unless asked, and then the generated rules and dashboard, found by the
 * selectors that stand beside them.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CHART, type Manifest, renderChart } from '../../hack/chart.ts';
import { applyManifest, controlPlane, createNamespace } from './control-plane.ts';

const ALL = { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true }, dashboard: { enabled: true } };
const render = (metrics: object, values: object = {}) =>
  renderChart(controlPlane, { namespace: 'ops', values: { ...values, metrics } });

function only(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  if (found[0] === undefined || found.length > 1) throw new Error(`${found.length} of kind ${kind}`);
  return found[0];
}

/** As much of the objects as is looked at here. */
interface Rules {
  groups: { name: string; rules: { alert: string; annotations: Record<string, string> }[] }[];
}
const rulesOf = (manifests: readonly Manifest[]) => (only(manifests, 'PrometheusRule')['spec'] as Rules).groups;
const alertsOf = (manifests: readonly Manifest[]) => rulesOf(manifests).flatMap(({ rules }) => rules.map(({ alert }) => alert));

describe('Prometheus and Grafana', () => {
  test('the rules are the generated ones', async () => {
    const generated = parse(await readFile(path.join(CHART, 'files/alerts.yaml'), 'utf8')) as Rules;
    expect(rulesOf(await render(ALL))).toEqual(generated.groups);
  });

  test('runbook_url gets the address that is given', async () => {
    const manifests = await render({ prometheusRule: { enabled: true, runbookBaseURL: 'https://git.example.com/tree/' } });
    expect(rulesOf(manifests)[0]?.rules[0]?.annotations['runbook_url']).toBe(
      'https://git.example.com/tree/docs/alerts.md#mcpserverdown',
    );
  });

  test('an alert can be left out, and a name that is none is refused', async () => {
    const disabled = ['MCPServerProbesStale'];
    const manifests = await render({ prometheusRule: { enabled: true, disabled } });
    expect(alertsOf(manifests)).not.toContain('MCPServerProbesStale');
    expect(alertsOf(manifests)).toContain('MCPServerDown');
    await expect(render({ prometheusRule: { enabled: true, disabled: ['Nonsense'] } })).rejects.toThrow(
      /Nonsense, which is no alert/,
    );
  });

  test('without leader election nobody leads, and no alert says so', async () => {
    const values = { replicaCount: 1, leaderElection: { enabled: false } };
    expect(alertsOf(await render(ALL, values))).not.toContain('MCPServerOperatorNoLeader');
    expect(alertsOf(await render(ALL))).toContain('MCPServerOperatorNoLeader');
  });

  test('the dashboard is the generated one, with the label that sidecars select by', async () => {
    const { metadata, data } = only(await render(ALL), 'ConfigMap') as Manifest & { data: Record<string, string> };
    expect(metadata['labels']).toMatchObject({ grafana_dashboard: '1' });
    const generated = JSON.parse(await readFile(path.join(CHART, 'files/dashboard.json'), 'utf8'));
    expect(JSON.parse(data['mcpserver-operator.json'] ?? '')).toEqual(generated);
  });

  test('the ServiceMonitor finds the Service, the Service the Pods, and labels of servers stay theirs', async () => {
    const manifests = await render({ ...ALL, serviceMonitor: { enabled: true, interval: '1m', labels: { release: 'stack' } } });
    const monitor = only(manifests, 'ServiceMonitor');
    const service = only(manifests, 'Service');
    const { selector, endpoints } = monitor['spec'] as { selector: { matchLabels: object }; endpoints: object[] };
    expect(monitor.metadata['labels']).toMatchObject({ release: 'stack' });
    expect(service.metadata['labels']).toMatchObject(selector.matchLabels);
    expect(endpoints).toEqual([{ port: 'metrics', path: '/metrics', interval: '1m', honorLabels: true }]);
    const { template } = only(manifests, 'Deployment')['spec'] as {
      template: { metadata: { labels: object }; spec: { containers: { ports: object[] }[] } };
    };
    const { selector: pods, ports } = service['spec'] as { selector: object; ports: object[] };
    expect(template.metadata.labels).toMatchObject(pods);
    expect(ports).toEqual([{ name: 'metrics', port: 8080, targetPort: 'metrics', protocol: 'TCP' }]);
    expect(template.spec.containers[0]?.ports).toContainEqual({ name: 'metrics', containerPort: 8080, protocol: 'TCP' });
  });

  test('the API server takes the Service and the dashboard', async () => {
    const namespace = await createNamespace('monitoring');
    const manifests = await renderChart(controlPlane, { namespace, values: { metrics: ALL } });
    for (const kind of ['Service', 'ConfigMap']) await applyManifest(JSON.stringify(only(manifests, kind)));
  });

  test.each<[string, object, RegExp]>([
    [
      'a ServiceMonitor without metrics',
      { enabled: false, serviceMonitor: { enabled: true } },
      /serviceMonitor\.enabled needs metrics\.enabled/,
    ],
    [
      'alerts without the series of servers',
      { objects: false, prometheusRule: { enabled: true } },
      /needs metrics\.enabled and metrics\.objects/,
    ],
    ['an interval that is none', { serviceMonitor: { interval: 'often' } }, /serviceMonitor\/interval/],
    ['an address that is none', { prometheusRule: { runbookBaseURL: 'here' } }, /prometheusRule\/runbookBaseURL/],
  ])('%s is refused with a clear word', async (_what, metrics, words) => {
    await expect(render(metrics)).rejects.toThrow(words);
  });
});
