import { expect, test } from 'vitest';
import { describeRight, installerRights, operatorRights } from '../../../src/cli/doctor/rights.ts';
import { createPatient, findingOf, REVIEW_PATH } from './patient.ts';

const lease = { namespace: 'mcp', name: 'op' };

/** Refuses what `refuses` says of `resourceAttributes`. */
async function look(refuses: (attributes: Record<string, string>) => boolean, options = {}) {
  const { examine, breaks, api } = await createPatient();
  breaks(REVIEW_PATH, ({ body }) => ({
    status: 201,
    body: { status: { allowed: !refuses(JSON.parse(body).spec.resourceAttributes) } },
  }));
  return { finding: await findingOf(examine(options), 'rights'), api };
}

test('the operator needs 9 rights in each namespace and 3 on its lease', () => {
  expect(operatorRights({ namespaces: [], lease })).toHaveLength(12);
  expect(operatorRights({ namespaces: ['a', 'b'], lease })).toHaveLength(21);
  expect(operatorRights({ namespaces: ['a'], lease }).map(describeRight)).toContain(
    'update mcpservers.mcpserver-operator.dev/status in a',
  );
});

test('each right that is missing is named', async () => {
  for (const right of operatorRights({ namespaces: [], lease: { namespace: 'mcp', name: 'mcpserver-operator' } })) {
    const same = (attributes: Record<string, string>) =>
      attributes['resource'] === right.resource &&
      attributes['verb'] === right.verb &&
      attributes['subresource'] === right.subresource;
    expect((await look(same)).finding).toEqual({
      kind: 'failed',
      message: `this identity may not ${describeRight(right)}`,
      remedy: expect.stringContaining('rbac.create: true'),
    });
  }
});

test('many are counted', async () => {
  const { finding, api } = await look(() => true, { namespaces: ['a', 'b', 'c'] });
  expect(finding?.message).toMatch(/^this identity may not get mcpservers\.mcpserver-operator\.dev in a, .* and 22 more$/);
  expect(api.received.filter(({ path }) => path === REVIEW_PATH)).toHaveLength(30);
});

test('--pre asks for the rights of who installs', async () => {
  const { finding } = await look(({ resource }) => resource === 'clusterroles', { pre: true });
  expect(finding).toEqual({
    kind: 'failed',
    message: 'this identity may not create clusterroles.rbac.authorization.k8s.io',
    remedy: expect.stringContaining('cluster administrator'),
  });
  const scoped = installerRights({ namespaces: ['a'], lease }).map(describeRight);
  expect(scoped).toContain('create clusterroles.rbac.authorization.k8s.io');
  expect(scoped).toContain('create rolebindings.rbac.authorization.k8s.io in a');
  expect(scoped).not.toContain('create clusterrolebindings.rbac.authorization.k8s.io');
});

test('reviews that are refused are a failure of their own', async () => {
  const { examine, breaks } = await createPatient();
  breaks(REVIEW_PATH, { status: 403 });
  expect(await findingOf(examine(), 'rights')).toMatchObject({
    kind: 'failed',
    message: 'the rights of this identity can not be asked for (HTTP 403 Scripted)',
    remedy: expect.stringContaining('impersonate'),
  });
});
