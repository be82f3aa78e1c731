/**
 * Whether an identity has the rights that it needs, by asking the API server for each (SelfSubjectAccessReview): those of the chart's
 * Roles for the operator, or those of who installs it. test/cluster/chart-rbac.test.ts compares the table with the chart.
 */
import * as z from 'zod';
import { GROUP, PLURAL } from '../../api/v1alpha1/group.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ask } from './answers.ts';
import { type Finding, failed, passed } from './check.ts';

/** One right, as `ResourceAttributes` of a review. */
export interface Right {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verb: string;
  /** Undefined: in all namespaces, or of the whole cluster. */
  readonly namespace?: string;
  readonly name?: string;
}

const right = (group: string, resource: string, verbs: readonly string[], more: Partial<Right> = {}): Right[] =>
  verbs.map((verb) => ({ group, resource, verb, ...more }));

/** What the operator does with objects of users. */
const OPERATOR_RIGHTS: readonly Right[] = [
  ...right(GROUP, PLURAL, ['get', 'list', 'watch']),
  ...right(GROUP, PLURAL, ['update'], { subresource: 'status' }),
  ...['secrets', 'configmaps', 'services'].flatMap((resource) => right('', resource, ['get'])),
  ...right('events.k8s.io', 'events', ['create', 'patch']),
];

export interface Places {
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly lease: { readonly namespace: string; readonly name: string };
}

/** Every right that a running operator needs: 9 for each namespace, and 3 on its lease. */
export function operatorRights({ namespaces, lease }: Places): Right[] {
  const { namespace, name } = lease;
  return [
    ...inEach(namespaces, OPERATOR_RIGHTS),
    ...right('coordination.k8s.io', 'leases', ['create'], { namespace }),
    ...right('coordination.k8s.io', 'leases', ['get', 'update'], { namespace, name }),
  ];
}

/** Every right that installing the chart needs; to grant what one does not have oneself needs `escalate` too. */
export function installerRights({ namespaces, lease: { namespace } }: Places): Right[] {
  const rbac = 'rbac.authorization.k8s.io';
  const bindings =
    namespaces.length > 0
      ? inEach(namespaces, [...right(rbac, 'roles', ['create']), ...right(rbac, 'rolebindings', ['create'])])
      : right(rbac, 'clusterrolebindings', ['create']);
  return [
    ...right('apiextensions.k8s.io', 'customresourcedefinitions', ['create', 'patch']),
    // The operator's own, or with namespaces those that are added to view and edit.
    ...right(rbac, 'clusterroles', ['create']),
    ...bindings,
    ...right('apps', 'deployments', ['create'], { namespace }),
    ...right('policy', 'poddisruptionbudgets', ['create'], { namespace }),
    ...right('', 'serviceaccounts', ['create'], { namespace }),
    ...right(rbac, 'roles', ['create'], { namespace }),
    ...right(rbac, 'rolebindings', ['create'], { namespace }),
  ];
}

function inEach(namespaces: readonly string[], rights: readonly Right[]): Right[] {
  return namespaces.length === 0
    ? [...rights]
    : namespaces.flatMap((namespace) => rights.map((each) => ({ ...each, namespace })));
}

const Review = z.object({ status: z.object({ allowed: z.boolean() }) });
/** With 256 namespaces some 2,300 reviews of a millisecond each. */
const MAX_AT_ONCE = 8;
/** More are counted. */
const MAX_NAMED = 8;

/** Asks for all of `rights`. `who` is how the identity is called for people, `remedy` what to do when one is missing. */
export async function examineRights(
  client: KubeClient,
  rights: readonly Right[],
  { who, remedy }: { readonly who: string; readonly remedy: string },
): Promise<Finding> {
  const missing: Right[] = [];
  for (let begin = 0; begin < rights.length; begin += MAX_AT_ONCE) {
    const batch = rights.slice(begin, begin + MAX_AT_ONCE);
    const answers = await Promise.all(batch.map((each) => review(client, each)));
    const broken = answers.find((answer) => answer.kind === 'failed');
    if (broken?.kind === 'failed') {
      return failed(
        `the rights of ${who} can not be asked for (${broken.why})`,
        'Ask as an identity that may, and with --as only as one that may impersonate users.',
      );
    }
    missing.push(...batch.filter((_, index) => answers[index]?.kind === 'read' && !answers[index].value.status.allowed));
  }
  if (missing.length === 0) return passed(`${who} has all ${rights.length} that it needs`);
  const named = missing.slice(0, MAX_NAMED).map(describeRight).join(', ');
  const more = missing.length > MAX_NAMED ? ` and ${missing.length - MAX_NAMED} more` : '';
  return failed(`${who} may not ${named}${more}`, remedy);
}

function review(client: KubeClient, { group, resource, subresource, verb, namespace, name }: Right) {
  const resourceAttributes = { group, resource, subresource, verb, namespace, name };
  const body = JSON.stringify({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  });
  // Asking twice changes nothing.
  return ask(
    client,
    { method: 'POST', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body, retry: true },
    Review,
  );
}

/** `update mcpservers.mcpserver-operator.dev/status in team-a`, as kubectl auth can-i writes resources. */
export function describeRight({ group, resource, subresource, verb, namespace, name }: Right): string {
  const what = `${resource}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
  return `${verb} ${what}${name === undefined ? '' : ` "${name}"`}${namespace === undefined ? '' : ` in ${namespace}`}`;
}
