/**
 * `doctor` against a real API server: before the installation, well, and with one part taken away at a time. On a control plane of its
 * own, since the CRD goes and comes.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installChart } from '../../hack/chart.ts';
import { type ControlPlane, startControlPlane } from '../../hack/controlplane/start.ts';
import { doctorVerb } from '../../src/cli/doctor/doctor.ts';
import { createFakeTerminal } from '../cli/fake-terminal.ts';
import { until } from '../platform/until.ts';
import { expectSuccess } from './control-plane.ts';
import { otherDefinition } from './other-definition.ts';

const NAMESPACE = 'mcp';
const USER = `system:serviceaccount:${NAMESPACE}:mcpserver-operator`;
const LEASE = ['lease', 'mcpserver-operator', '-n', NAMESPACE];

let own: ControlPlane;
let operatorKubeconfig = '';

beforeAll(async () => {
  own = await startControlPlane();
});
afterAll(() => own?.stop());

const kubectl = async (args: readonly string[], input?: string) =>
  expectSuccess(await own.kubectl(args, input === undefined ? {} : { input }));

async function doctor(...args: string[]) {
  const terminal = createFakeTerminal();
  const kubeconfig = args.includes('--kubeconfig') ? [] : ['--kubeconfig', own.adminKubeconfig];
  const code = await doctorVerb([...kubeconfig, ...args, '-o', 'json'], terminal);
  expect(terminal.stderr()).toBe('');
  const { checks } = JSON.parse(terminal.stdout()) as { checks: { check: string; result: string; message: string }[] };
  return {
    code,
    results: Object.fromEntries(checks.map(({ check, result }) => [check, result])),
    messages: Object.fromEntries(checks.map(({ check, message }) => [check, message])),
  };
}

/** A lease as the operator writes it; `renewTime` is now. */
const renewLease = () =>
  kubectl(
    ['apply', '--server-side', '-f', '-'],
    JSON.stringify({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'mcpserver-operator', namespace: NAMESPACE },
      spec: {
        holderIdentity: 'operator-0_x',
        leaseDurationSeconds: 15,
        renewTime: new Date().toISOString().replace('Z', '000Z'),
      },
    }),
  );

test('before the installation --pre finds nothing amiss, and without it what is missing is named', async () => {
  const pre = await doctor('--pre');
  expect(pre.code).toBe(0);
  expect(pre.results).toEqual({
    apiServer: 'passed',
    kubernetesVersion: 'passed',
    crd: 'passed',
    otherOperators: 'passed',
    rights: 'passed',
    metadataAddress: 'passed',
  });
  const { code, results } = await doctor('--as', USER);
  expect(code).toBe(1);
  expect(results).toMatchObject({ apiServer: 'passed', crd: 'failed', rights: 'failed', lease: 'failed', statuses: 'skipped' });
});

test('with the chart installed and an operator that leads all is well, for an administrator and for the operator itself', async () => {
  operatorKubeconfig = (await installChart(own, NAMESPACE)).kubeconfig;
  await renewLease();
  const admin = await doctor('--as', USER);
  expect(admin).toMatchObject({ code: 0, messages: { rights: `${USER} has all 12 that it needs` } });
  expect(new Set(Object.values(admin.results))).toEqual(new Set(['passed']));
  expect(Object.keys(admin.results)).toHaveLength(10);
  await renewLease();
  const itself = await doctor('--kubeconfig', operatorKubeconfig);
  expect(itself).toMatchObject({ code: 0, results: { crd: 'passed', crdSchema: 'skipped', rights: 'passed', lease: 'passed' } });
});

test('a chart that sets the default time-out has the schema of this version all the same', async () => {
  await installChart(own, NAMESPACE, { probe: { timeoutSeconds: 5 } });
  expect((await doctor()).results).toMatchObject({ crdSchema: 'passed' });
});

test('a CRD of another version is told with the field', async () => {
  const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/tls/properties/serverName/maxLength';
  await kubectl([
    'patch',
    'crd',
    'mcpservers.mcpserver-operator.dev',
    '--type=json',
    '-p',
    JSON.stringify([{ op: 'replace', path, value: 99 }]),
  ]);
  const { code, messages } = await doctor();
  expect(code).toBe(1);
  expect(messages['crdSchema']).toBe('the CRD is that of another version, and differs first at spec.tls.serverName.maxLength');
  await installChart(own, NAMESPACE);
  expect((await doctor()).results['crdSchema']).toBe('passed');
});

test('rights that are missing are named', async () => {
  const role = JSON.parse(await kubectl(['get', 'clusterrole', 'mcpserver-operator', '-o', 'json']));
  await kubectl(['delete', 'clusterrole', 'mcpserver-operator']);
  const nothing = await doctor('--as', USER);
  expect(nothing.code).toBe(1);
  expect(nothing.messages['rights']).toMatch(/^system:.* may not get mcpservers\.mcpserver-operator\.dev, .* and 1 more$/);
  delete role.metadata.resourceVersion;
  await kubectl(['create', '-f', '-'], JSON.stringify(role));
  await until(async () => (await doctor('--as', USER)).results['rights'] === 'passed', {
    what: 'the rights are back',
    timeoutMs: 10_000,
  });
});

test('nobody who leads, and a lease that is gone', async () => {
  const stale = { spec: { renewTime: '2026-01-01T00:00:00.000000Z' } };
  await kubectl(['patch', ...LEASE, '--type=merge', '-p', JSON.stringify(stale)]);
  expect((await doctor()).messages['lease']).toMatch(
    /^nobody leads: operator-0_x \(lease mcp\/mcpserver-operator\) did not renew for \d+ d$/,
  );
  await kubectl(['delete', ...LEASE]);
  expect((await doctor()).messages['lease']).toMatch(/^no namespace has a lease mcpserver-operator:/);
});

test("another operator's MCPServer is told, and is no failure", async () => {
  const other = otherDefinition(['v1']);
  await kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(other));
  await kubectl(['wait', '--for=condition=Established', 'crd/mcpservers.other.example.com', '--timeout=30s']);
  const warned = await until(
    async () => {
      const found = await doctor('--pre');
      return found.results['otherOperators'] === 'warning' ? found : undefined;
    },
    { what: 'discovery tells of it', timeoutMs: 10_000 },
  );
  expect(warned.code).toBe(0);
  expect(warned.messages['otherOperators']).toContain('mcpservers.other.example.com has mcpservers');
});

test('a CRD that is missing is told, by discovery too', async () => {
  await kubectl(['delete', 'crd', 'mcpservers.mcpserver-operator.dev', '--timeout=30s']);
  const { code, messages } = await doctor();
  expect(code).toBe(1);
  expect(messages['crd']).toBe('mcpservers.mcpserver-operator.dev is not installed');
  await until(async () => (await doctor('--kubeconfig', operatorKubeconfig)).results['crd'] === 'failed', {
    what: 'discovery forgets it',
    timeoutMs: 10_000,
  });
});
