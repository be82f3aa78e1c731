/**
 * Runs the checks in their order. What needs an API server is left out when none answers, so that one cause is one cross. It reads and
 * asks; it changes nothing in the cluster.
 */
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../platform/clock.ts';
import { examineAPIServer } from './api-server.ts';
import { CHECKS, type CheckName, type CheckResult, skipped } from './check.ts';
import { examineDefinition } from './definition.ts';
import { examineLease, findLeaseNamespace, missingEverywhere } from './lease.ts';
import { examineMetadataAddress, type Policy } from './metadata-address.ts';
import { examineOthers } from './others.ts';
import { examineRights, installerRights, operatorRights } from './rights.ts';
import { examineStatuses } from './statuses.ts';

export interface ExamineDeps {
  readonly client: KubeClient;
  /** Speaks as the identity whose rights are asked for; often the same. */
  readonly asUser: KubeClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Default: the operator's own. */
  readonly policy?: Policy;
}

export interface ExamineOptions {
  readonly pre: boolean;
  /** Origin of the API server, for people. */
  readonly server: string;
  /** Who `asUser` is, for people. */
  readonly who: string;
  readonly namespaces: readonly string[];
  /** Undefined: looked for. */
  readonly leaseNamespace: string | undefined;
  readonly leaseName: string;
  /** Of the kubeconfig's context. */
  readonly ownNamespace: string;
}

/** Every check that could be made, in the order of {@link CHECKS}. Never rejects. */
export async function examine(deps: ExamineDeps, options: ExamineOptions): Promise<CheckResult[]> {
  const { client, policy } = deps;
  const metadataAddress: CheckResult = { check: 'metadataAddress', finding: examineMetadataAddress(policy) };
  const { reachable, results } = await examineAPIServer(client, options.server);
  if (!reachable) return inOrder([...results, metadataAddress]);
  const definition = await examineDefinition(client, options);
  const otherOperators = await examineOthers(client);
  return inOrder([
    ...results,
    ...definition,
    { check: 'otherOperators', finding: otherOperators },
    metadataAddress,
    ...(options.pre ? await examineInstaller(deps, options) : await examineRunning(deps, options, definition)),
  ]);
}

async function examineInstaller({ asUser }: ExamineDeps, options: ExamineOptions): Promise<CheckResult[]> {
  const lease = { namespace: options.leaseNamespace ?? options.ownNamespace, name: options.leaseName };
  const rights = installerRights({ namespaces: options.namespaces, lease });
  const remedy = 'Let a cluster administrator install the CRD and the roles, or give this identity these rights.';
  return [{ check: 'rights', finding: await examineRights(asUser, rights, { who: options.who, remedy }) }];
}

async function examineRunning(
  { client, asUser, clock, signal }: ExamineDeps,
  { namespaces, leaseName, leaseNamespace, ownNamespace, who }: ExamineOptions,
  definition: readonly CheckResult[],
): Promise<CheckResult[]> {
  const { namespace, nowhere } =
    leaseNamespace === undefined
      ? await findLeaseNamespace(client, leaseName, ownNamespace)
      : { namespace: leaseNamespace, nowhere: false };
  const lease = { namespace, name: leaseName };
  const remedy =
    'Install the chart with rbac.create: true, or give these rights by your own Roles; --as names whose rights are asked for.';
  const isServed = definition.some(({ check, finding }) => check === 'crd' && finding.kind === 'passed');
  return [
    { check: 'rights', finding: await examineRights(asUser, operatorRights({ namespaces, lease }), { who, remedy }) },
    { check: 'lease', finding: nowhere ? missingEverywhere(leaseName) : await examineLease(client, lease, { clock, signal }) },
    {
      check: 'statuses',
      finding: isServed
        ? await examineStatuses(client, namespaces, { nowMs: clock.wallMs(), signal })
        : skipped('there can be none without the CRD'),
    },
  ];
}

const ORDER = Object.keys(CHECKS);

function inOrder(results: readonly CheckResult[]): CheckResult[] {
  const place = (check: CheckName) => ORDER.indexOf(check);
  return results.toSorted((a, b) => place(a.check) - place(b.check));
}
