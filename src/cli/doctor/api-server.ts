/**
 * Whether the API server answers this identity, and whether it is new enough. What is older than {@link MIN_MINOR} has no admission
 * policies and no rules in CRDs that can be relied on.
 */
import * as z from 'zod';
import type { KubeClient } from '../../kube/client.ts';
import { ask } from './answers.ts';
import { type CheckResult, failed, passed } from './check.ts';

/** Kubernetes 1.30, as in the chart's kubeVersion. */
export const MIN_MINOR = 30;

const Version = z.object({
  major: z.string().max(8),
  minor: z.string().max(8),
  gitVersion: z
    .string()
    .regex(/^v[0-9A-Za-z.+-]{1,63}$/)
    .catch('of an unknown version'),
});

export interface APIServerFound {
  readonly reachable: boolean;
  readonly results: readonly CheckResult[];
}

/** Asks `/version`, which every identity may. `server` is shown: an origin, never a path. */
export async function examineAPIServer(client: KubeClient, server: string): Promise<APIServerFound> {
  const answer = await ask(client, { method: 'GET', path: '/version' }, Version);
  if (answer.kind === 'failed') {
    const remedy =
      answer.status === 401
        ? 'Renew the credentials of the kubeconfig, or the token of the ServiceAccount.'
        : 'Check the address and the context of the kubeconfig, and what stands between here and there: VPN, proxy, NetworkPolicy.';
    const finding = failed(`${server} does not answer as it should (${answer.why})`, remedy);
    return { reachable: false, results: [{ check: 'apiServer', finding }] };
  }
  const { gitVersion, major, minor } = answer.value;
  const number = Number(/^\d+/.exec(minor)?.[0]);
  const isOld = major === '1' && number < MIN_MINOR;
  return {
    reachable: true,
    results: [
      { check: 'apiServer', finding: passed(`${server} answers`) },
      {
        check: 'kubernetesVersion',
        finding: isOld
          ? failed(
              `this is Kubernetes ${gitVersion}, and 1.${MIN_MINOR} is the oldest that works`,
              `Update the cluster to 1.${MIN_MINOR} or newer.`,
            )
          : passed(`Kubernetes ${gitVersion}`),
      },
    ],
  };
}
