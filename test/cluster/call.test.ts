/**
 * `call` over MCPServers of a real API server: by label, in the order of their statuses, with the Secret that one refers to.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callVerb } from '../../src/cli/call/call.ts';
import { createFakeTerminal } from '../cli/fake-terminal.ts';
import { modern, respond } from '../probe/behaviours.ts';
import { closedPort, type Scripted, startServer } from '../probe/scripted-server.ts';
import { applyManifest, controlPlane, createNamespace, expectSuccess } from './control-plane.ts';
import { installCRDs } from './kube-client.ts';

let namespace = '';
let guarded: Scripted;

beforeAll(async () => {
  await installCRDs(controlPlane);
  namespace = await createNamespace('call');
  const inner = modern({ lists: { 'tools/call': { content: [{ type: 'text', text: 'from the guarded one' }] } } });
  guarded = await startServer((seen, reply) =>
    (seen.headers.authorization === 'Bearer CANARY-cluster' ? inner : respond(401))(seen, reply),
  );
});
afterAll(() => guarded?.close());

const server = (name: string, labels: string, spec: string) =>
  `---\napiVersion: mcpserver-operator.dev/v1alpha1\nkind: MCPServer\nmetadata: {name: ${name}, namespace: ${namespace}, labels: {${labels}}}\nspec: ${spec}\n`;

async function setState(name: string, state: string): Promise<void> {
  const patch = JSON.stringify({ status: { observedGeneration: 1, state } });
  const args = [
    'patch',
    'mcpservers.mcpserver-operator.dev',
    name,
    '-n',
    namespace,
    '--subresource=status',
    '--type=merge',
    '-p',
    patch,
  ];
  expectSuccess(await controlPlane.kubectl(args));
}

async function call(...args: string[]) {
  const terminal = createFakeTerminal();
  const flags = [
    '--kubeconfig',
    controlPlane.adminKubeconfig,
    '-n',
    namespace,
    '--allow-loopback',
    '--tool',
    'echo',
    '-o',
    'json',
  ];
  const code = await callVerb([...flags, ...args], terminal);
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() };
}

test('C7: call -l asks healthy servers first and the next on failure, with the Secret of each', async () => {
  const auth = 'auth: {type: Bearer, bearer: {secretKeyRef: {name: token, key: token}}}';
  await applyManifest(
    [
      `---\napiVersion: v1\nkind: Secret\nmetadata: {name: token, namespace: ${namespace}}\nstringData: {token: CANARY-cluster}\n`,
      server('a-guarded', 'app: tickets', `{url: '${guarded.url()}', ${auth}}`),
      server('b-closed', 'app: tickets', `{url: 'http://127.0.0.1:${await closedPort()}/mcp'}`),
      server('c-other', 'app: other', `{url: 'http://127.0.0.1:${await closedPort()}/mcp'}`),
    ].join(''),
  );
  await setState('a-guarded', 'Transient');
  await setState('b-closed', 'Available');
  const { code, stdout } = await call('-l', 'app=tickets');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    server: `${namespace}/a-guarded`,
    result: { content: [{ text: 'from the guarded one' }] },
    attempts: [
      { server: `${namespace}/b-closed`, error: 'ConnectionRefused', success: false },
      { server: `${namespace}/a-guarded`, success: true },
    ],
  });
  expect(stdout).not.toContain('CANARY');
});

test('C7: a label that nobody has is no candidate, and a selector that is none is bad input', async () => {
  const nobody = await call('-l', 'app=none');
  expect(nobody.code).toBe(5);
  expect(JSON.parse(nobody.stdout)).toEqual({ message: 'no MCPServer fits', method: 'tools/call', attempts: [] });
  const wrong = await call('-l', 'app in (');
  expect(wrong).toEqual({
    code: 1,
    stdout: '',
    stderr: 'mcpserver-operator call: --selector: the API server does not understand it\n',
  });
});
