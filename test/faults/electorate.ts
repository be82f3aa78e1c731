/**
 * Operators that compete for one lease, each with a token of its own, so that the API server's audit log tells which of them wrote what;
 * and the judge of that log. Order is that of resource versions, which the store behind the API server gives to every write one after the
 * other: no clock is compared with another.
 */
import { randomUUID } from 'node:crypto';
import type { ControlPlaneClient } from '../../hack/controlplane/client.ts';
import { collectionPath } from '../../src/kube/object-store.ts';
import { openClient, readConfig } from '../cluster/kube-client.ts';
import { tokenIn } from '../cluster/operator/objects.ts';
import type { OperatorProcess } from '../cluster/operator-process.ts';
import type { AuditedWrite } from './audit.ts';
import { type Installed, type RunOptions, run } from './operator.ts';

export interface Candidate {
  readonly operator: OperatorProcess;
  /** As {@link AuditedWrite.credential}. */
  readonly credential: string;
  /** By its own word: it started to lead and has not stopped. */
  leads(): boolean;
}

/** Starts an operator that takes part in the election of its release, with a fresh token of the chart's ServiceAccount. */
export async function startCandidate(
  controlPlane: ControlPlaneClient,
  installed: Installed,
  options: Partial<RunOptions> = {},
): Promise<Candidate> {
  const kubeconfig = await controlPlane.serviceAccountKubeconfig(installed.namespace, installed.serviceAccount);
  const payload = Buffer.from((await tokenIn(kubeconfig)).split('.')[1] ?? '', 'base64url').toString();
  const { jti } = JSON.parse(payload) as { jti: string };
  const operator = await run({ installed, kubeconfig, ...options, flags: ['--leader-elect', ...(options.flags ?? [])] });
  const last = () => operator.log().findLast(({ msg }) => msg === 'started leading' || msg === 'stopped leading');
  return { operator, credential: `JTI=${jti}`, leads: () => last()?.msg === 'started leading' };
}

/** What one process wrote: MCPServers' statuses, the lease, events. */
export function writesOf(writes: readonly AuditedWrite[], { credential }: Pick<Candidate, 'credential'>): AuditedWrite[] {
  return writes.filter((write) => write.credential === credential);
}

/**
 * One line for each accepted write of a status in `namespace` whose writer did not hold the lease of that name at that moment; none is
 * right. Writes of people are not looked at.
 */
export function writesWithoutLease(writes: readonly AuditedWrite[], namespace: string, leaseName: string): string[] {
  const accepted = writes
    .filter(({ code, namespace: where }) => code >= 200 && code <= 299 && where === namespace)
    .map((write) => ({ ...write, version: BigInt(write.response?.metadata?.resourceVersion ?? 0) }))
    .sort((a, b) => Number(a.version - b.version));
  const broken: string[] = [];
  let holder: string | undefined;
  for (const { resource, subresource, name, credential, request, version } of accepted) {
    const isLease = resource === 'leases' && (name === leaseName || name === '');
    if (isLease) holder = request?.spec?.['holderIdentity'] === '' ? undefined : credential;
    if (resource !== 'mcpservers' || subresource !== 'status' || credential === holder) continue;
    broken.push(`${name}: written at ${version} by ${credential}, while ${holder ?? 'nobody'} held the lease`);
  }
  return broken;
}

/** Asks for probes without end. */
export interface Unrest {
  stop(): Promise<void>;
}

/**
 * Asks for a probe of each of `names` again and again (every 250 ms), as a person at kubectl would: each one leads to a status write,
 * so that whoever leads has probes and writes under way at any moment.
 */
export async function startUnrest(
  controlPlane: ControlPlaneClient,
  namespace: string,
  names: readonly string[],
): Promise<Unrest> {
  const client = openClient(await readConfig(controlPlane.adminKubeconfig));
  let isOver = false;
  const ask = (name: string) =>
    client.request({
      method: 'PATCH',
      path: `${collectionPath(namespace)}/${name}`,
      contentType: 'application/merge-patch+json',
      body: JSON.stringify({ metadata: { annotations: { 'mcpserver-operator.dev/probe-requested-at': randomUUID() } } }),
    });
  const running = (async () => {
    while (!isOver) {
      await Promise.all(names.map(ask));
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  })();
  return {
    async stop() {
      isOver = true;
      await running;
      await client.close();
    },
  };
}
