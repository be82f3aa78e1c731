/**
 * The rights of the chart are no larger than they must be. Every right that the rendered bindings give to the operator, in both modes, is
 * taken away in turn from an identity that has all others: on a real API server the act that is named for it is then refused with 403,
 * and with it the act is done. A right that no act needs fails here, as does an act without its right, and `doctor` asks for the same.
 *
 * test/cluster/operator/rights.test.ts has the other half: a running operator needs nothing that is not there.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { installChart, type Manifest, renderChart } from '../../hack/chart.ts';
import { type ControlPlane, startControlPlane } from '../../hack/controlplane/start.ts';
import { describeRight, examineRights, installerRights, operatorRights, type Right } from '../../src/cli/doctor/rights.ts';
import type { KubeClient, Method } from '../../src/kube/client.ts';
import { until } from '../platform/until.ts';
import { controlPlane, expectSuccess } from './control-plane.ts';
import { openClient, readConfig } from './kube-client.ts';
import { ACTS, REFERENCE, SERVER, type Stage } from './operator-acts.ts';
import { describeAct, rightsOf, rolesFor } from './rendered-rights.ts';

const NAME = 'mcpserver-operator';
const WATCHED = 'watched';
const METHODS: Readonly<Record<string, Method>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
};

/** Rendered before the tests are counted: each right is a test. */
const MODES = await Promise.all(
  [
    { mode: 'a ClusterRole for all namespaces', namespace: 'ops-all', watched: [] },
    { mode: 'Roles for watch.namespaces', namespace: 'ops-some', watched: [WATCHED] },
  ].map(async ({ mode, namespace, watched }) => {
    const values = { watch: { namespaces: watched } };
    const manifests = await renderChart(controlPlane, { namespace, values });
    const rights = rightsOf(manifests, { namespace, name: NAME });
    return { mode, namespace, watched, values, manifests, rights };
  }),
);
type Mode = (typeof MODES)[number];

let own: ControlPlane;
const clients: KubeClient[] = [];

async function apply(...manifests: readonly (Manifest | object)[]): Promise<void> {
  const input = manifests.map((manifest) => stringify(manifest)).join('---\n');
  expectSuccess(await own.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input }));
}

beforeAll(async () => {
  own = await startControlPlane();
  for (const { namespace, values } of MODES) {
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: WATCHED } });
    await installChart(own, namespace, values);
  }
  const metadata = { name: REFERENCE, namespace: WATCHED };
  await apply(
    {
      apiVersion: 'mcpserver-operator.dev/v1alpha1',
      kind: 'MCPServer',
      metadata: { name: SERVER, namespace: WATCHED },
      spec: { url: 'https://mcp.example.com/mcp' },
    },
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { token: 't' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'ca.crt': 'c' } },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'mcp', port: 80 }] } },
    ...MODES.flatMap(({ rights }, mode) => rights.flatMap((_, index) => rolesFor(userOf(mode, index), allBut(rights, index)))),
  );
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await own?.stop();
});

const describeAll = (rights: readonly Right[]) => rights.map(describeRight).toSorted();
const userOf = (mode: number, index: number) => `mode-${mode}-without-${index}`;
const allBut = (rights: readonly Right[], index: number) => rights.filter((_, each) => each !== index);

/** The stage for the identity in `kubeconfig` as soon as the API server knows that it has `rights`; and what it was refused. */
async function setStage({ namespace, watched }: Mode, kubeconfig: string, rights: readonly Right[]) {
  const refusals: Method[] = [];
  const client = openClient(await readConfig(kubeconfig), {
    observe: ({ method, code }) => code === '403' && refusals.push(method),
  });
  clients.push(client);
  await until(async () => (await examineRights(client, rights, { who: 'it', remedy: '' })).kind === 'passed', {
    what: 'the API server knows the roles',
  });
  const lease = ['lease', NAME, '-n', namespace];
  const server = ['mcpserver', SERVER, '-n', WATCHED];
  const kubectl = async (...args: readonly string[]) => expectSuccess(await own.kubectl(args));
  const stage: Stage = {
    client,
    refused: () => refusals.length > 0,
    watched,
    namespace: WATCHED,
    lease: { namespace, name: NAME },
    admin: {
      touch: async () => void (await kubectl('annotate', ...server, '--overwrite', `touched=${performance.now()}`)),
      async version() {
        const { metadata } = JSON.parse(await kubectl('get', ...server, '-o', 'json'));
        return { uid: metadata.uid, resourceVersion: metadata.resourceVersion };
      },
      async lease(state) {
        await kubectl('delete', ...lease, '--ignore-not-found');
        const metadata = { name: NAME, namespace };
        if (state === 'free') await apply({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: {} });
      },
    },
  };
  return { stage, refusals };
}

describe.each(MODES.map((mode, index) => ({ ...mode, index })))('$mode', (mode) => {
  const { namespace, watched, rights } = mode;
  let granted: Awaited<ReturnType<typeof setStage>>;

  beforeAll(async () => {
    granted = await setStage(mode, await own.serviceAccountKubeconfig(namespace, NAME), rights);
  });

  test('each right is there for one act, and each act has its right', () => {
    expect(rights.map(describeAct).toSorted()).toEqual(Object.keys(ACTS).toSorted());
  });

  test('each holds where the operator needs it and nowhere else', () => {
    const places = watched.length === 0 ? [undefined] : watched;
    for (const right of rights) {
      expect(right.resource === 'leases' ? [namespace] : places, describeAct(right)).toContain(right.namespace);
    }
  });

  test('doctor asks for exactly these', () => {
    expect(rights).toHaveLength(12);
    const asked = operatorRights({ namespaces: watched, lease: { namespace, name: NAME } });
    expect(describeAll(rights)).toEqual(describeAll(asked));
  });

  test('doctor --pre asks whether who installs may create each object of the chart, and no others', () => {
    const rendered = mode.manifests.map(({ apiVersion, kind, metadata }): Right => {
      const group = apiVersion.includes('/') ? apiVersion.replace(/\/.*/, '') : '';
      const place = metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
      return { group, resource: `${kind.toLowerCase()}s`, verb: 'create', ...place };
    });
    const asked = installerRights({ namespaces: watched, lease: { namespace, name: NAME } });
    const creations = asked.filter(({ verb }) => verb === 'create');
    expect(new Set(describeAll(creations))).toEqual(new Set(describeAll(rendered)));
  });

  test.each(
    rights.map((right, index) => [describeAct(right), ACTS[describeAct(right)]?.what ?? 'do less', right, index] as const),
  )('without "%s" it can not %s', async (act, _what, right, index) => {
    const perform = ACTS[act]?.perform;
    if (perform === undefined) throw new Error(`why may the operator ${act}? No act in operator-acts.ts needs it`);
    const lacking = await own.kubeconfig({ user: userOf(mode.index, index) });
    const without = await setStage(mode, lacking, allBut(rights, index));
    expect({ done: await perform(without.stage), refused: new Set(without.refusals) }).toEqual({
      done: false,
      refused: new Set([METHODS[right.verb]]),
    });
    expect({ done: await perform(granted.stage), refused: granted.refusals }).toEqual({ done: true, refused: [] });
  });
});

test('with several watched namespaces each has the same rights', async () => {
  const values = { watch: { namespaces: ['team-a', 'team-b'] } };
  const rights = rightsOf(await renderChart(controlPlane, { namespace: 'ops', values }), { namespace: 'ops', name: NAME });
  const asked = operatorRights({ namespaces: ['team-a', 'team-b'], lease: { namespace: 'ops', name: NAME } });
  expect(describeAll(rights)).toEqual(describeAll(asked));
});

test('without leader election there are no rights on leases; with rbac.create: false there are none at all', async () => {
  const rightsWith = async (values: object) =>
    rightsOf(await renderChart(controlPlane, { namespace: 'ops', values }), { namespace: 'ops', name: NAME }).map(describeAct);
  const alone = await rightsWith({ replicaCount: 1, leaderElection: { enabled: false } });
  expect(alone.toSorted()).toEqual(
    Object.keys(ACTS)
      .filter((act) => !act.includes('leases'))
      .toSorted(),
  );
  expect(await rightsWith({ rbac: { create: false } })).toEqual([]);
});
