/**
 * What people may do with MCPServers by the roles that the chart adds to the Kubernetes roles view, edit and admin.
 *
 * The controller that sums up aggregated ClusterRoles is part of kube-controller-manager, which does not run beside a bare API server: the
 * rules of view, edit and admin are empty there. The test does that controller's one step by hand, with the selectors that the API server's
 * own view, edit and admin have, and then asks the API server as users who are bound to those.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import * as z from 'zod';
import { installChart, renderChart } from '../../hack/chart.ts';
import { type ControlPlane, startControlPlane } from '../../hack/controlplane/start.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { until } from '../platform/until.ts';
import { allowedRights } from './allowed-rights.ts';
import { controlPlane, expectSuccess } from './control-plane.ts';
import { openClient, readConfig } from './kube-client.ts';

const NAMESPACE = 'team';
const READS = ['get', 'list', 'watch'];
const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const BUILT_IN = ['view', 'edit', 'admin'];

const ClusterRole = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  rules: z
    .array(z.looseObject({}))
    .nullish()
    .transform((rules) => rules ?? []),
  aggregationRule: z
    .object({ clusterRoleSelectors: z.array(z.strictObject({ matchLabels: z.record(z.string(), z.string()) })) })
    .optional(),
});
const ClusterRoles = z.object({ items: z.array(ClusterRole) });

let own: ControlPlane;
/** By the built-in role that they are bound to. */
const users = new Map<string, KubeClient>();
const kubectl = async (args: readonly string[], input = '') => expectSuccess(await own.kubectl(args, { input }));

beforeAll(async () => {
  own = await startControlPlane();
  await kubectl(['create', 'namespace', NAMESPACE]);
  for (const name of BUILT_IN) {
    await kubectl(['create', 'rolebinding', name, `--clusterrole=${name}`, `--user=${name}er`, '-n', NAMESPACE]);
    users.set(name, openClient(await readConfig(await own.kubeconfig({ user: `${name}er` }))));
  }
});
afterAll(async () => {
  await Promise.all([...users.values()].map((client) => client.close()));
  await own?.stop();
});

/** What the controller does: the rules of a role are those of all roles that its selectors match, their own sums included. */
async function aggregate(): Promise<void> {
  for (const name of BUILT_IN) {
    const { items } = ClusterRoles.parse(JSON.parse(await kubectl(['get', 'clusterroles', '-o', 'json'])));
    const selectors = items.find(({ metadata }) => metadata.name === name)?.aggregationRule?.clusterRoleSelectors ?? [];
    expect(selectors.length, `${name} is an aggregated role`).toBeGreaterThan(0);
    const rules = items
      .filter(({ metadata: { labels } }) =>
        selectors.some(({ matchLabels }) => Object.entries(matchLabels).every(([key, value]) => labels[key] === value)),
      )
      .flatMap((role) => role.rules);
    await kubectl(['patch', 'clusterrole', name, '--type=merge', '-p', JSON.stringify({ rules })]);
  }
}

/** Which verbs a user who is bound to the built-in role `name` has on `resource` in the namespace. */
async function verbsOf(name: string, resource: string): Promise<string[]> {
  const client = users.get(name);
  if (client === undefined) throw new Error(`no user for ${name}`);
  const [plural = '', subresource] = resource.split('/');
  const rights = [...READS, ...WRITES].map((verb) => ({
    group: 'mcpserver-operator.dev',
    resource: plural,
    verb,
    namespace: NAMESPACE,
    ...(subresource !== undefined && { subresource }),
  }));
  const held = (await allowedRights(client, rights)).map(({ verb }) => verb);
  return rights.map(({ verb }) => verb).filter((verb) => held.includes(verb));
}

const userRoles = async (values: object) =>
  (await renderChart(controlPlane, { namespace: 'ops', values }))
    .filter(({ metadata }) => JSON.stringify(metadata).includes('aggregate-to-'))
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);

describe('rendered', () => {
  const ROLES = ['ClusterRole mcpserver-operator-view', 'ClusterRole mcpserver-operator-edit'];

  test.each<[string, object, string[]]>([
    ['by default', {}, ROLES],
    ['with watch.namespaces, beside the CRD', { watch: { namespaces: ['team'] } }, ROLES],
    ['where the CRD came in another way', { crds: { enabled: false } }, ROLES],
    ['where nothing else is for the whole cluster', { crds: { enabled: false }, watch: { namespaces: ['team'] } }, []],
    ['with rbac.aggregateClusterRoles: false', { rbac: { aggregateClusterRoles: false } }, []],
    ['with rbac.create: false', { rbac: { create: false } }, []],
  ])('%s', async (_when, values, expected) => {
    expect((await userRoles(values)).toSorted()).toEqual(expected.toSorted());
  });

  test('nobody is bound to them: who has view or edit has them', async () => {
    const bound = (await renderChart(controlPlane, { namespace: 'ops' })).map(({ roleRef }) => JSON.stringify(roleRef ?? ''));
    expect(bound.filter((role) => /-(view|edit)"/.test(role))).toEqual([]);
  });
});

describe('on a real API server, with the rules summed up', () => {
  test('with the value off nobody gets anything', async () => {
    await installChart(own, 'ops', { rbac: { aggregateClusterRoles: false } });
    await aggregate();
    for (const name of BUILT_IN) expect(await verbsOf(name, 'mcpservers'), name).toEqual([]);
  });

  test('view reads MCPServers, edit and admin write them, and nobody writes a status', async () => {
    await installChart(own, 'ops');
    await aggregate();
    await until(async () => (await verbsOf('admin', 'mcpservers')).includes('create'), {
      what: 'the API server knows the rules',
    });
    expect(await verbsOf('view', 'mcpservers')).toEqual(READS);
    expect(await verbsOf('edit', 'mcpservers')).toEqual([...READS, ...WRITES]);
    expect(await verbsOf('admin', 'mcpservers')).toEqual([...READS, ...WRITES]);
    for (const name of BUILT_IN) expect(await verbsOf(name, 'mcpservers/status'), name).toEqual([]);
  });

  test('kubectl as a viewer shows them and edits none; as an editor it applies, edits and deletes, but writes no status', async () => {
    const as = async (user: string) => {
      const kubeconfig = await own.kubeconfig({ user });
      return (args: readonly string[], input = '') => own.kubectl([...args, '-n', NAMESPACE], { kubeconfig, input });
    };
    const [viewer, editor] = [await as('viewer'), await as('editer')];
    const manifest = stringify({
      apiVersion: 'mcpserver-operator.dev/v1alpha1',
      kind: 'MCPServer',
      metadata: { name: 'a' },
      spec: { url: 'https://mcp.example.com/mcp' },
    });
    expect((await viewer(['apply', '-f', '-'], manifest)).stderr).toContain('cannot create resource "mcpservers"');
    expectSuccess(await editor(['apply', '-f', '-'], manifest));
    expectSuccess(await editor(['annotate', 'mcpserver', 'a', 'a=b']));
    expect(expectSuccess(await viewer(['get', 'mcpservers']))).toContain('\na ');
    expect((await viewer(['annotate', 'mcpserver', 'a', 'c=d'])).stderr).toContain('cannot patch resource "mcpservers"');
    expect((await viewer(['delete', 'mcpserver', 'a'])).stderr).toContain('cannot delete resource "mcpservers"');
    const object = JSON.parse(expectSuccess(await editor(['get', 'mcpserver', 'a', '-o', 'json'])));
    const status = JSON.stringify({ ...object, status: { observedGeneration: 1, state: 'Available' } });
    expect((await editor(['replace', '--subresource=status', '-f', '-'], status)).stderr).toContain(
      'cannot update resource "mcpservers/status"',
    );
    expectSuccess(await editor(['delete', 'mcpserver', 'a']));
  });
});
