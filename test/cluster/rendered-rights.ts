/**
 * The rights that rendered manifests give to a ServiceAccount, one by one, by following every binding that names it: what a Role is
 * called, or who is said to need it, counts for nothing. And the way back: the manifests that give exactly some rights to a user.
 *
 * It knows no wildcards and no rights on URLs outside the API of objects: a chart that renders one is refused.
 */
import * as z from 'zod';
import type { Manifest } from '../../hack/chart.ts';
import { describeRight, type Right } from '../../src/cli/doctor/rights.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';

const Rule = z.strictObject({
  apiGroups: z.array(z.string().regex(/^[^*]*$/)).nonempty(),
  resources: z.array(z.string().regex(/^[^*]+$/)).nonempty(),
  verbs: z.array(z.string().regex(/^[^*]+$/)).nonempty(),
  resourceNames: z.array(z.string()).nonempty().optional(),
});
const Binding = z.object({
  roleRef: z.object({ kind: z.enum(['Role', 'ClusterRole']), name: z.string() }),
  subjects: z.array(z.object({ kind: z.string(), name: z.string(), namespace: z.string().optional() })),
});

export interface Account {
  readonly namespace: string;
  readonly name: string;
}

/** Every right that `manifests` give to `account`. Throws when a binding refers to a role that is not among them. */
export function rightsOf(manifests: readonly Manifest[], account: Account): Right[] {
  return manifests.flatMap((binding) => {
    if (binding.kind !== 'RoleBinding' && binding.kind !== 'ClusterRoleBinding') return [];
    const { roleRef, subjects } = Binding.parse(binding);
    const isBound = subjects.some(
      ({ kind, name, namespace }) => kind === 'ServiceAccount' && name === account.name && namespace === account.namespace,
    );
    if (!isBound) return [];
    const role = manifests.find(
      ({ kind, metadata }) =>
        kind === roleRef.kind &&
        metadata.name === roleRef.name &&
        (kind === 'ClusterRole' || metadata.namespace === binding.metadata.namespace),
    );
    if (role === undefined) throw new Error(`${binding.metadata.name} refers to a role that is not rendered`);
    return rightsIn(role, binding.kind === 'RoleBinding' ? binding.metadata.namespace : undefined);
  });
}

/** The rights of one Role or ClusterRole, as they hold in `namespace`. */
export function rightsIn(role: Manifest, namespace?: string): Right[] {
  return z
    .array(Rule)
    .parse(role['rules'])
    .flatMap(({ apiGroups, resources, verbs, resourceNames = [undefined] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((path) =>
          verbs.flatMap((verb) =>
            resourceNames.map((name): Right => {
              const [resource = '', subresource] = path.split('/');
              return {
                group,
                resource,
                verb,
                ...(subresource !== undefined && { subresource }),
                ...(namespace !== undefined && { namespace }),
                ...(name !== undefined && { name }),
              };
            }),
          ),
        ),
      ),
    );
}

/** What a right is about, wherever it holds: `update leases.coordination.k8s.io "mcpserver-operator"`. */
export function describeAct({ namespace: _, ...right }: Right): string {
  return describeRight(right);
}

/** Roles and bindings that give `user` exactly `rights`, each by a rule of its own. */
export function rolesFor(user: string, rights: readonly Right[]): Manifest[] {
  return [...Map.groupBy(rights, ({ namespace }) => namespace)].flatMap(([namespace, held]) => {
    const metadata = { name: user, ...(namespace !== undefined && { namespace }) };
    const kind = namespace === undefined ? 'ClusterRole' : 'Role';
    return [
      { apiVersion: RBAC, kind, metadata, rules: held.map(ruleOf) },
      {
        apiVersion: RBAC,
        kind: `${kind}Binding`,
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: user },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
      },
    ];
  });
}

function ruleOf({ group, resource, subresource, verb, name }: Right): object {
  return {
    apiGroups: [group],
    resources: [subresource === undefined ? resource : `${resource}/${subresource}`],
    verbs: [verb],
    ...(name !== undefined && { resourceNames: [name] }),
  };
}
