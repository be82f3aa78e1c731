import { expect, test } from 'vitest';
import { createPatient, findingOf, groups } from './patient.ts';

test.each([
  ['of the same name', { name: 'mcp.example.com', resource: 'mcpservers' }],
  ['of the same kind', { name: 'mcp.example.com', resource: 'servers', kind: 'MCPServer' }],
  ['with the same short name', { name: 'mcp.example.com', resource: 'x', shortNames: ['mcpsvr'] }],
])('a resource %s is told, and is no failure: both can live together', async (_title, other) => {
  const { examine, breaks } = await createPatient();
  breaks('/apis', groups({ name: 'mcpserver-operator.dev', resource: 'mcpservers', kind: 'MCPServer' }, other));
  expect(await findingOf(examine(), 'otherOperators')).toEqual({
    kind: 'warning',
    message: 'mcpservers.mcp.example.com has mcpservers or mcpsvr too, and kubectl may mean those',
    remedy: 'Nothing needs to go: write mcpservers.mcpserver-operator.dev in full in commands, scripts and RBAC.',
  });
});

test('many are counted, and an odd name is not shown', async () => {
  const { examine, breaks } = await createPatient();
  const others = Array.from({ length: 7 }, (_, i) => ({
    name: i === 0 ? 'CANARY\u001b[2J' : `g${i}.example`,
    resource: 'mcpservers',
  }));
  breaks('/apis', groups(...others));
  const finding = await findingOf(examine(), 'otherOperators');
  expect(finding?.message).toMatch(/^a group, mcpservers\.g1\.example, .* and 2 more have /);
});

test('an API server that does not tell is passed over', async () => {
  const { examine, breaks } = await createPatient();
  breaks('/apis', { status: 403 });
  expect(await findingOf(examine(), 'otherOperators')).toEqual({
    kind: 'skipped',
    message: 'what else is served can not be read (HTTP 403 Scripted)',
  });
});
