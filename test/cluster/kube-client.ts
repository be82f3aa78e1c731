/**
 * Our own client against a real control plane, for test files that speak to the API server as the operator does.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { ControlPlaneClient } from '../../hack/controlplane/client.ts';
import { createKubeClient, type KubeClient, type KubeClientDeps } from '../../src/kube/client.ts';
import { type KubeConfig, loadKubeConfig } from '../../src/kube/config.ts';
import { collectionPath } from '../../src/kube/object-store.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';

/** The configuration in `kubeconfig`, or an exception with what is wrong in it. */
export async function readConfig(kubeconfig: string): Promise<KubeConfig> {
  const loaded = await loadKubeConfig({ kubeconfig, env: {} });
  if (loaded.kind === 'error') throw new Error(loaded.message);
  return loaded.config;
}

/** A client on system clock and chance. Close it. */
export function openClient(config: KubeConfig, deps: Partial<KubeClientDeps> = {}): KubeClient {
  return createKubeClient({ config, clock: systemClock, random: systemRandom, ...deps });
}

/** Applies `crds/` and resolves when the API serves it. Any number of test files may do it. */
export async function installCRDs({ kubectl }: ControlPlaneClient): Promise<void> {
  for (const args of [
    ['apply', '--server-side', '--force-conflicts', '-f', 'crds/'],
    ['wait', '--for=condition=Established', '--timeout=30s', '-f', 'crds/'],
  ]) {
    const { code, stderr } = await kubectl(args);
    if (code !== 0) throw new Error(`kubectl ${args[0]}: ${stderr.trim()}`);
  }
}

export interface CreatedObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly status?: unknown;
}

/** Creates an MCPServer and resolves with it. */
export async function createMCPServer(client: KubeClient, namespace: string, name: string): Promise<CreatedObject> {
  const body = {
    apiVersion: 'mcpserver-operator.dev/v1alpha1',
    kind: 'MCPServer',
    metadata: { name },
    spec: { url: 'http://mcp.example.com/mcp' },
  };
  const result = await client.request({ method: 'POST', path: collectionPath(namespace), body: JSON.stringify(body) });
  if (result.kind !== 'ok') throw new Error(`not created: ${JSON.stringify(result)}`);
  return JSON.parse(result.body) as CreatedObject;
}

export async function deleteMCPServer(client: KubeClient, namespace: string, name: string): Promise<void> {
  const result = await client.request({ method: 'DELETE', path: `${collectionPath(namespace)}/${name}` });
  if (result.kind !== 'ok') throw new Error(`not deleted: ${JSON.stringify(result)}`);
}

/** A TCP proxy before the API server that can be cut. */
export interface CuttableProxy {
  /** The same configuration, through the proxy. */
  readonly config: KubeConfig;
  /** Breaks every connection and refuses new ones. */
  cut(): void;
  heal(): void;
  close(): Promise<void>;
}

export async function startProxy(config: KubeConfig): Promise<CuttableProxy> {
  const target = new URL(config.origin);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    config: { ...config, origin: `${target.protocol}//127.0.0.1:${port}` },
    cut,
    heal() {
      isCut = false;
    },
    close() {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
