import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { createReferences, MAX_DATA_BYTES } from '../../src/kube/references.ts';
import { createFakeClock, fixedRandom } from '../platform/fake-clock.ts';
import { type ScriptedAPIServer, startScriptedAPIServer } from './scripted-api-server.ts';

let api: ScriptedAPIServer;
let client: KubeClient;

beforeEach(async () => {
  api = await startScriptedAPIServer();
  client = createKubeClient({ config: api.config, clock: createFakeClock(), random: fixedRandom() });
});

afterEach(async () => {
  await client.close();
  await api.close();
});

const { signal } = new AbortController();
const answer = (body: object) => {
  api.onRequest = () => ({ status: 200, body });
};
const metadata = { resourceVersion: '7', annotations: { 'mcpserver-operator.dev/allowed-hosts': 'a.example.com' } };
const base64 = (text: string) => Buffer.from(text).toString('base64');
const readSecret = () => createReferences({ client }).readSecret('ns', 's', signal);

describe('Secrets and ConfigMaps', () => {
  test('the data of a Secret comes decoded, with its annotations and version', async () => {
    answer({ metadata, data: { token: base64('canary'), empty: '' } });
    expect(await readSecret()).toEqual({
      kind: 'found',
      value: {
        data: new Map([
          ['token', Buffer.from('canary')],
          ['empty', Buffer.alloc(0)],
        ]),
        annotations: metadata.annotations,
        resourceVersion: '7',
      },
    });
    expect(api.received[0]?.path).toBe('/api/v1/namespaces/ns/secrets/s');
  });

  test('a ConfigMap has text and binary data', async () => {
    answer({ metadata: { resourceVersion: '7' }, data: { text: 'ü' }, binaryData: { bytes: '/w==' } });
    const found = await createReferences({ client }).readConfigMap('ns', 'm', signal);
    const data = new Map([
      ['text', Buffer.from('ü')],
      ['bytes', Buffer.from([255])],
    ]);
    expect(found).toEqual({ kind: 'found', value: { data, annotations: {}, resourceVersion: '7' } });
    expect(api.received[0]?.path).toBe('/api/v1/namespaces/ns/configmaps/m');
  });

  test('a Secret without data is found and empty', async () => {
    answer({ metadata: { resourceVersion: '7' } });
    expect(await readSecret()).toMatchObject({ kind: 'found', value: { data: new Map() } });
  });

  test.each([404])('%i is not found', async (status) => {
    api.onRequest = () => ({ status });
    expect(await readSecret()).toEqual({ kind: 'notFound' });
  });

  test('403 is unavailable too, and said to be forbidden', async () => {
    api.onRequest = () => ({ status: 403 });
    expect(await readSecret()).toEqual({ kind: 'unavailable', forbidden: true });
  });

  test.each([401, 400])('%i is unavailable: nothing is known', async (status) => {
    api.onRequest = () => ({ status });
    expect(await readSecret()).toEqual({ kind: 'unavailable' });
  });

  test.each(['Y2FuYXJ5!', 'Y2Fu YXJ5', 'Y2FuYXI', '%%%'])(
    'data that is not base64 (%s) is unavailable, never half a credential',
    async (text) => {
      answer({ metadata, data: { token: text } });
      expect(await readSecret()).toEqual({ kind: 'unavailable' });
    },
  );

  test('data of 1 MiB is read, and a byte more is not', async () => {
    answer({ metadata, data: { a: base64('x'.repeat(MAX_DATA_BYTES)) } });
    expect(await readSecret()).toMatchObject({ kind: 'found' });
    answer({ metadata, data: { a: base64('x'.repeat(MAX_DATA_BYTES)), b: base64('y') } });
    expect(await readSecret()).toEqual({ kind: 'unavailable' });
  });

  test.each(['a/../../secrets/b', '..', 'a?b', 'A', ''])('the name %j is no object and nothing is asked', async (name) => {
    expect(await createReferences({ client }).readSecret('ns', name, signal)).toEqual({ kind: 'notFound' });
    expect(api.received).toHaveLength(0);
  });

  test('an aborted read is unavailable', async () => {
    expect(await createReferences({ client }).readSecret('ns', 's', AbortSignal.abort())).toEqual({ kind: 'unavailable' });
  });

  test('a version is read without the data', async () => {
    answer({ metadata });
    expect(await createReferences({ client }).readVersion('Secret', 'ns', 's', signal)).toEqual({ kind: 'found', value: '7' });
    expect(api.received[0]?.headers.accept).toContain('PartialObjectMetadata');
  });

  test('a version that can not be read is unavailable after one request: whoever asks will ask again', async () => {
    api.onRequest = () => ({ status: 503 });
    expect(await createReferences({ client }).readVersion('ConfigMap', 'ns', 'm', signal)).toEqual({ kind: 'unavailable' });
    expect(api.received.map(({ path }) => path)).toEqual(['/api/v1/namespaces/ns/configmaps/m']);
  });
});

describe('Services', () => {
  test('the ports of a Service come by name and number', async () => {
    answer({ metadata: {}, spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }, { port: 443 }] } });
    const found = await createReferences({ client }).readService('ns', 'web', signal);
    expect(found).toEqual({ kind: 'found', value: { ports: [{ name: 'http', port: 80 }, { port: 443 }] } });
    expect(api.received[0]?.path).toBe('/api/v1/namespaces/ns/services/web');
  });

  test('a headless Service without ports is found', async () => {
    answer({ metadata: {}, spec: { clusterIP: 'None' } });
    expect(await createReferences({ client }).readService('ns', 'web', signal)).toEqual({ kind: 'found', value: { ports: [] } });
  });
});
