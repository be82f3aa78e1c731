/**
 * The two CRDs of prometheus-operator that the chart makes objects of, as far as the chart uses them, with the field names, types and patterns
 * of monitoring.coreos.com/v1. Every other field is unknown, so that strict validation refuses what is misspelt.
 */
type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const texts: Schema = { type: 'object', additionalProperties: text };
const list = (items: Schema): Schema => ({ type: 'array', items });
const object = (properties: Record<string, Schema>, required: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
});
const UNITS = ['y', 'w', 'd', 'h', 'm', 's', 'ms'].map((unit) => `(([0-9]+)${unit})?`).join('');
const duration: Schema = { type: 'string', pattern: `^(0|${UNITS})$` };

const serviceMonitor = object(
  {
    selector: object({ matchLabels: texts }),
    namespaceSelector: object({ matchNames: list(text) }),
    endpoints: list(object({ port: text, path: text, interval: duration, honorLabels: { type: 'boolean' } })),
  },
  ['endpoints', 'selector'],
);

const rule = object(
  {
    alert: text,
    expr: { 'x-kubernetes-int-or-string': true },
    for: { ...duration, minLength: 1 },
    labels: texts,
    annotations: texts,
  },
  ['expr'],
);
const prometheusRule = object({ groups: list(object({ name: { ...text, minLength: 1 }, rules: list(rule) }, ['name'])) });

function crd(kind: string, plural: string, spec: Schema): object {
  const group = 'monitoring.coreos.com';
  const openAPIV3Schema = object({ spec }, ['spec']);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}

/** Manifests of the CRDs of ServiceMonitor and PrometheusRule. */
export const PROMETHEUS_OPERATOR_CRDS: readonly object[] = [
  crd('ServiceMonitor', 'servicemonitors', serviceMonitor),
  crd('PrometheusRule', 'prometheusrules', prometheusRule),
];
