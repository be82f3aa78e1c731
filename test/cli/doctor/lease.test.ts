import { expect, test } from 'vitest';
import { listReply } from '../../kube/scripted-api-server.ts';
import { until } from '../../platform/until.ts';
import { createPatient, findingOf, LEASE_PATH, lease, ok } from './patient.ts';

test('who leads is told, with the age of the lease, wherever it was installed', async () => {
  const { examine } = await createPatient();
  expect(await findingOf(examine(), 'lease')).toEqual({
    kind: 'passed',
    message: 'operator-0_x (lease mcp/mcpserver-operator) leads, renewed 2 s ago',
  });
});

test('a lease that is nowhere, or in a place that nobody named, fails', async () => {
  const { examine, breaks } = await createPatient();
  breaks('/apis/coordination.k8s.io/v1/leases', listReply([], '1'));
  expect(await findingOf(examine(), 'lease')).toMatchObject({
    kind: 'failed',
    message: 'no namespace has a lease mcpserver-operator: no operator leads in this cluster',
    remedy: expect.stringContaining('kubectl get pods -A -l app.kubernetes.io/name=mcpserver-operator'),
  });
  // Who may not look everywhere is told where nothing was found, and how to name another place.
  breaks('/apis/coordination.k8s.io/v1/leases', { status: 403 });
  expect(await findingOf(examine(), 'lease')).toMatchObject({
    kind: 'failed',
    message: 'there is no lease default/mcpserver-operator: no operator ever led there',
    remedy: expect.stringContaining('--lease-namespace'),
  });
  expect(await findingOf(examine({ leaseNamespace: 'mcp' }), 'lease')).toMatchObject({ kind: 'passed' });
});

test('a lease that was given up fails', async () => {
  const { examine, breaks } = await createPatient();
  breaks(LEASE_PATH, lease('', 1));
  expect(await findingOf(examine(), 'lease')).toMatchObject({
    kind: 'failed',
    message: 'nobody holds the lease mcp/mcpserver-operator',
    remedy: expect.stringContaining('logs'),
  });
});

test('a lease that stays old at a second look fails with its age', async () => {
  const { examine, breaks, clock } = await createPatient();
  breaks(LEASE_PATH, lease('gone', 3600));
  const finding = findingOf(examine(), 'lease');
  await until(() => clock.armed() > 0, { what: 'the second look is waited for', timeoutMs: 5_000 });
  await clock.advance(5_000);
  expect(await finding).toMatchObject({
    kind: 'failed',
    message: 'nobody leads: gone (lease mcp/mcpserver-operator) did not renew for 60 min',
  });
});

test('a lease that was renewed between two looks is alive, whatever the clocks say', async () => {
  const { examine, breaks, clock } = await createPatient();
  let looks = 0;
  breaks(LEASE_PATH, () => lease('skewed', 3600 - looks++));
  const finding = findingOf(examine(), 'lease');
  await until(() => clock.armed() > 0, { what: 'the second look is waited for', timeoutMs: 5_000 });
  await clock.advance(5_000);
  expect(await finding).toMatchObject({ kind: 'passed', message: expect.stringContaining('clock and ours differ') });
});

test('without the right to read it nothing is claimed, and what a holder calls itself is cut', async () => {
  const { examine, breaks } = await createPatient();
  breaks(LEASE_PATH, { status: 403 });
  expect(await findingOf(examine(), 'lease')).toMatchObject({ kind: 'skipped' });
  breaks(LEASE_PATH, lease(`\u001b[2J${'x'.repeat(1000)}`, 1));
  const finding = await findingOf(examine(), 'lease');
  expect(finding?.message).toMatch(/^2J{1}x{126} \(lease/);
  breaks(LEASE_PATH, ok({ spec: { holderIdentity: 'a', renewTime: null } }));
});
