import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeClient } from '../../src/kube/client.ts';
import { createReferences } from '../../src/kube/references.ts';
import { createStatusWriter } from '../../src/kube/status-writer.ts';
import { applyManifest, controlPlane, createNamespace, expectSuccess } from './control-plane.ts';
import { type CreatedObject, createMCPServer, deleteMCPServer, installCRDs, openClient, readConfig } from './kube-client.ts';

let client: KubeClient;
let namespace: string;
const { signal } = new AbortController();
const status = { observedGeneration: 1, state: 'Available' } as const;

beforeAll(async () => {
  await installCRDs(controlPlane);
  client = openClient(await readConfig(controlPlane.adminKubeconfig));
  namespace = await createNamespace('status');
});
afterAll(() => client.close());

const targetOf = ({ metadata: { name, uid, resourceVersion } }: CreatedObject) => ({ namespace, name, uid, resourceVersion });
const writer = () => createStatusWriter({ client });
const write = (object: CreatedObject, changes: object = {}) =>
  writer().writeStatus({ ...targetOf(object), ...changes }, status, signal);
const read = async (name: string) => {
  const found = await writer().readObject(namespace, name, signal);
  return found.kind === 'found' ? found.value : found.kind;
};

describe('status on a real API server', () => {
  test('a write changes the status and nothing else, and its version is good for the next write', async () => {
    const object = await createMCPServer(client, namespace, 'plain');
    const first = await write(object);
    if (first.kind !== 'written') throw new Error(first.kind);
    expect(await read('plain')).toMatchObject({
      metadata: { uid: object.metadata.uid, resourceVersion: first.resourceVersion, generation: 1 },
      spec: { url: 'http://mcp.example.com/mcp' },
      status,
    });
    expect((await write(object, { resourceVersion: first.resourceVersion })).kind).toBe('written');
    const managers = await controlPlane.kubectl([
      '-n',
      namespace,
      'get',
      'mcpservers.mcpserver-operator.dev',
      'plain',
      '--show-managed-fields',
      '-o',
      'json',
    ]);
    const fields = (
      JSON.parse(expectSuccess(managers)) as { metadata: { managedFields: { manager: string; subresource?: string }[] } }
    ).metadata.managedFields;
    expect(fields.find(({ subresource }) => subresource === 'status')?.manager).toBe('mcpserver-operator');
  });

  test('a version that is not current is a conflict, and the status stays', async () => {
    const object = await createMCPServer(client, namespace, 'stale');
    await write(object);
    expect(await write(object)).toEqual({ kind: 'conflict' });
  });

  test('another uid is a conflict', async () => {
    const object = await createMCPServer(client, namespace, 'other');
    expect(await write(object, { uid: '00000000-0000-4000-8000-000000000000' })).toEqual({ kind: 'conflict' });
    expect(await read('other')).toMatchObject({ status: { state: 'Pending' } });
  });

  test('B8: a write never re-creates a deleted object, nor touches a new one of its name', async () => {
    const object = await createMCPServer(client, namespace, 'deleted');
    await deleteMCPServer(client, namespace, 'deleted');
    expect(await write(object)).toEqual({ kind: 'gone' });
    expect(await read('deleted')).toBe('notFound');
    const again = await createMCPServer(client, namespace, 'deleted');
    expect(await write(object)).toEqual({ kind: 'conflict' });
    expect(await write(object, { resourceVersion: again.metadata.resourceVersion })).toEqual({ kind: 'conflict' });
    expect(await read('deleted')).toMatchObject({ metadata: { uid: again.metadata.uid }, status: { state: 'Pending' } });
  });

  test('a status that the schema refuses is rejected; a writer without rights is told to try later', async () => {
    const object = await createMCPServer(client, namespace, 'refused');
    const wrong = {
      ...status,
      history: Array.from(
        { length: 11 },
        () => ({ time: '2026-01-01T00:00:00Z', from: 'Pending', to: 'Pending', reason: 'x' }) as const,
      ),
    };
    expect(await writer().writeStatus(targetOf(object), wrong, signal)).toEqual({ kind: 'rejected', httpStatus: 422 });
    const nobody = openClient(await readConfig(await controlPlane.kubeconfig({ user: 'nobody' })));
    const result = await createStatusWriter({ client: nobody }).writeStatus(targetOf(object), status, signal);
    await nobody.close();
    expect(result).toEqual({ kind: 'unavailable' });
  });
});

describe('references on a real API server', () => {
  test('Secret, ConfigMap and Service are read by name', async () => {
    await applyManifest(`
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: ${namespace}, annotations: {mcpserver-operator.dev/allowed-hosts: a.example.com}}
stringData: {token: canary}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: m, namespace: ${namespace}}
data: {ca.crt: text}
binaryData: {der: /w==}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: ${namespace}}
spec: {ports: [{name: http, port: 80}]}
`);
    const references = createReferences({ client });
    const secret = await references.readSecret(namespace, 's', signal);
    expect(secret).toMatchObject({
      kind: 'found',
      value: {
        data: new Map([['token', Buffer.from('canary')]]),
        annotations: { 'mcpserver-operator.dev/allowed-hosts': 'a.example.com' },
      },
    });
    const version = await references.readVersion('Secret', namespace, 's', signal);
    expect(version).toEqual({ kind: 'found', value: secret.kind === 'found' && secret.value.resourceVersion });
    const map = new Map([
      ['ca.crt', Buffer.from('text')],
      ['der', Buffer.from([255])],
    ]);
    expect(await references.readConfigMap(namespace, 'm', signal)).toMatchObject({ kind: 'found', value: { data: map } });
    const ports = [{ name: 'http', port: 80 }];
    expect(await references.readService(namespace, 'web', signal)).toEqual({ kind: 'found', value: { ports } });
    expect(await references.readSecret(namespace, 'none', signal)).toEqual({ kind: 'notFound' });
  });
});
