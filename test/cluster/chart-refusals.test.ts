/**
 * What the operator may not do, asked of a real API server about the chart's ServiceAccount: every verb on every resource that the API
 * server has, subresources and the verbs of escalation too, is refused unless it is one of the rights that test/cluster/operator-acts.ts
 * names. What any ServiceAccount may do is found by asking for one without a Role, and is the same.
 *
 * And the requests themselves: a status is the only thing that its rights can change of an MCPServer.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import * as z from 'zod';
import { installChart } from '../../hack/chart.ts';
import { type ControlPlane, startControlPlane } from '../../hack/controlplane/start.ts';
import { describeRight, operatorRights, type Right } from '../../src/cli/doctor/rights.ts';
import type { KubeClient, KubeRequest } from '../../src/kube/client.ts';
import { collectionPath } from '../../src/kube/object-store.ts';
import { allowedRights } from './allowed-rights.ts';
import { expectSuccess } from './control-plane.ts';
import { openClient, readConfig } from './kube-client.ts';

const NAME = 'mcpserver-operator';
const LEASE = 'leases.coordination.k8s.io';
const MODES = [
  { mode: 'a ClusterRole for all namespaces', namespace: 'ops-all', watched: [] },
  { mode: 'Roles for watch.namespaces', namespace: 'ops-some', watched: ['team'] },
];
const accountOf = (namespace: string) => `system:serviceaccount:${namespace}:${NAME}`;

/** What RBAC knows beyond what discovery tells of a resource. */
const VERBS = [
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'],
  ...['bind', 'escalate', 'impersonate', 'approve', 'sign', 'attest', 'use', 'proxy', '*'],
];
/** Resources that only RBAC knows. */
const UNDISCOVERED: readonly Pick<Right, 'group' | 'resource' | 'subresource'>[] = [
  ...['users', 'groups'].map((resource) => ({ group: '', resource })),
  ...['userextras', 'uids'].map((resource) => ({ group: 'authentication.k8s.io', resource })),
  { group: 'certificates.k8s.io', resource: 'signers' },
  { group: 'mcpserver-operator.dev', resource: 'mcpservers', subresource: 'finalizers' },
  { group: '*', resource: '*' },
  { group: 'mcpserver-operator.dev', resource: '*' },
  { group: '', resource: '*' },
];

const Discovery = z.object({ resources: z.array(z.object({ name: z.string() })) });
const Groups = z.object({ groups: z.array(z.object({ versions: z.array(z.object({ groupVersion: z.string() })) })) });
const MCPServerObject = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ uid: z.string(), resourceVersion: z.string(), generation: z.number() }),
  spec: z.looseObject({}),
  status: z.looseObject({}).optional(),
});

let own: ControlPlane;
let admin: KubeClient;
const clients: KubeClient[] = [];

async function open(kubeconfig: string): Promise<KubeClient> {
  const client = openClient(await readConfig(kubeconfig));
  clients.push(client);
  return client;
}

async function ask<T>(client: KubeClient, request: KubeRequest, answer: z.ZodType<T>): Promise<T> {
  const result = await client.request({ retry: true, ...request });
  if (result.kind !== 'ok') throw new Error(`${request.method} ${request.path}: ${JSON.stringify(result)}`);
  return answer.parse(JSON.parse(result.body));
}

beforeAll(async () => {
  own = await startControlPlane();
  admin = await open(own.adminKubeconfig);
  await kubectl(['create', 'namespace', 'team']);
  await kubectl(['create', 'namespace', 'foreign']);
  for (const { namespace, watched } of MODES) await installChart(own, namespace, { watch: { namespaces: watched } });
  await kubectl(['create', 'serviceaccount', 'nobody', '-n', 'team']);
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await own?.stop();
});

const kubectl = async (args: readonly string[], input = '') => expectSuccess(await own.kubectl(args, { input }));

/** Every resource and subresource that the API server tells of, in whatever version, and those that it does not tell of. */
async function everyResource() {
  const { groups } = await ask(admin, { method: 'GET', path: '/apis' }, Groups);
  const paths = ['/api/v1', ...groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => `/apis/${groupVersion}`))];
  const found = new Map<string, Pick<Right, 'group' | 'resource' | 'subresource'>>();
  for (const path of paths) {
    const { resources } = await ask(admin, { method: 'GET', path }, Discovery);
    const group = path.split('/')[2] === 'v1' ? '' : (path.split('/')[2] ?? '');
    for (const { name } of resources) {
      const [resource = '', subresource] = name.split('/');
      found.set(`${group}/${name}`, { group, resource, ...(subresource !== undefined && { subresource }) });
    }
  }
  return [...found.values(), ...UNDISCOVERED];
}

const describeAll = (rights: readonly Right[]) => rights.map(describeRight).toSorted();

/** What every ServiceAccount may. */
const ASKING = [
  'create selfsubjectaccessreviews.authorization.k8s.io',
  'create selfsubjectreviews.authentication.k8s.io',
  'create selfsubjectrulesreviews.authorization.k8s.io',
];

test('a ServiceAccount without a Role may ask what it may, and nothing else', async () => {
  const nobody = await open(await own.serviceAccountKubeconfig('team', 'nobody'));
  const everything = (await everyResource()).flatMap((resource) => VERBS.map((verb) => ({ ...resource, verb })));
  expect(everything.length).toBeGreaterThan(1500);
  expect(describeAll(await allowedRights(nobody, everything))).toEqual(ASKING);
});

describe.each(MODES)('$mode', ({ namespace, watched }) => {
  let client: KubeClient;
  let everything: readonly Omit<Right, 'namespace'>[];
  const lease = { namespace, name: NAME };
  const granted = operatorRights({ namespaces: watched, lease });
  const isWatched = (place: string) => watched.length === 0 || watched.includes(place);

  beforeAll(async () => {
    client = await open(await own.serviceAccountKubeconfig(namespace, NAME));
    everything = (await everyResource()).flatMap((resource) => VERBS.map((verb) => ({ ...resource, verb })));
  });

  test('in all namespaces at once it may do nothing but what its ClusterRole says', async () => {
    const expected = granted.filter((right) => right.namespace === undefined);
    expect(expected).toHaveLength(watched.length === 0 ? 9 : 0);
    expect(describeAll(await allowedRights(client, everything))).toEqual([...ASKING, ...describeAll(expected)].toSorted());
  });

  const places = ['team', namespace, ...(watched.length === 0 ? [] : ['foreign'])];
  test.each(places)('in the namespace %s it may do nothing else', async (place) => {
    const asked = everything.map((right) => ({ ...right, namespace: place }));
    // In a place of its own the API server asks again for what it allows everywhere.
    const expected = granted
      .filter((right) => (right.resource === 'leases' ? right.namespace === place && right.name === undefined : isWatched(place)))
      .map((right) => ({ ...right, namespace: place }));
    const asking = ASKING.map((right) => `${right} in ${place}`);
    expect(describeAll(await allowedRights(client, asked))).toEqual([...asking, ...describeAll(expected)].toSorted());
  });

  test('of all leases it may read and renew its own', async () => {
    const names = [NAME, 'other', `${NAME}-2`];
    const asked = ['team', namespace, 'kube-system'].flatMap((place) =>
      names.flatMap((name) =>
        VERBS.map((verb) => ({ group: 'coordination.k8s.io', resource: 'leases', verb, namespace: place, name })),
      ),
    );
    expect(describeAll(await allowedRights(client, asked))).toEqual([
      // Of a creation the API server does not ask by name, so the right holds for each.
      ...names.map((name) => `create ${LEASE} "${name}" in ${namespace}`).toSorted(),
      `get ${LEASE} "${NAME}" in ${namespace}`,
      `update ${LEASE} "${NAME}" in ${namespace}`,
    ]);
  });

  test.each([
    ['list', 'secrets'],
    ['watch', 'secrets'],
    ['delete', 'secrets'],
    ['list', 'configmaps'],
    ['create', 'mcpservers.mcpserver-operator.dev'],
    ['update', 'mcpservers.mcpserver-operator.dev'],
    ['patch', 'mcpservers.mcpserver-operator.dev'],
    ['delete', 'mcpservers.mcpserver-operator.dev'],
    ['patch', 'mcpservers.mcpserver-operator.dev', '--subresource=status'],
    ['update', 'mcpservers.mcpserver-operator.dev', '--subresource=finalizers'],
    ['get', 'events.events.k8s.io'],
    ['create', 'events'],
    ['get', 'pods'],
    ['create', 'pods', '--subresource=exec'],
    ['get', 'deployments.apps'],
    ['create', 'serviceaccounts', '--subresource=token'],
    ['escalate', 'roles.rbac.authorization.k8s.io'],
    ['bind', 'clusterroles.rbac.authorization.k8s.io'],
    ['impersonate', 'serviceaccounts'],
  ])('kubectl auth can-i %s %s %s: no', async (...args) => {
    const place = watched.length === 0 ? '--all-namespaces' : '--namespace=team';
    const answer = await own.kubectl(['auth', 'can-i', ...args, place, `--as=${accountOf(namespace)}`]);
    expect({ said: answer.stdout.trim(), code: answer.code }).toEqual({ said: 'no', code: 1 });
  });

  test('kubectl auth can-i: it reads Secrets where it watches, and in no other namespace', async () => {
    const canGet = async (place: string) => {
      const args = ['auth', 'can-i', 'get', 'secrets/any', '-n', place, `--as=${accountOf(namespace)}`];
      return (await own.kubectl(args)).stdout.trim() === 'yes';
    };
    for (const place of ['team', 'foreign', namespace, 'kube-system']) expect(await canGet(place), place).toBe(isWatched(place));
  });

  test('it can read no URL that tells of the cluster or its processes', async () => {
    for (const path of ['/metrics', '/logs', '/debug/pprof/', '/configz']) {
      expect(await client.request({ method: 'GET', path }), path).toMatchObject({ kind: 'status', status: 403 });
    }
  });

  test('a write of the status changes neither spec, labels, annotations, finalizers nor owners, whatever it carries', async () => {
    const name = `own-${namespace}`;
    const manifest = {
      apiVersion: 'mcpserver-operator.dev/v1alpha1',
      kind: 'MCPServer',
      metadata: { name, namespace: 'team', labels: { team: 'a' } },
      spec: { url: 'https://mcp.example.com/mcp' },
    };
    await kubectl(['create', '-f', '-'], stringify(manifest));
    const path = `${collectionPath('team')}/${name}`;
    const before = await ask(client, { method: 'GET', path }, MCPServerObject);
    const changed = {
      ...before,
      metadata: {
        ...before.metadata,
        labels: { team: 'b' },
        annotations: { a: 'b' },
        finalizers: ['example.com/stuck'],
        ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: 's', uid: before.metadata.uid }],
      },
      spec: { url: 'https://attacker.example/mcp', suspend: true },
      status: { observedGeneration: 1, state: 'Available' },
    };
    const body = JSON.stringify(changed);
    const after = await ask(client, { method: 'PUT', path: `${path}/status`, body }, MCPServerObject);
    const { resourceVersion: _old, managedFields: _oldFields, ...metadata } = before.metadata;
    expect(after).toMatchObject({ metadata, spec: before.spec, status: { state: 'Available' } });
    for (const field of ['annotations', 'finalizers', 'ownerReferences']) expect(after.metadata).not.toHaveProperty(field);

    const merge = { contentType: 'application/merge-patch+json', body: '{"status":{"state":"Denied"}}' };
    const refused: KubeRequest[] = [
      { method: 'PUT', path, body },
      { method: 'PATCH', path, ...merge },
      { method: 'PATCH', path: `${path}/status`, ...merge },
      { method: 'DELETE', path },
      { method: 'POST', path: collectionPath('team'), body },
      { method: 'DELETE', path: collectionPath('team') },
    ];
    for (const request of refused) {
      const what = `${request.method} ${request.path}`;
      expect(await client.request(request), what).toMatchObject({ kind: 'status', status: 403, reason: 'Forbidden' });
    }
    expect(await ask(admin, { method: 'GET', path }, MCPServerObject)).toEqual(after);
  });
});
