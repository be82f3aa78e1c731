import { expect, test } from 'vitest';
import { readManifests } from '../../src/cli/manifest.ts';

const SERVER = `
apiVersion: mcpserver-operator.dev/v1alpha1
kind: MCPServer
metadata: {name: github, namespace: team-a}
spec: {url: 'https://mcp.example.com/mcp'}
`;

const read = (...contents: string[]) => readManifests(contents.map((text, i) => ({ file: `file${i}.yaml`, contents: text })));
const signal = new AbortController().signal;

test('servers come in the order of the files, with the defaults of the schema, other kinds are passed over', () => {
  const { servers, faults } = read(
    `kind: Deployment\n---\n${SERVER}\n---\n${SERVER.replace('github', 'jira').replace(', namespace: team-a', '')}`,
    JSON.stringify({
      kind: 'List',
      apiVersion: 'v1',
      items: [
        { apiVersion: 'mcpserver-operator.dev/v1alpha1', kind: 'MCPServer', metadata: { name: 'x' }, spec: { url: 'http://x' } },
      ],
    }),
  );
  expect(faults).toEqual([]);
  expect(servers.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual(['team-a/github', 'default/jira', 'default/x']);
  expect(servers[0]?.spec.probe.timeoutSeconds).toBe(10);
});

test('objects that name no namespace are in the one that is given', () => {
  const { servers } = readManifests([{ file: 'a', contents: SERVER.replace(', namespace: team-a', '') }], 'team-b');
  expect(servers.map(({ namespace }) => namespace)).toEqual(['team-b']);
});

test('Secrets, ConfigMaps and Services answer as they would in a cluster', async () => {
  const { references } = read(`${SERVER}
---
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: team-a, annotations: {mcpserver-operator.dev/allowed-hosts: a.example}}
data: {encoded: aGVsbG8=}
stringData: {plain: world}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {key: value}}
---
{apiVersion: v1, kind: Service, metadata: {name: svc}, spec: {ports: [{name: http, port: 80}]}}
`);
  const secret = await references.readSecret('team-a', 's', signal);
  if (secret.kind !== 'found') throw new Error('not found');
  expect([...secret.value.data].map(([key, bytes]) => [key, Buffer.from(bytes).toString()])).toEqual([
    ['encoded', 'hello'],
    ['plain', 'world'],
  ]);
  expect(secret.value.annotations).toEqual({ 'mcpserver-operator.dev/allowed-hosts': 'a.example' });
  expect(await references.readSecret('default', 's', signal)).toEqual({ kind: 'notFound' });
  expect((await references.readConfigMap('default', 'c', signal)).kind).toBe('found');
  expect(await references.readService('default', 'svc', signal)).toEqual({
    kind: 'found',
    value: { ports: [{ name: 'http', port: 80 }] },
  });
});

test('every fault is told at once, with file, line and column', () => {
  const { faults } = read(
    `${SERVER}---${SERVER.replace('https://mcp.example.com/mcp', 'ftp://x')}---${SERVER}`,
    'kind: {unclosed',
    '{apiVersion: mcpserver-operator.dev/v1alpha1, kind: MCPServer, spec: {}}',
  );
  expect(faults).toEqual([
    expect.stringMatching(/^file0\.yaml:7:1: MCPServer team-a\/github: spec\.url: ./),
    'file0.yaml:12:1: MCPServer team-a/github stands there twice',
    expect.stringMatching(/^file1\.yaml:1:\d+: not valid YAML \([a-z ]+\)$/),
    'file2.yaml:1:1: MCPServer without metadata.name',
  ]);
});

test('E5: no fault repeats what stands in a file', () => {
  const { faults } = read(
    'stringData: {token: "CANARY\n  : [',
    '{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {token: CANARY-not-base64!}}',
    `${SERVER}  headers: [{name: authorization, value: CANARY}]`.replace(
      "{url: 'https://mcp.example.com/mcp'}",
      "\n  url: 'https://u:CANARY@x/?CANARY'",
    ),
    'a: *CANARY',
  );
  expect(faults.length).toBeGreaterThanOrEqual(4);
  expect(faults.join('\n')).not.toContain('CANARY');
});

test('files without any server are a fault', () => {
  expect(read('', 'kind: Secret').faults).toEqual(['no MCPServer of mcpserver-operator.dev/v1alpha1 in file0.yaml, file1.yaml']);
});

test('aliases can not blow a document up', () => {
  let text = 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n';
  for (let i = 1; i < 9; i += 1)
    text += `a${i}: &a${i} [${Array(10)
      .fill(`*a${i - 1}`)
      .join(', ')}]\n`;
  expect(read(text).faults).toEqual(['file0.yaml:1:1: too many aliases']);
});
