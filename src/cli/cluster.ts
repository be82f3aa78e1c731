/**
 * The cluster that a verb of people reads from: found where kubectl finds it, asked by name for what specs refer to, and never shown to a
 * server: no spec may point to its API server. Nothing is listed or kept here; what fails is one line in our words.
 */
import { createKubeClient, type KubeClient } from '../kube/client.ts';
import { type KubeConfig, loadKubeConfig } from '../kube/config.ts';
import { createReferences } from '../kube/references.ts';
import { systemClock } from '../platform/clock.ts';
import { systemRandom } from '../platform/random.ts';
import { DEFAULT_EGRESS_POLICY, type EgressPolicy } from '../probe/egress-policy.ts';
import type { Lookup, References } from '../probe/ports.ts';

export interface Cluster {
  readonly client: KubeClient;
  /** Of the kubeconfig's context. */
  readonly namespace: string;
  readonly references: References;
  readonly policy: EgressPolicy;
  close(): Promise<void>;
}

export type ClusterOpened =
  | { readonly kind: 'open'; readonly cluster: Cluster }
  | { readonly kind: 'faulty'; readonly fault: string };

export interface ClusterOptions {
  /** Default: as kubectl finds it. */
  readonly kubeconfig: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads the kubeconfig; nothing is asked of the API server yet. Close what it opens. */
export async function openCluster({ kubeconfig, env }: ClusterOptions): Promise<ClusterOpened> {
  const loaded = await loadKubeConfig({ kubeconfig, env, home: env['HOME'] });
  if (loaded.kind === 'error') return { kind: 'faulty', fault: loaded.message };
  const { config } = loaded;
  const client = createKubeClient({ config, clock: systemClock, random: systemRandom });
  const cluster = {
    client,
    namespace: config.namespace,
    references: createReferences({ client }),
    policy: policyOf(config),
    close: () => client.close(),
  };
  return { kind: 'open', cluster };
}

/** Answers from `own`, and from `cluster` what `own` does not have. */
export function completeReferences(own: References, cluster: References): References {
  return {
    readSecret: firstOf(own.readSecret, cluster.readSecret),
    readConfigMap: firstOf(own.readConfigMap, cluster.readConfigMap),
    readService: firstOf(own.readService, cluster.readService),
  };
}

type Read<T> = (namespace: string, name: string, signal: AbortSignal) => Promise<Lookup<T>>;

function firstOf<T>(own: Read<T>, other: Read<T>): Read<T> {
  return async (namespace, name, signal) => {
    const found = await own(namespace, name, signal);
    return found.kind === 'notFound' ? other(namespace, name, signal) : found;
  };
}

/** As in the operator. */
function policyOf({ origin }: KubeConfig): EgressPolicy {
  const { hostname, port, protocol } = new URL(origin);
  return { ...DEFAULT_EGRESS_POLICY, apiServer: [{ host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) }] };
}
