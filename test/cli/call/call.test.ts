import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callVerb } from '../../../src/cli/call/call.ts';
import { legacy, modern, respond } from '../../probe/behaviours.ts';
import { closedPort, type Scripted, startServer } from '../../probe/scripted-server.ts';
import { createFakeTerminal } from '../fake-terminal.ts';

const answer = (text: string, more: object = {}) => ({ content: [{ type: 'text', text }], ...more });
let good: Scripted;
let guarded: Scripted;
let broken: Scripted;
let closed = 0;
let directory = '';

beforeAll(async () => {
  good = await startServer(
    modern({ lists: { 'tools/call': answer('hello'), 'resources/read': { contents: [{ uri: 'a:b', text: 'read' }] } } }),
  );
  const inner = legacy({ lists: { 'tools/call': answer('you are CANARY-good-1', { isError: true }) } }).behaviour;
  guarded = await startServer((seen, reply) =>
    (seen.headers.authorization === 'Bearer CANARY-good-1' ? inner : respond(401))(seen, reply),
  );
  const handshake = modern();
  broken = await startServer((seen, reply) =>
    seen.message?.method === 'tools/call' ? void reply.destroy() : handshake(seen, reply),
  );
  closed = await closedPort();
  directory = await mkdtemp(path.join(tmpdir(), 'call-'));
});
afterAll(() => Promise.all([good.close(), guarded.close(), broken.close(), rm(directory, { recursive: true })]));

const manifest = (name: string, url: string, more = '') =>
  `---\n{apiVersion: mcpserver-operator.dev/v1alpha1, kind: MCPServer, metadata: {name: ${name}}, spec: {url: '${url}'${more}}}\n`;

async function call(servers: string, ...args: string[]) {
  const file = path.join(directory, 'servers.yaml');
  await writeFile(file, servers);
  const terminal = createFakeTerminal();
  const code = await callVerb(['-f', file, '--allow-loopback', ...args], terminal);
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() };
}

test('0: the text of the answer, and nothing else', async () => {
  const args = ['--tool', 'echo', '--arguments', '{"a":1}'];
  expect(await call(manifest('good', good.url()), ...args)).toEqual({ code: 0, stdout: 'hello\n', stderr: '' });
  expect(good.requests.at(-1)?.message?.params).toMatchObject({ name: 'echo', arguments: { a: 1 } });
});

test('0: a resource', async () => {
  expect(await call(manifest('good', good.url()), '--resource', 'a:b')).toEqual({ code: 0, stdout: 'read\n', stderr: '' });
  expect(good.requests.at(-1)?.headers['mcp-name']).toBe('a:b');
});

test('arguments out of a file', async () => {
  const file = path.join(directory, 'arguments.json');
  await writeFile(file, '{"from": "file"}');
  expect((await call(manifest('good', good.url()), '--tool', 'echo', '--arguments', `@${file}`)).code).toBe(0);
  expect(good.requests.at(-1)?.message?.params).toMatchObject({ arguments: { from: 'file' } });
});

test('C7: on failure the next, in the preferred order, and it is told where the call may have had its effect', async () => {
  const servers = manifest('a', good.url()) + manifest('b', broken.url()) + manifest('c', `http://127.0.0.1:${closed}/mcp`);
  const { code, stdout, stderr } = await call(servers, 'c', 'b', 'a', '--tool', 'echo', '-o', 'json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    server: 'default/a',
    method: 'tools/call',
    result: answer('hello'),
    attempts: [
      { server: 'default/c', stage: 'connect', success: false, error: 'ConnectionRefused', category: 'Transient' },
      { server: 'default/b', success: false, category: 'Transient' },
      { server: 'default/a', stage: '', success: true, error: '', category: '' },
    ],
  });
  expect(stderr).toMatch(
    /^mcpserver-operator call: default\/c failed: ConnectionRefused \(Transient, connect\)\nmcpserver-operator call: default\/b failed: \w+ \(Transient, http\); the call had left and may have had its effect\n$/,
  );
  expect(broken.calls().filter((method) => method === 'tools/call')).toHaveLength(1);
});

test('C7: an application error of a tool is an answer: nobody else is asked, and the credential is not shown', async () => {
  const before = good.requests.length;
  const secret = '---\n{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {token: CANARY-good-1}}\n';
  const auth = ', auth: {type: Bearer, bearer: {secretKeyRef: {name: s, key: token}}}';
  const servers = manifest('a', guarded.url(), auth) + manifest('b', good.url()) + secret;
  expect(await call(servers, '--tool', 'echo')).toEqual({
    code: 0,
    stdout: 'you are [redacted]\n',
    stderr: 'mcpserver-operator call: the tool of default/a reports an error\n',
  });
  expect((await call(servers, '--tool', 'echo', '-o', 'json')).stdout).not.toContain('CANARY');
  expect(good.requests.length).toBe(before);
});

test('C7, 5: when all fail it is one JSON object', async () => {
  const servers = manifest('b', guarded.url()) + manifest('a', `http://127.0.0.1:${closed}/mcp`);
  const { code, stdout } = await call(servers, '--tool', 'echo');
  expect(code).toBe(5);
  expect(JSON.parse(stdout)).toEqual({
    message: 'none of 2 servers answered',
    method: 'tools/call',
    attempts: [
      { server: 'default/a', stage: 'connect', success: false, error: 'ConnectionRefused', category: 'Transient' },
      { server: 'default/b', stage: 'http', success: false, error: 'AuthenticationRequired', category: 'Denied' },
    ],
  });
});

test('C7, 5: of a single server it is said so', async () => {
  const { code, stdout } = await call(manifest('a', `http://127.0.0.1:${closed}/mcp`), '--tool', 'echo');
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 5, message: 'the only server to ask did not answer' });
});

test('C7, 5: no candidate is a message and an empty list', async () => {
  const nobody = await call(manifest('a', good.url()), 'z', '--tool', 'echo');
  expect(nobody.code).toBe(5);
  expect(JSON.parse(nobody.stdout)).toEqual({ message: 'no MCPServer fits', method: 'tools/call', attempts: [] });
  const suspended = await call(manifest('a', good.url(), ', suspend: true'), '--tool', 'echo');
  expect(JSON.parse(suspended.stdout).message).toBe('no MCPServer can be asked: 1 suspended');
});

test('a destination that the policy forbids gets nothing', async () => {
  const file = path.join(directory, 'loopback.yaml');
  await writeFile(file, manifest('a', good.url()));
  const before = good.connections();
  const terminal = createFakeTerminal();
  expect(await callVerb(['-f', file, '--tool', 'echo'], terminal)).toBe(5);
  expect(JSON.parse(terminal.stdout()).attempts).toEqual([
    expect.objectContaining({ error: 'DestinationForbidden', stage: 'policy' }),
  ]);
  expect(good.connections()).toBe(before);
});

test.each([
  [['a'], 'exactly one of --tool NAME and --resource URI is needed'],
  [['a', '--tool', 't', '--resource', 'u'], 'exactly one of --tool NAME and --resource URI is needed'],
  [['--tool', 't'], 'which servers? name them, or pass -l LABELS or -f FILE'],
  [['a', '--resource', 'u', '--arguments', '{}'], '--arguments has no meaning with --resource'],
  [['-f', 'x', '--tool', 't', '-l', 'a=b'], '--selector has no meaning with -f'],
  [['a', '--tool', 't', '--arguments', '[CANARY]'], '--arguments: expected a JSON object, such as {"query":"login"}, or @FILE'],
  [['a', '--tool', 't', '--arguments', '@/nowhere'], '--arguments: /nowhere can not be read (ENOENT: there is no such file)'],
])('bad input %j is one line and exit code 1', async (args, fault) => {
  const terminal = createFakeTerminal();
  expect(await callVerb(args, terminal)).toBe(1);
  expect(terminal.stderr()).toBe(`mcpserver-operator call: ${fault}\n`);
});
