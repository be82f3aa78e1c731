/**
 * `probe -f --kubeconfig` on a real API server: what a manifest refers to and does not hold is read there, by name, with the rights of
 * whoever asks.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probeVerb } from '../../src/cli/probe.ts';
import { createFakeTerminal } from '../cli/fake-terminal.ts';
import { modern, respond } from '../probe/behaviours.ts';
import { closedPort, type Scripted, startServer } from '../probe/scripted-server.ts';
import { applyManifest, controlPlane, createNamespace } from './control-plane.ts';

let namespace = '';
let guarded: Scripted;
let directory: string;

beforeAll(async () => {
  namespace = await createNamespace('probe');
  const inner = modern();
  guarded = await startServer((seen, reply) =>
    (seen.headers.authorization === 'Bearer CANARY-cluster' ? inner : respond(401))(seen, reply),
  );
  directory = await mkdtemp(path.join(tmpdir(), 'probe-'));
  await applyManifest(
    `apiVersion: v1\nkind: Secret\nmetadata: {name: token, namespace: ${namespace}}\nstringData: {token: CANARY-cluster}\n` +
      `---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: nobody, namespace: ${namespace}}\n`,
  );
});
afterAll(async () => {
  await guarded?.close();
  await rm(directory, { recursive: true, force: true });
});

async function probe(kubeconfig: string, { place = `, namespace: ${namespace}`, more = '' } = {}) {
  const file = path.join(directory, 'server.yaml');
  const auth = 'auth: {type: Bearer, bearer: {secretKeyRef: {name: token, key: token}}}';
  await writeFile(
    file,
    `apiVersion: mcpserver-operator.dev/v1alpha1\nkind: MCPServer\nmetadata: {name: tickets${place}}\nspec: {url: '${guarded.url()}', ${auth}}\n${more}`,
  );
  const terminal = createFakeTerminal();
  const code = await probeVerb(['-f', file, '--allow-loopback', '--kubeconfig', kubeconfig], terminal);
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() };
}

test('a Secret that the manifest does not hold is read from the cluster, and is not shown', async () => {
  const { code, stdout, stderr } = await probe(controlPlane.adminKubeconfig);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('verdict   ✓ Available');
  expect(stdout).not.toContain('CANARY');
});

test('a Secret that the manifest holds goes before that of the cluster', async () => {
  const own = `---\napiVersion: v1\nkind: Secret\nmetadata: {name: token, namespace: ${namespace}}\nstringData: {token: another}\n`;
  const { code, stdout } = await probe(controlPlane.adminKubeconfig, { more: own });
  expect(code).toBe(4);
  expect(stdout).toContain('Denied');
});

test('an object without a namespace is in that of the kubeconfig, as for kubectl', async () => {
  const { code, stdout } = await probe(controlPlane.adminKubeconfig, { place: '' });
  expect(code).not.toBe(0);
  expect(stdout).toContain('name      default/tickets');
});

test('without the right to read the Secret nothing is said about the server, but what is missing', async () => {
  const { code, stdout } = await probe(await controlPlane.serviceAccountKubeconfig(namespace, 'nobody'));
  expect(code).toBe(1);
  expect(stdout).toContain('verdict   ? none: you may not read the Secret token in that cluster');
});

test('a cluster that does not answer is said to be one', async () => {
  const file = path.join(directory, 'away.kubeconfig');
  const config = {
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${await closedPort()}` } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    users: [{ name: 'u', user: {} }],
    'current-context': 'c',
  };
  await writeFile(file, JSON.stringify(config));
  const { code, stdout } = await probe(file);
  expect(code).toBe(1);
  expect(stdout).toContain('verdict   ? none: the cluster did not answer for what the spec refers to');
});
