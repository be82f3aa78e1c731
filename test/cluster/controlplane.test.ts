/**
 * The control plane itself, for real: what every other cluster test stands on.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../hack/controlplane/start.ts';
import { until } from '../platform/until.ts';
import { applyManifest, controlPlane, createNamespace, expectSuccess } from './control-plane.ts';

const startModule = new URL('../../hack/controlplane/start.ts', import.meta.url).href;
const mainModule = new URL('../../hack/controlplane/main.ts', import.meta.url).pathname;

/** True while the process runs; a zombie whose new parent is slow to reap it counts as gone. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  if (stat !== '') return !/\) [ZX] /.test(stat);
  try {
    return process.platform !== 'linux' && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Asks the server without a client certificate. Resolves with the status, or the code of the TLS error. */
function ask(url: string, ca?: string): Promise<number | string> {
  return new Promise((resolve) => {
    const call = request(url, { agent: false, ...(ca === undefined ? {} : { ca }) }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.once('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    call.end();
  });
}

describe('the shared control plane', () => {
  test('is ready and of the pinned minor version', async () => {
    expect(expectSuccess(await controlPlane.kubectl(['get', '--raw', '/readyz']))).toBe('ok');
    const { serverVersion } = JSON.parse(expectSuccess(await controlPlane.kubectl(['version', '-o', 'json'])));
    expect(serverVersion).toMatchObject({ major: '1', minor: '35', gitVersion: `v${controlPlane.version}` });
  });

  test('is verified by its own authority and by no other', async () => {
    const url = `${controlPlane.server}/readyz`;
    expect(await ask(url, await readFile(controlPlane.caFile, 'utf8'))).toBe(200);
    expect(await ask(url)).toMatch(/^(UNABLE_TO_VERIFY|SELF_SIGNED)/);
    for (const name of await readdir(path.join(controlPlane.directory, 'kubeconfigs'))) {
      const text = await readFile(path.join(controlPlane.directory, 'kubeconfigs', name), 'utf8');
      expect(text).not.toContain('insecure-skip-tls-verify');
    }
  });

  test('knows an identity by its client certificate and gives it nothing unasked', async () => {
    const kubeconfig = await controlPlane.kubeconfig({ user: 'alice', groups: ['readers'] });
    const who = expectSuccess(await controlPlane.kubectl(['auth', 'whoami', '-o', 'json'], { kubeconfig }));
    expect(JSON.parse(who).status.userInfo).toMatchObject({ username: 'alice', groups: ['readers', 'system:authenticated'] });
    const refused = await controlPlane.kubectl(['get', 'secrets', '-A'], { kubeconfig });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('User "alice" cannot list resource "secrets"') });
  });

  test('gives tokens of ServiceAccounts through the real TokenRequest API', async () => {
    const namespace = await createNamespace('tokens');
    await applyManifest(`{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: ${namespace}}}`);
    const kubeconfig = await controlPlane.serviceAccountKubeconfig(namespace, 'robot');
    const who = expectSuccess(await controlPlane.kubectl(['auth', 'whoami', '-o', 'json'], { kubeconfig }));
    expect(JSON.parse(who).status.userInfo.username).toBe(`system:serviceaccount:${namespace}:robot`);
    await expect(controlPlane.serviceAccountKubeconfig(namespace, 'nobody')).rejects.toThrow('"nobody" not found');
  });

  test('works with helm', async () => {
    expect(expectSuccess(await controlPlane.helm(['list', '--namespace', 'kube-public', '--output', 'json'])).trim()).toBe('[]');
  });
});

describe('a control plane of one’s own', () => {
  let own: ControlPlane;
  beforeAll(async () => {
    own = await startControlPlane({ extraApiServerFlags: ['--min-request-timeout=5'] });
  });
  afterAll(() => own.stop());

  test('can lose its API server and get it back on the same port with other flags and the same data', async () => {
    expectSuccess(await own.kubectl(['create', 'namespace', 'kept']));
    const before = own.describe();
    own.apiserver.kill('SIGKILL');
    await until(() => own.apiserver.ending(), { what: 'the API server has ended' });
    expect(() => own.describe()).toThrow('does not run');
    expect((await own.kubectl(['get', 'namespace', 'kept', '--request-timeout=2s'])).code).not.toBe(0);
    await own.apiserver.start();
    await own.apiserver.restart({ extraFlags: ['--anonymous-auth=false'] });
    const after = own.describe();
    expect(after.server).toBe(before.server);
    expect(after.pids.apiserver).not.toBe(before.pids.apiserver);
    expect(expectSuccess(await own.kubectl(['get', 'namespace', 'kept', '-o', 'name']))).toBe('namespace/kept\n');
    expect(await ask(`${own.server}/api`, await readFile(own.caFile, 'utf8'))).toBe(401);
  });

  test('ends cleanly: no process, no directory, and a second stop is nothing', async () => {
    const { pids, directory } = own.describe();
    await own.stop();
    await own.stop();
    expect([await isRunning(pids.etcd), await isRunning(pids.apiserver), existsSync(directory)]).toEqual([false, false, false]);
  });
});

test('a flag that the API server does not know rejects with its words and leaves nothing', async () => {
  const failure = await startControlPlane({ extraApiServerFlags: ['--no-such-flag'] }).catch((error: Error) => error.message);
  expect(failure).toMatch(/^kube-apiserver ended with code 1: .*unknown flag: --no-such-flag/);
});

test('kill -9 of the process that started a control plane leaves no process', async () => {
  const script = `
    import { startControlPlane } from ${JSON.stringify(startModule)};
    const controlPlane = await startControlPlane();
    process.stdout.write(JSON.stringify(controlPlane.describe()));
    setInterval(() => undefined, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  owner.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const { pids, directory } = await until(() => JSON.parse(text), { what: 'the control plane is up', timeoutMs: 60_000 });
  expect(await isRunning(pids.apiserver)).toBe(true);
  owner.kill('SIGKILL');
  for (const pid of [pids.etcd, pids.apiserver]) await until(async () => !(await isRunning(pid)), { what: `${pid} is gone` });
  // The directory stays for a later start to remove (test/hack/controlplane/directory.test.ts): not this test's subject.
  await rm(directory, { recursive: true });
});

test.for(['SIGINT', 'SIGTERM'] as const)('npm run controlplane tells what to try and ends cleanly on %s', async (signal) => {
  const main = spawn(process.execPath, [mainModule], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  main.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = new Promise((resolve) => main.once('exit', (code) => resolve(code)));
  await until(() => text.includes('Ctrl-C ends it'), { what: 'it is up', timeoutMs: 60_000 });
  const kubeconfig = /export KUBECONFIG=(.*)/.exec(text)?.[1] ?? '';
  expect(existsSync(kubeconfig)).toBe(true);
  expect(text).toMatch(/^\nKubernetes 1\.35\.\d+ is ready after [\d.]+ s\.\n/);
  main.kill(signal);
  // npm passes a terminal's Ctrl-C on a second time at once: that is not a second press.
  main.kill(signal);
  expect(await ended).toBe(0);
  expect(existsSync(path.dirname(kubeconfig))).toBe(false);
});

test('a second Ctrl-C ends npm run controlplane at once', async () => {
  const main = spawn(process.execPath, [mainModule], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  main.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = new Promise((resolve) => main.once('exit', (code) => resolve(code)));
  await until(() => text.includes('Ctrl-C ends it'), { what: 'it is up', timeoutMs: 60_000 });
  const directory = path.dirname(path.dirname(/export KUBECONFIG=(.*)/.exec(text)?.[1] ?? ''));
  // Children that do not listen: an orderly end takes its whole grace, so the second press always comes in time.
  const children = (await readFile(`/proc/${main.pid}/task/${main.pid}/children`, 'utf8')).trim().split(' ').map(Number);
  expect(children.length).toBeGreaterThanOrEqual(2);
  for (const pid of children) process.kill(pid, 'SIGSTOP');
  main.kill('SIGINT');
  await until(() => text.includes('ending'), { what: 'it says that it ends' });
  // A person's second press comes later than what counts as the same press.
  await new Promise((resolve) => setTimeout(resolve, 350));
  main.kill('SIGINT');
  expect(await ended).toBe(130);
  await rm(directory, { recursive: true });
});
