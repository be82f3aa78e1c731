import { describe, expect, test } from 'vitest';
import { firstDifference } from '../../../src/cli/doctor/definition.ts';
import { CRD_PATH, createPatient, definition, findingOf, ok } from './patient.ts';

const GROUP_PATH = '/apis/mcpserver-operator.dev/v1alpha1';
type Version = { served: boolean; subresources?: unknown; schema: { openAPIV3Schema: { properties?: Record<string, unknown> } } };

async function look(reply: Parameters<Awaited<ReturnType<typeof createPatient>>['breaks']>[1], pre = false) {
  const patient = await createPatient();
  patient.breaks(CRD_PATH, reply);
  const results = await patient.examine({ pre });
  return Object.fromEntries(results.map(({ check, finding }) => [check, finding]));
}
const changed = (change: (version: Version) => void) =>
  definition((crd) => {
    const [version] = crd.spec.versions;
    if (version !== undefined) change(version);
  });

test('a CRD that is missing fails, and says how to install it', async () => {
  const { crd, crdSchema, statuses } = await look({ status: 404 });
  expect(crd).toEqual({
    kind: 'failed',
    message: 'mcpservers.mcpserver-operator.dev is not installed',
    remedy: 'Install the chart with crds.enabled: true, or run `kubectl apply --server-side -f crds/`.',
  });
  expect(crdSchema).toBeUndefined();
  expect(statuses).toMatchObject({ kind: 'skipped' });
});

test('one that does not serve this version, or is not established yet, fails', async () => {
  const unserved = changed((version) => Object.assign(version, { served: false }));
  expect((await look(unserved))['crd']).toMatchObject({
    kind: 'failed',
    message: expect.stringContaining('does not serve v1alpha1'),
  });
  expect((await look(definition(undefined, ['NamesAccepted'])))['crd']).toMatchObject({
    kind: 'failed',
    message: expect.stringContaining('not established'),
  });
});

test('names that are not accepted fail', async () => {
  expect((await look(definition(undefined, ['Established'])))['crdNames']).toMatchObject({
    kind: 'failed',
    message: 'the API server does not accept the names of mcpservers.mcpserver-operator.dev',
    remedy: expect.stringContaining('kubectl get crd'),
  });
});

describe('the schema', () => {
  test('of another version fails, and names the first field that differs', async () => {
    const other = changed(({ schema }) => {
      const spec = schema.openAPIV3Schema.properties?.['spec'] as {
        properties: { tls: { properties: Record<string, unknown> } };
      };
      delete spec.properties.tls.properties['serverName'];
    });
    expect((await look(other))['crdSchema']).toEqual({
      kind: 'failed',
      message: 'the CRD is that of another version, and differs first at spec.tls.serverName',
      remedy: expect.stringMatching(/restart the operator\.$/),
    });
    expect((await look(other, true))['crdSchema']).toMatchObject({ kind: 'warning' });
  });

  test('without the status subresource fails', async () => {
    const without = changed((version) => delete version.subresources);
    expect((await look(without))['crdSchema']).toMatchObject({ kind: 'failed', message: expect.stringMatching(/subresources$/) });
  });

  test('whose default time-out the chart has set is that of this version', async () => {
    const other = changed(({ schema }) => {
      const text = JSON.stringify(schema)
        .replaceAll('"timeoutSeconds":10', '"timeoutSeconds":5')
        .replace('"default":10', '"default":5');
      Object.assign(schema, JSON.parse(text));
      expect(text).toContain('"default":5');
    });
    expect((await look(other))['crdSchema']).toMatchObject({ kind: 'passed' });
  });
});

describe('without the right to read CRDs', () => {
  const withDiscovery = async (reply: Parameters<Awaited<ReturnType<typeof createPatient>>['breaks']>[1]) => {
    const patient = await createPatient();
    patient.breaks(CRD_PATH, { status: 403 });
    patient.breaks(GROUP_PATH, reply);
    return patient.examine();
  };

  test('discovery tells whether it is served, and nobody guesses the schema', async () => {
    const results = withDiscovery(ok({ resources: [{ name: 'mcpservers' }, { name: 'mcpservers/status' }] }));
    expect(await findingOf(results, 'crd')).toMatchObject({ kind: 'passed' });
    expect(await findingOf(results, 'crdSchema')).toMatchObject({ kind: 'skipped' });
  });

  test('discovery tells that it is missing', async () => {
    expect(await findingOf(withDiscovery({ status: 404 }), 'crd')).toMatchObject({ kind: 'failed' });
    expect(await findingOf(withDiscovery({ status: 403 }), 'crd')).toMatchObject({ kind: 'skipped' });
  });
});

test('a CRD that can not be read for another cause fails with that cause', async () => {
  expect((await look({ status: 200, body: 'none' }))['crd']).toMatchObject({
    kind: 'failed',
    message: expect.stringContaining('not that of a Kubernetes API'),
  });
});

test('the order of fields is no difference, the order of a list is', () => {
  expect(firstDifference({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBeUndefined();
  expect(firstDifference({ properties: { a: [1, 2] } }, { properties: { a: [2, 1] } })).toBe('a.0');
  expect(firstDifference({}, null)).toBe('the schema');
  expect(firstDifference({ a: {} }, { a: [] })).toBe('a');
});
