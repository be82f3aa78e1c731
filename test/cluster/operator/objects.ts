/**
 * The MCPServers of one namespace from a user's side: applied and edited by kubectl, read by lists only, so that a GET of a single
 * object, where one is counted, can only be the operator's.
 */
import { readFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import type { ControlPlaneClient } from '../../../hack/controlplane/client.ts';
import { API_VERSION, KIND } from '../../../src/api/v1alpha1/group.ts';
import { type MCPServer, parseMCPServer } from '../../../src/api/v1alpha1/mcpserver.ts';
import type { MCPServerSpec } from '../../../src/api/v1alpha1/spec.ts';
import type { MCPServerStatus, State } from '../../../src/api/v1alpha1/status.ts';
import { collectionPath, decodeMCPServer } from '../../../src/kube/object-store.ts';
import { until } from '../../platform/until.ts';
import { expectSuccess } from '../control-plane.ts';
import { openClient, readConfig } from '../kube-client.ts';

/** A spec as a user writes it. */
export type SpecInput = Parameters<typeof MCPServerSpec.parse>[0] & object;

export interface Objects {
  readonly namespace: string;
  /** Applies MCPServers by name, in one go. */
  apply(specs: Readonly<Record<string, unknown>>): Promise<void>;
  /** Applies a Secret. */
  secret(name: string, values: Readonly<Record<string, string>>): Promise<void>;
  /** Runs kubectl in the namespace and resolves with its output. Rejects with its error. */
  kubectl(...args: readonly string[]): Promise<string>;
  list(): Promise<Map<string, MCPServer>>;
  read(name: string): Promise<MCPServer>;
  /** Waits until `name` has `state` by a verdict on its present generation, and resolves with its status. */
  settled(name: string, state: State, timeoutMs?: number): Promise<MCPServerStatus>;
  /** `apiserver_request_total` of a resource (default: `mcpservers`) by verb, as `GET`, `LIST`, `PUT status`. */
  requests(resource?: string): Promise<Map<string, number>>;
  close(): Promise<void>;
}

/** The objects of `namespace`. Close them. */
export async function openObjects(
  controlPlane: Pick<ControlPlaneClient, 'kubectl' | 'adminKubeconfig'>,
  namespace: string,
): Promise<Objects> {
  const client = openClient(await readConfig(controlPlane.adminKubeconfig));
  const get = async (path: string, maxBodyBytes: number) => {
    const result = await client.request({ method: 'GET', path, maxBodyBytes });
    if (result.kind !== 'ok') throw new Error(`${path}: ${JSON.stringify(result)}`);
    return result.body;
  };
  const apply = async (...manifests: readonly object[]) => {
    const input = manifests.map((manifest) => stringify(manifest)).join('---\n');
    const args = ['apply', '--server-side', '--force-conflicts', '--validate=false', '-n', namespace, '-f', '-'];
    expectSuccess(await controlPlane.kubectl(args, { input }));
  };
  const list = async () => {
    const { items } = JSON.parse(await get(collectionPath(namespace), 16 * 1024 * 1024)) as { items: unknown[] };
    return new Map(
      items.flatMap((item) => {
        const raw = decodeMCPServer(item);
        return raw === undefined ? [] : [[raw.metadata.name, parseMCPServer(raw)] as const];
      }),
    );
  };
  const read = async (name: string) => {
    const found = (await list()).get(name);
    if (found === undefined) throw new Error(`no MCPServer ${name}`);
    return found;
  };
  return {
    namespace,
    apply: (specs) =>
      apply(...Object.entries(specs).map(([name, spec]) => ({ apiVersion: API_VERSION, kind: KIND, metadata: { name }, spec }))),
    secret: (name, stringData) => apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData }),
    kubectl: async (...args) => expectSuccess(await controlPlane.kubectl(['-n', namespace, ...args])),
    list,
    read,
    settled: (name, state, timeoutMs = 15_000) =>
      until(
        async () => {
          const { metadata, status } = await read(name);
          if (status.state === state && status.observedGeneration === metadata.generation) return status;
          throw new Error(`${name} is ${JSON.stringify(status)}`);
        },
        { what: `${name} is ${state}`, timeoutMs, intervalMs: 50 },
      ),
    async requests(resource = 'mcpservers') {
      const counts = new Map<string, number>();
      for (const line of (await get('/metrics', 64 * 1024 * 1024)).split('\n')) {
        if (!line.startsWith('apiserver_request_total{') || !line.includes(`resource="${resource}"`)) continue;
        const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
        const verb = `${label('verb')} ${label('subresource')}`.trim();
        counts.set(verb, (counts.get(verb) ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1)));
      }
      return counts;
    },
    close: () => client.close(),
  };
}

/** The token in a kubeconfig with one user. */
export async function tokenIn(kubeconfig: string): Promise<string> {
  const { users } = parse(await readFile(kubeconfig, 'utf8')) as { users: { user: { token?: string } }[] };
  return users[0]?.user.token ?? '';
}
