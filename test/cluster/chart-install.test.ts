/**
 * The chart installed by helm where something is in the way: a CRD or a ClusterRole of another release, a CRD that is no release's. Each is
 * refused before anything is made, in a sentence that says whose it is, and what the sentence says to do works. On a control plane of its
 * own, because the CRD belongs to the whole cluster.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHART } from '../../hack/chart.ts';
import type { RunResult } from '../../hack/controlplane/run.ts';
import { type ControlPlane, startControlPlane } from '../../hack/controlplane/start.ts';
import { until } from '../platform/until.ts';
import { expectSuccess } from './control-plane.ts';
import { otherDefinition } from './other-definition.ts';

const CRD = 'mcpservers.mcpserver-operator.dev';
let own: ControlPlane;

beforeAll(async () => {
  own = await startControlPlane();
});
afterAll(() => own?.stop());

const kubectl = async (...args: string[]) => expectSuccess(await own.kubectl(args));
const helm = (verb: string, release: string, namespace: string, ...args: string[]) =>
  own.helm([verb, release, ...(verb === 'uninstall' ? [] : [CHART, '--create-namespace']), '--namespace', namespace, ...args]);

/** Helm's refusal; nothing may have been made. */
async function refusal(result: RunResult, namespace: string): Promise<string> {
  expect(result.code).toBe(1);
  expect((await own.kubectl(['get', 'deployments', '-n', namespace, '-o', 'name'])).stdout).toBe('');
  return result.stderr;
}

/** Does what a refusal says, from `kubectl ` to the end of the line, `&&` included. */
async function obey(said: string): Promise<void> {
  const [, line = ''] = /: (kubectl .*)$/m.exec(said) ?? [];
  expect(line).toContain(CRD);
  for (const command of line.split(' && ')) await kubectl(...command.split(' ').slice(1));
}

describe('a chart that is installed twice', () => {
  test('the second release hears which one owns the CRD, and works beside it as it is told to', async () => {
    expectSuccess(await helm('install', 'first', 'a', '--set', 'watch.namespaces={a}'));
    const said = await refusal(await helm('install', 'second', 'b'), 'b');
    expect(said).toContain(
      `the CRD ${CRD} belongs to the release first in namespace a, and only one release can own it: to run a second operator, set crds.enabled=false here, and watch.namespaces to namespaces that the other does not watch;`,
    );
    expectSuccess(await helm('install', 'second', 'b', '--set', 'crds.enabled=false,watch.namespaces={b}'));
    expectSuccess(await helm('upgrade', 'second', 'b', '--set', 'crds.enabled=false,watch.namespaces={b}'));
    expectSuccess(await helm('uninstall', 'second', 'b'));
  });

  test('a release of the same name elsewhere hears whose the names are, and whether to have two at all', async () => {
    const advice =
      'if that one watches the same namespaces, upgrade it instead, as two operators would probe and write everything twice; else choose another name for this release, or fullnameOverride';
    const role = 'ClusterRole first-mcpserver-operator';
    const owned = 'belongs to the release first in namespace a';
    const other = () => helm('install', 'first', 'b', '--set', 'crds.enabled=false');
    expect(await refusal(await other(), 'b')).toContain(`the ${role}-view ${owned}: ${advice}`);
    expectSuccess(await helm('upgrade', 'first', 'a', '--reset-values'));
    expect(await refusal(await other(), 'b')).toContain(`the ${role} ${owned}, the ${role}-view ${owned}: ${advice}`);
  });

  test('the release itself is upgraded, and installed again after its end', async () => {
    expectSuccess(await helm('upgrade', 'first', 'a', '--set', 'logging.level=debug'));
    expectSuccess(await helm('uninstall', 'first', 'a'));
    expect(await kubectl('get', 'crd', CRD, '-o', 'name')).toContain(CRD);
    expectSuccess(await helm('install', 'first', 'a'));
    expectSuccess(await helm('uninstall', 'first', 'a'));
  });

  test('the CRD that a release left behind can be taken over as the sentence says', async () => {
    const said = await refusal(await helm('install', 'heir', 'c'), 'c');
    expect(said).toContain('belongs to the release first in namespace a');
    await obey(said);
    expectSuccess(await helm('install', 'heir', 'c'));
    expectSuccess(await helm('uninstall', 'heir', 'c'));
  });
});

test('a CRD that somebody else applied stays theirs, or is given to the release, as the sentence says', async () => {
  await kubectl('delete', 'crd', CRD, '--timeout=30s');
  await kubectl('apply', '--server-side', '-f', 'crds/');
  const said = await refusal(await helm('install', 'op', 'd'), 'd');
  expect(said).toContain(
    `the CRD ${CRD} is there already and belongs to no release of Helm: leave it to who applied it with crds.enabled=false, or give it to this release: kubectl label`,
  );
  expectSuccess(await helm('install', 'op', 'd', '--set', 'crds.enabled=false'));
  expectSuccess(await helm('uninstall', 'op', 'd'));
  await obey(said);
  // The fields stay those of the kubectl that applied them; helm takes them only when it is told to.
  expectSuccess(await helm('install', 'op', 'd', '--server-side=true', '--force-conflicts'));
  expect(await kubectl('get', 'crd', CRD, '-o', 'jsonpath={.metadata.annotations}')).toContain(
    '"meta.helm.sh/release-name":"op"',
  );
});

test('who has rights in namespaces only installs the chart there: nothing else is looked up', async () => {
  await kubectl('create', 'namespace', 'e');
  await kubectl('create', 'rolebinding', 'all', '--clusterrole=cluster-admin', '--user=tenant', '-n', 'e');
  const kubeconfig = await own.kubeconfig({ user: 'tenant' });
  const values = ['--set', 'crds.enabled=false,watch.namespaces={e}'];
  expectSuccess(await own.helm(['install', 'mine', CHART, '--namespace', 'e', ...values], { kubeconfig }));
  expectSuccess(await own.helm(['uninstall', 'mine', '--namespace', 'e'], { kubeconfig }));
});

test("another operator's MCPServer is a warning in the notes, as in doctor", async () => {
  const crd = otherDefinition(['v1', 'v2']);
  const upgrade = async () => expectSuccess(await helm('upgrade', 'op', 'd', '--set', 'crds.enabled=false'));
  expect(await upgrade()).not.toContain('Warning');
  expectSuccess(await own.kubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(crd) }));
  await kubectl('wait', '--for=condition=Established', 'crd/mcpservers.other.example.com', '--timeout=30s');
  const said = await until(async () => /^Warning: .*/m.exec(await upgrade())?.[0], { what: 'the notes warn', timeoutMs: 20_000 });
  expect(said).toBe(
    'Warning: mcpservers.other.example.com has the kind MCPServer too, and kubectl may mean those. Nothing needs to go:',
  );
});

test('A1: the default time-out of the values is that of a server that says nothing, and no more than a probe has time for', async () => {
  const server = { apiVersion: 'mcpserver-operator.dev/v1alpha1', kind: 'MCPServer', metadata: { name: 'x', namespace: 'd' } };
  const upgrade = (...values: string[]) => helm('upgrade', 'op', 'd', '--server-side=true', '--force-conflicts', ...values);
  const timeoutOf = async (spec: object) => {
    const input = JSON.stringify({ ...server, spec: { url: 'https://mcp.example.com/mcp', ...spec } });
    const args = ['create', '--dry-run=server', '-f', '-', '-o', 'jsonpath={.spec.probe.timeoutSeconds}'];
    return expectSuccess(await own.kubectl(args, { input }));
  };
  expectSuccess(await upgrade('--set', 'probe.timeoutSeconds=7'));
  await until(async () => (await timeoutOf({})) === '7', { what: 'the new default is served', timeoutMs: 20_000 });
  expect(await timeoutOf({ probe: { periodSeconds: 60 } })).toBe('7');
  expect(await timeoutOf({ probe: { timeoutSeconds: 8 } })).toBe('8');
  const beyond = await upgrade('--skip-schema-validation', '--set', 'probe.timeoutSeconds=31');
  expect(beyond.stderr).toContain('deadlineSeconds must be at least timeoutSeconds');
});
