/**
 * Where `call` finds servers: manifests, or the MCPServers of a namespace by label or name. It reads, and keeps nothing open but the client
 * that Secrets are read through while a call lasts. Faults are one line in our words.
 */
import { parseMCPServer } from '../../api/v1alpha1/mcpserver.ts';
import type { KubeClient } from '../../kube/client.ts';
import { listPages } from '../../kube/list-pages.ts';
import { collectionPath, decodeMCPServer } from '../../kube/object-store.ts';
import { DEFAULT_EGRESS_POLICY, type EgressPolicy } from '../../probe/egress-policy.ts';
import type { References } from '../../probe/ports.ts';
import { openCluster } from '../cluster.ts';
import { describeFailure } from '../doctor/answers.ts';
import { type InputFile, readInputFile } from '../input-file.ts';
import { readManifests } from '../manifest.ts';
import type { Candidate } from './candidates.ts';

export interface Servers {
  readonly found: readonly Candidate[];
  readonly references: References;
  readonly policy: EgressPolicy;
  close(): Promise<void>;
}

export type ServersRead =
  | { readonly kind: 'read'; readonly servers: Servers }
  | { readonly kind: 'faulty'; readonly faults: readonly string[] };

export interface Wanted {
  /** Names; empty: all. */
  readonly names: readonly string[];
  readonly labelSelector: string | undefined;
  readonly namespace: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const PAGE_SIZE = 200;

/** The servers of manifests, in which the Secrets stand too. */
export async function readServersOfFiles(files: readonly string[], names: readonly string[]): Promise<ServersRead> {
  const inputs: InputFile[] = [];
  const faults: string[] = [];
  for (const file of files) {
    const input = await readInputFile(file);
    if (input.kind === 'read') inputs.push(input);
    else faults.push(input.fault);
  }
  const manifests = readManifests(inputs);
  if (faults.length + manifests.faults.length > 0)
    return { kind: 'faulty', faults: faults.length > 0 ? faults : manifests.faults };
  const found = manifests.servers.filter(({ name }) => isWanted(name, names)).map((server) => ({ ...server, status: undefined }));
  const servers = { found, references: manifests.references, policy: DEFAULT_EGRESS_POLICY, close: async () => {} };
  return { kind: 'read', servers };
}

/** The MCPServers of one namespace. Objects whose spec this version can not read are left out. Close what it gives. */
export async function readServersOfCluster(wanted: Wanted, signal: AbortSignal): Promise<ServersRead> {
  const opened = await openCluster(wanted);
  if (opened.kind === 'faulty') return { kind: 'faulty', faults: [opened.fault] };
  const { client, namespace, references, policy, close } = opened.cluster;
  const listed = await list(client, wanted, wanted.namespace ?? namespace, signal);
  if (listed.kind === 'faulty') {
    await close();
    return listed;
  }
  return { kind: 'read', servers: { found: listed.found, references, policy, close } };
}

async function list(
  client: KubeClient,
  { names, labelSelector }: Wanted,
  namespace: string,
  signal: AbortSignal,
): Promise<{ readonly kind: 'listed'; readonly found: readonly Candidate[] } | Extract<ServersRead, { kind: 'faulty' }>> {
  const found: Candidate[] = [];
  const end = await listPages(client, {
    path: collectionPath(namespace),
    pageSize: PAGE_SIZE,
    signal,
    ...(labelSelector !== undefined && { labelSelector }),
    onBegin: () => found.splice(0),
    onItem: (item) => {
      const raw = decodeMCPServer(item);
      if (raw === undefined || !isWanted(raw.metadata.name, names)) return;
      const { metadata, spec, status } = parseMCPServer(raw);
      if (spec.kind === 'valid') found.push({ namespace, name: metadata.name, spec: spec.value, status });
    },
  });
  if (end.kind === 'listed') return { kind: 'listed', found };
  if (end.kind === 'status' && end.status === 400)
    return { kind: 'faulty', faults: ['--selector: the API server does not understand it'] };
  const why = end.kind === 'garbage' ? 'the answer is no list' : describeFailure(end);
  return { kind: 'faulty', faults: [`the MCPServers of ${namespace} can not be listed (${why})`] };
}

const isWanted = (name: string, names: readonly string[]) => names.length === 0 || names.includes(name);
