import { expect, test } from 'vitest';
import { listReply } from '../../kube/scripted-api-server.ts';
import { ago, createPatient, findingOf, MCPSERVERS_PATH } from './patient.ts';

const HOUR = 3600;
const server = (status: object, { createdSecondsAgo = 100 * HOUR, spec = {}, name = 'a' } = {}) => ({
  metadata: { namespace: 'team', name, creationTimestamp: ago(createdSecondsAgo) },
  spec: { probe: { periodSeconds: 300 }, ...spec },
  status: { observedGeneration: 1, conditions: [], ...status },
});
const available = (seconds: number) => server({ state: 'Available', lastSuccessTime: ago(seconds) });
const transient = (seconds: number) => server({ state: 'Transient', failure: { nextProbeTime: ago(seconds) } });
const never = (seconds: number, spec = {}) => server({ observedGeneration: -1 }, { createdSecondsAgo: seconds, spec });

async function look(...items: object[]) {
  const { examine, breaks } = await createPatient();
  breaks(MCPSERVERS_PATH, listReply(items, '1'));
  return findingOf(examine(), 'statuses');
}

test('an operator at work leaves nothing that counts as neglected', async () => {
  expect(
    await look(
      available(60),
      available(24 * HOUR),
      transient(60),
      transient(-300),
      never(60),
      never(1e6, { suspend: true }),
      server({ state: 'Permanent', failure: { nextProbeTime: ago(1e6) } }),
    ),
  ).toEqual({ kind: 'passed', message: '7 MCPServers, none neglected; the newest news is 60 s old' });
});

test.each([
  ['was never probed in 3 h', never(3 * HOUR)],
  ['waits for a retry that was due 2 h ago', transient(2 * HOUR)],
  ['succeeded 2 d ago for the last time', available(50 * HOUR)],
])('a server that %s is told', async (words, object) => {
  expect(await look(object, available(10))).toEqual({
    kind: 'failed',
    message: `1 of 2 MCPServers are neglected: team/a ${words}`,
    remedy: expect.stringContaining('watches these namespaces'),
  });
});

test('many are counted', async () => {
  const finding = await look(...Array.from({ length: 5 }, () => never(HOUR)));
  expect(finding?.message).toMatch(/^5 of 5 MCPServers are neglected: .*; and 2 more$/);
});

test('the namespaces that are watched are looked at, each in its pages', async () => {
  const { examine, breaks } = await createPatient();
  const path = (namespace: string) => `/apis/mcpserver-operator.dev/v1alpha1/namespaces/${namespace}/mcpservers`;
  breaks(path('a'), ({ query }) =>
    query.has('continue') ? listReply([available(5)], '1') : listReply([available(9)], '1', 'next'),
  );
  breaks(path('b'), listReply([available(7)], '1'));
  expect(await findingOf(examine({ namespaces: ['a', 'b'] }), 'statuses')).toMatchObject({
    kind: 'passed',
    message: '3 MCPServers, none neglected; the newest news is 5 s old',
  });
});

test('what can not be listed is not judged, and odd objects do no harm', async () => {
  const { examine, breaks } = await createPatient();
  breaks(MCPSERVERS_PATH, { status: 403 });
  expect(await findingOf(examine(), 'statuses')).toEqual({
    kind: 'skipped',
    message: 'MCPServers can not be listed (HTTP 403 Scripted)',
  });
  expect(await look()).toEqual({ kind: 'passed', message: 'there are no MCPServers yet' });
  expect(await look(available(1), { metadata: 5 }, { ...available(1), status: 'x', spec: null })).toMatchObject({
    kind: 'failed',
  });
});
