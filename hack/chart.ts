/**
 * The chart, for tests, benchmarks and the demo: rendered by helm, and installed so far that an operator outside the cluster can run
 * under exactly the rights that the chart gives: CRD, ServiceAccount, Roles. Not the Deployment: nothing runs Pods there.
 */
import path from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import type { ControlPlaneClient } from './controlplane/client.ts';

export const CHART = path.resolve(import.meta.dirname, '../charts/mcpserver-operator');

/** What a release is called when nobody says otherwise; the names of its objects then begin with it. */
const RELEASE = 'mcpserver-operator';

/** One rendered object. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export interface RenderOptions {
  readonly namespace: string;
  /** Default `mcpserver-operator`. */
  readonly release?: string;
  /** As in a values file; default none. */
  readonly values?: object;
}

/** What `helm template` prints, parsed. Rejects with helm's words. */
export async function renderChart(tools: Pick<ControlPlaneClient, 'helm'>, options: RenderOptions): Promise<Manifest[]> {
  const { namespace, release = RELEASE, values = {} } = options;
  const args = ['template', release, CHART, '--namespace', namespace, '--values', '-'];
  const { code, stdout, stderr } = await tools.helm(args, { input: JSON.stringify(values) });
  if (code !== 0) throw new Error(stderr.trim());
  const documents = parseAllDocuments(stdout);
  return (Array.isArray(documents) ? documents : []).flatMap((document) => {
    const error = document.errors[0];
    if (error !== undefined) throw error;
    return (document.toJS() as Manifest | null) ?? [];
  });
}

export interface InstalledChart {
  /** Speaks for the chart's ServiceAccount by a token. */
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/**
 * Creates `namespace` when it is not there, applies everything but the Deployment, waits until the CRD is served, and makes a kubeconfig
 * for the operator. May be called again, also with other values.
 */
export async function installChart(
  controlPlane: Pick<ControlPlaneClient, 'helm' | 'kubectl' | 'serviceAccountKubeconfig'>,
  namespace: string,
  values: object = {},
  release = RELEASE,
): Promise<InstalledChart> {
  const rendered = await renderChart(controlPlane, { namespace, values, release });
  const manifests = rendered.filter(({ kind }) => kind !== 'Deployment');
  await apply(controlPlane, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, ...manifests]);
  const crd = manifests.find(({ kind }) => kind === 'CustomResourceDefinition');
  if (crd !== undefined) {
    const args = ['wait', '--for=condition=Established', `crd/${crd.metadata.name}`, '--timeout=30s'];
    const { code, stderr } = await controlPlane.kubectl(args);
    if (code !== 0) throw new Error(stderr.trim());
  }
  const serviceAccount = manifests.find(({ kind }) => kind === 'ServiceAccount')?.metadata.name;
  if (serviceAccount === undefined) throw new Error('these values render no ServiceAccount');
  const kubeconfig = await controlPlane.serviceAccountKubeconfig(namespace, serviceAccount);
  return { kubeconfig, namespace, serviceAccount };
}

/** Server-side: client-side apply would put the whole CRD into an annotation, which may not hold it. */
async function apply({ kubectl }: Pick<ControlPlaneClient, 'kubectl'>, manifests: readonly Manifest[]): Promise<void> {
  const input = manifests.map((manifest) => stringify(manifest, { compat: 'yaml-1.1', lineWidth: 0 })).join('---\n');
  const { code, stderr } = await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input });
  if (code !== 0) throw new Error(stderr.trim());
}
