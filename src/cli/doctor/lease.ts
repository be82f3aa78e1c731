/**
 * Who leads, and whether it still does. The times in a lease are the holder's, so a lease that looks old by our clock is looked at a second
 * time: one that was renewed in between is alive, whatever the clocks say.
 */
import * as z from 'zod';
import type { KubeClient } from '../../kube/client.ts';
import { type Clock, sleep } from '../../platform/clock.ts';
import { describeAge } from './age.ts';
import { type Answer, ask } from './answers.ts';
import { type Finding, failed, passed, skipped } from './check.ts';

const LeaseSpec = z.object({
  holderIdentity: z.string().nullish(),
  leaseDurationSeconds: z.number().nullish(),
  renewTime: z.string().nullish(),
});
type LeaseSpec = z.output<typeof LeaseSpec>;
const Lease = z.object({ spec: LeaseSpec });
const Leases = z.object({ items: z.array(z.object({ metadata: z.object({ namespace: z.string() }) })).nullable() });

/** A leader renews every 2 s; two of those, and a second for the network. */
const SECOND_LOOK_MS = 5_000;
const DEFAULT_DURATION_SECONDS = 15;
const START = 'Look at the Pods of the operator and at the end of their logs: kubectl logs --previous tells why one ended.';

export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

export interface LeasePlace {
  readonly namespace: string;
  /** All namespaces were looked through, and none has such a lease. */
  readonly nowhere: boolean;
}

/**
 * The namespace of the lease called `name`, when exactly one is to be seen; else `fallback`. Who may not list leases of all namespaces
 * gets that, too.
 */
export async function findLeaseNamespace(client: KubeClient, name: string, fallback: string): Promise<LeasePlace> {
  const query = { fieldSelector: `metadata.name=${name}`, limit: '2' };
  const answer = await ask(client, { method: 'GET', path: '/apis/coordination.k8s.io/v1/leases', query }, Leases);
  if (answer.kind !== 'read') return { namespace: fallback, nowhere: false };
  const [found, another] = answer.value.items ?? [];
  const namespace = another === undefined ? found?.metadata.namespace : undefined;
  return { namespace: namespace ?? fallback, nowhere: found === undefined };
}

/** For {@link LeasePlace.nowhere}. */
export function missingEverywhere(name: string): Finding {
  return failed(
    `no namespace has a lease ${name}: no operator leads in this cluster`,
    'Look at the Pods of the operator: kubectl get pods -A -l app.kubernetes.io/name=mcpserver-operator. With another name of the release pass --lease-name; with leader election turned off there is no lease.',
  );
}

/** Looks once, and a second time 5 s later when the first look finds an old lease. */
export async function examineLease(
  client: KubeClient,
  { namespace, name }: LeaseName,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Finding> {
  const read = () =>
    ask(client, { method: 'GET', path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}` }, Lease);
  const first = await read();
  if (first.kind === 'failed') return unread(first, { namespace, name });
  const { spec } = first.value;
  if (!spec.holderIdentity) return failed(`nobody holds the lease ${namespace}/${name}`, START);
  const ageMs = clock.wallMs() - Date.parse(spec.renewTime ?? '');
  const durationMs = (spec.leaseDurationSeconds ?? DEFAULT_DURATION_SECONDS) * 1000;
  const holder = `${shown(spec.holderIdentity)} (lease ${namespace}/${name})`;
  if (Math.abs(ageMs) <= durationMs) return passed(`${holder} leads, renewed ${describeAge(ageMs)} ago`);
  await sleep(clock, SECOND_LOOK_MS, signal).catch(() => undefined);
  const second = await read();
  if (second.kind === 'failed') return unread(second, { namespace, name });
  if (!sameLease(second.value.spec, spec)) return passed(`${holder} leads; its clock and ours differ`);
  return failed(`nobody leads: ${holder} did not renew for ${describeAge(ageMs)}`, START);
}

function unread(answer: Extract<Answer<unknown>, { kind: 'failed' }>, { namespace, name }: LeaseName): Finding {
  if (answer.status === 404) {
    return failed(
      `there is no lease ${namespace}/${name}: no operator ever led there`,
      'Name the namespace of the installation by --lease-namespace, and the name of the release by --lease-name. With leader election turned off there is none.',
    );
  }
  return skipped(`the lease ${namespace}/${name} can not be read (${answer.why})`);
}

function sameLease(a: LeaseSpec, b: LeaseSpec): boolean {
  return a.holderIdentity === b.holderIdentity && a.renewTime === b.renewTime;
}

/** A Pod's name and a random part; whatever else stands there is cut to what fits a line. */
function shown(identity: string): string {
  return identity.replace(/[^A-Za-z0-9._:-]/g, '').slice(0, 128);
}
