import { expect, test } from 'vitest';
import { importVerb } from '../../../src/cli/import/import.ts';
import { validateManifests } from '../../../src/cli/validation.ts';
import { readDocuments } from '../../../src/cli/yaml-documents.ts';
import { createFakeTerminal } from '../fake-terminal.ts';
import { GUARDED, OLDEST, PACKAGES_ONLY, PLAIN, SNAKE_CASE, TENANTS } from './documents.ts';

async function run(document: unknown, ...args: string[]) {
  const terminal = createFakeTerminal();
  async function* stdin() {
    yield typeof document === 'string' ? document : JSON.stringify(document, undefined, 2);
  }
  const code = await importVerb(['-', ...args], terminal, stdin());
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() };
}

const objectsOf = (yaml: string) =>
  readDocuments(yaml).map((document) => (document.kind === 'document' ? document.value : document.why));

test.each([
  ['2025-12-11', PLAIN, []],
  ['2025-12-11 with variables', TENANTS, ['--set', 'tenant=acme']],
  ['2025-09-16', GUARDED, []],
  ['2025-07-09', SNAKE_CASE, []],
  ['before it', OLDEST, []],
  ['as the API of the registry wraps it', { server: PLAIN, _meta: { any: true } }, []],
])('what is made of a document of the schema %s is what validate accepts, as YAML and as JSON', async (_, document, args) => {
  for (const output of ['yaml', 'json']) {
    const { code, stdout } = await run(document, '-o', output, ...args);
    expect(code).toBe(0);
    const { checked, faults } = validateManifests([{ file: 'out', contents: stdout }]);
    expect(faults).toEqual([]);
    expect(checked).toBeGreaterThan(0);
  }
});

test('each remote is one MCPServer with the transport that the document names', async () => {
  const { stdout, stderr } = await run(PLAIN, '-n', 'team-a');
  expect(stdout).toBe(`# com.example/acme-analytics of the MCP registry
apiVersion: mcpserver-operator.dev/v1alpha1
kind: MCPServer
metadata:
  name: com-example-acme-analytics
  namespace: team-a
spec:
  url: https://analytics.example.com/mcp
  transport: StreamableHTTP
---
# com.example/acme-analytics of the MCP registry
apiVersion: mcpserver-operator.dev/v1alpha1
kind: MCPServer
metadata:
  name: com-example-acme-analytics-2
  namespace: team-a
spec:
  url: https://analytics.example.com/sse
  transport: SSE
`);
  expect(stderr).toBe('mcpserver-operator import: made 2 MCPServers\n');
});

test('a secret header is a Secret to fill in, bound to the host, and a reference to it', async () => {
  const { stdout, stderr } = await run(GUARDED);
  expect(objectsOf(stdout)).toEqual([
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'io-github-example-guarded',
        annotations: { 'mcpserver-operator.dev/allowed-hosts': 'guarded.example.com' },
      },
      type: 'Opaque',
      stringData: { token: 'REPLACE-ME' },
    },
    expect.objectContaining({
      kind: 'MCPServer',
      spec: {
        url: 'https://guarded.example.com/mcp',
        transport: 'StreamableHTTP',
        headers: [{ name: 'X-Org', value: 'org-7' }],
        auth: { type: 'Bearer', bearer: { secretKeyRef: { name: 'io-github-example-guarded', key: 'token' } } },
      },
    }),
  ]);
  expect(stdout).toContain('token: REPLACE-ME # header Authorization (required): Made at https://example.com/keys\n');
  expect(stderr).toContain(
    'io-github-example-guarded: header X-Trace is left out: it is optional and has no value; --set X-Trace=VALUE',
  );
  expect(stderr).toContain('header Accept is left out: the operator or HTTP itself sets it');
  expect(stderr).toContain('write the credentials in place of REPLACE-ME before you apply: Secret io-github-example-guarded\n');
});

test('a document with packages only is refused, and says how to come to a server', async () => {
  const { code, stdout, stderr } = await run(PACKAGES_ONLY);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^mcpserver-operator import: -:1:1: has packages only, .* Run the package first, .* stdio .* spec\.serviceRef/,
  );
});

test('a variable of a URL without a value is refused at its place, with the flag that sets it', async () => {
  const { code, stdout, stderr } = await run(TENANTS);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe(
    'mcpserver-operator import: -:8:14: remotes[0].url needs a value for each variable in it: pass --set tenant=VALUE\n',
  );
  const filled = await run(TENANTS, '--set', 'tenant=acme', '--set', 'region=us');
  expect(filled.stdout).toContain('url: https://acme.example.com/us/mcp\n');
});

test('a fault in one document keeps all from being printed: half of an import would never be missed', async () => {
  const { code, stdout, stderr } = await run(`${JSON.stringify(PLAIN)}\n---\n${JSON.stringify(PACKAGES_ONLY)}`);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('-:3:1: has packages only');
});

test('two servers whose names become one are told', async () => {
  const other = { ...OLDEST, name: 'oldest.server' };
  const { code, stderr } = await run(`${JSON.stringify(OLDEST)}\n---\n${JSON.stringify(other)}`);
  expect(code).toBe(1);
  expect(stderr).toMatch(/-:3:\d+: name makes an object of the same name as -:1:\d+\n/);
});

test.each([
  ['not JSON', '{"name": ', /-:1:\d+: not valid YAML/],
  ['nothing', '', /-:1:1: holds no document/],
  ['a text', '"server"', /must be a server\.json of the MCP registry/],
  ['a list of the API', { servers: [{ server: PLAIN }] }, /is a list of servers: import takes the document of one server/],
  [
    'the document of another kind',
    { $schema: 'https://json.schemastore.org/package.json', name: 'x' },
    /\$schema"?\]? must be that of a/,
  ],
  ['no name', { remotes: [] }, /name must be set/],
  [
    'a transport that nobody knows',
    { name: 'x', remotes: [{ type: 'ws', url: 'https://a' }] },
    /-:5:15: remotes\[0\]\.type must be streamable-http or sse/,
  ],
  ['no transport', { name: 'x', remotes: [{ url: 'https://a' }] }, /remotes\[0\]\.type must be streamable-http or sse/],
  [
    'a URL that is none',
    { name: 'x', remotes: [{ type: 'sse', url: 'https://u:p@a/<TOKEN>' }] },
    /remotes\[0\]\.url makes spec\.url that is refused/,
  ],
  ['neither remotes nor packages', { name: 'x' }, /has no remotes and no packages/],
])('bad input is one line with its place, and no stack: %s', async (_, document, fault) => {
  const { code, stdout, stderr } = await run(document);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(fault);
  expect(stderr).toMatch(/^mcpserver-operator import: [^\n]*\n$/);
  expect(stderr).not.toMatch(/TOKEN|u:p/);
});

test.each([
  [[], 'a FILE is needed; - is standard input'],
  [['-', '-'], '- (standard input) can be read once'],
  [['-', '-n', 'Team_A'], '--namespace "Team_A": expected the name of a namespace'],
  [['-', '--set', 'token'], '--set: expected NAME=VALUE'],
])('wrong flags %j are told', async (args, fault) => {
  const terminal = createFakeTerminal();
  expect(await importVerb(args, terminal)).toBe(1);
  expect(terminal.stderr()).toBe(`mcpserver-operator import: ${fault}\n`);
});

test('a setting that no document asks for is told, and so is one for a secret: none comes by the command line', async () => {
  expect((await run(PLAIN, '--set', 'tenat=a')).stderr).toContain('--set "tenat": no document asks for it');
  const { code, stdout, stderr } = await run(GUARDED, '--set', 'api_key=sk-1');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('--set "api_key": no document asks for it; a secret is written into the Secret instead');
  expect(stderr).not.toContain('sk-1');
});

test('text of a publisher brings no control characters and no line of its own into the output', async () => {
  const [remote] = SNAKE_CASE.remotes;
  const [key] = remote?.headers ?? [];
  const evil = 'first\n---\nkind: Secret\u001b[2J\u009b2J';
  const document = { ...SNAKE_CASE, name: `a/${evil}`, remotes: [{ ...remote, headers: [{ ...key, description: evil }] }] };
  const { code, stdout, stderr } = await run(document);
  expect(code).toBe(0);
  expect(`${stdout}${stderr}`.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  expect(objectsOf(stdout)).toHaveLength(2);
});
