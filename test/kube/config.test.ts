import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadKubeConfig } from '../../src/kube/config.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kube-config-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(directory, name), text);
  return join(directory, name);
}

function kubeconfig(options: { context?: string; user?: string; cluster?: string } = {}): string {
  return `
apiVersion: v1
kind: Config
current-context: ${options.context ?? 'one'}
contexts: [{name: one, context: {cluster: c, user: u, namespace: team}}]
clusters: [{name: c, cluster: ${options.cluster ?? '{server: "https://10.0.0.1:6443/k8s/clusters/x/", certificate-authority: ca.crt}'}}]
users: [{name: u, user: ${options.user ?? '{token: canary}'}}]
`;
}

const load = (text: string) => file('config', text).then((path) => loadKubeConfig({ kubeconfig: path, env: {} }));

test('a kubeconfig gives server, base path, namespace, CA relative to its folder, and identity', async () => {
  expect(await load(kubeconfig())).toEqual({
    kind: 'loaded',
    config: {
      origin: 'https://10.0.0.1:6443',
      basePath: '/k8s/clusters/x',
      namespace: 'team',
      source: join(directory, 'config'),
      tls: { skipVerify: false, caFile: join(directory, 'ca.crt') },
      user: { token: 'canary' },
    },
  });
});

test('the file in the home of a person is read where nothing else is named, and nobody’s home by default', async () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.2', KUBERNETES_SERVICE_PORT: '443' };
  const load = (options: { kubeconfig?: string; home?: string }) =>
    loadKubeConfig({ env, serviceAccountDir: directory, ...options });
  await file('token', 'x');
  const inCluster = { kind: 'loaded', config: { source: 'in-cluster' } };
  expect(await load({ home: directory })).toMatchObject(inCluster);
  await mkdir(join(directory, '.kube'));
  const own = await file('.kube/config', kubeconfig());
  expect(await load({ home: directory })).toMatchObject({ kind: 'loaded', config: { source: own } });
  expect(await load({})).toMatchObject(inCluster);
  const other = await file('other', kubeconfig());
  expect(await load({ home: directory, kubeconfig: other })).toMatchObject({ kind: 'loaded', config: { source: other } });
});

test('a file without an end is refused, not read', async () => {
  expect(await loadKubeConfig({ kubeconfig: '/dev/zero', env: {} })).toEqual({
    kind: 'error',
    message: 'kubeconfig /dev/zero can not be read (larger than 4 MiB)',
  });
});

test.each<[string, string, object]>([
  ['a token file, which wins over a token', '{tokenFile: sub/token, token: x}', { tokenFile: 'sub/token' }],
  ['basic authentication', '{username: a, password: b}', { basic: { username: 'a', password: 'b' } }],
  ['certificate data', '{client-certificate-data: YQ==, client-key-data: Yg==}', { certData: 'YQ==', keyData: 'Yg==' }],
  ['impersonation', '{token: x, as: jane}', { token: 'x', impersonateUser: 'jane' }],
])('a user with %s is understood', async (_, user, expected) => {
  const loaded = await load(kubeconfig({ user }));
  const wanted = 'tokenFile' in expected ? { tokenFile: join(directory, 'sub/token') } : expected;
  expect(loaded).toMatchObject({ kind: 'loaded', config: { user: wanted } });
  expect(loaded.kind === 'loaded' && Object.keys(loaded.config.user)).toEqual(Object.keys(wanted));
});

test('an exec plugin is kept for later, not run', async () => {
  const loaded = await load(kubeconfig({ user: '{exec: {command: /nowhere, apiVersion: client.authentication.k8s.io/v1}}' }));
  expect(loaded).toMatchObject({
    config: { user: { plugin: { user: { exec: { command: '/nowhere' } }, cluster: { name: 'c' } } } },
  });
});

test('TLS options and an http proxy are understood', async () => {
  const cluster = '{server: "https://a", insecure-skip-tls-verify: true, tls-server-name: b, proxy-url: "http://p:3128"}';
  const loaded = await load(kubeconfig({ cluster }));
  expect(loaded).toMatchObject({ config: { tls: { skipVerify: true, serverName: 'b' }, proxyUrl: 'http://p:3128' } });
});

test.each<[string, string, RegExp]>([
  ['no current context', 'apiVersion: v1', /has no current-context/],
  ['a context that is missing', kubeconfig({ context: 'two' }), /current context "two" does not exist/],
  ['a user that is missing', kubeconfig().replace('name: u, user', 'name: v, user'), /the user "u" .* does not exist/],
  [
    'a cluster that is missing',
    kubeconfig().replace('name: c, cluster', 'name: d, cluster'),
    /the cluster "c" .* does not exist/,
  ],
  ['a cluster without a server', kubeconfig({ cluster: '{a: b}' }), /clusters\[0\]\.cluster\.server is missing/],
  ['a server that is no URL', kubeconfig({ cluster: '{server: "ftp://canary"}' }), /must be an http or https URL/],
  ['a socks proxy', kubeconfig({ cluster: '{server: "https://a", proxy-url: "socks5://x"}' }), /only http and https proxies/],
  ['no YAML', 'users: [{name: canary\n  x: {', /is not valid/],
  ['an empty file', '', /is not valid: it is not a mapping/],
])('a kubeconfig with %s is one line that says so and shows no value', async (_, text, message) => {
  const loaded = await load(text);
  expect(loaded.kind).toBe('error');
  if (loaded.kind !== 'error') return;
  expect(loaded.message).toMatch(message);
  expect(loaded.message).toContain(directory);
  expect(loaded.message).not.toMatch(/\n|canary/);
});

test('a path that can not be read is said with its code', async () => {
  expect(await loadKubeConfig({ kubeconfig: join(directory, 'none'), env: {} })).toEqual({
    kind: 'error',
    message: `kubeconfig ${join(directory, 'none')} can not be read (ENOENT)`,
  });
  expect(await loadKubeConfig({ kubeconfig: directory, env: {} })).toMatchObject({ message: expect.stringContaining('EISDIR') });
});

test('the files of KUBECONFIG merge, the first wins, and missing ones are skipped', async () => {
  const first = await file('a', 'current-context: one\nusers: [{name: u, user: {token: first}}]');
  const second = await file('b', kubeconfig({ context: 'two' }));
  const KUBECONFIG = [join(directory, 'none'), first, second].join(delimiter);
  expect(await loadKubeConfig({ env: { KUBECONFIG } })).toMatchObject({
    config: { user: { token: 'first' }, namespace: 'team' },
  });
  expect(await loadKubeConfig({ env: { KUBECONFIG: join(directory, 'none') } })).toMatchObject({ kind: 'error' });
});

test('without a path and KUBECONFIG the identity is the Pod’s', async () => {
  await file('token', 'canary');
  await file('namespace', 'operators\n');
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  expect(await loadKubeConfig({ env, serviceAccountDir: directory })).toEqual({
    kind: 'loaded',
    config: {
      origin: 'https://[fd00::1]',
      basePath: '',
      namespace: 'operators',
      source: 'in-cluster',
      tls: { caFile: join(directory, 'ca.crt'), skipVerify: false },
      user: { tokenFile: join(directory, 'token') },
    },
  });
});

test('outside of a cluster, or without a token, one line says what to do', async () => {
  expect(await loadKubeConfig({ env: {} })).toMatchObject({ message: expect.stringContaining('--kubeconfig') });
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
  const loaded = await loadKubeConfig({ env, serviceAccountDir: directory });
  expect(loaded).toMatchObject({ message: expect.stringContaining('automountServiceAccountToken') });
});
