import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive } from '../../hack/controlplane/children.ts';
import type { KubeConfig } from '../../src/kube/config.ts';
import { createCredentials } from '../../src/kube/credentials.ts';
import { createFakeClock, type FakeClock } from '../platform/fake-clock.ts';
import { until } from '../platform/until.ts';

let directory: string;
let clock: FakeClock;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kube-credentials-'));
  clock = createFakeClock();
});
afterEach(async () => {
  expect(clock.armed()).toBe(0);
  await rm(directory, { recursive: true });
});

function open(changes: Partial<KubeConfig>) {
  const base = { origin: 'https://a', basePath: '', namespace: 'default', source: 'test', tls: { skipVerify: false }, user: {} };
  return createCredentials({ config: { ...base, ...changes }, clock });
}
const base64 = (text: string) => Buffer.from(text).toString('base64');

test('TLS material comes from files or from data, and its digest tells whether it changed', async () => {
  const caFile = join(directory, 'ca.crt');
  await writeFile(caFile, 'one');
  const credentials = open({
    tls: { caFile, serverName: 'api', skipVerify: false },
    user: { certData: base64('cert'), keyData: base64('key') },
  });
  const first = await credentials.read(false);
  expect(first.tls).toEqual({
    ca: Buffer.from('one'),
    cert: Buffer.from('cert'),
    key: Buffer.from('key'),
    servername: 'api',
    rejectUnauthorized: true,
  });
  expect((await credentials.read(false)).tlsDigest).toBe(first.tlsDigest);
  await writeFile(caFile, 'two');
  expect((await credentials.read(false)).tlsDigest).not.toBe(first.tlsDigest);
});

test('a token that rotates does not change the TLS digest', async () => {
  const tokenFile = join(directory, 'token');
  await writeFile(tokenFile, 'one');
  const credentials = open({ user: { tokenFile } });
  const first = await credentials.read(false);
  await writeFile(tokenFile, 'two');
  const second = await credentials.read(false);
  expect([first.headers['authorization'], second.headers['authorization']]).toEqual(['Bearer one', 'Bearer two']);
  expect(second.tlsDigest).toBe(first.tlsDigest);
});

test('what can not be read is named, not shown', async () => {
  await expect(open({ user: { tokenFile: join(directory, 'none') } }).read(false)).rejects.toThrow(
    /^the token file can not be read \(ENOENT\)$/,
  );
  await expect(open({ tls: { caFile: directory, skipVerify: false } }).read(false)).rejects.toThrow(
    /^the CA bundle file .* \(EISDIR\)$/,
  );
});

test('an exec plugin that does not end is given up after a minute, and killed', async () => {
  const pidFile = join(directory, 'pid');
  const script = `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setTimeout(() => {}, 15_000)`;
  const exec = { command: process.execPath, args: ['-e', script] };
  const plugin = { user: { name: 'u', exec }, cluster: { name: 'c', server: 'https://a', skipTLSVerify: false } };
  const read = open({ user: { plugin } }).read(false);
  const failed = expect(read).rejects.toThrow('the credential plugin of the kubeconfig failed');
  const pid = await until(async () => Number(await readFile(pidFile, 'utf8')), { what: 'the plugin runs' });
  await clock.advance(59_999);
  expect(isAlive(pid)).toBe(true);
  await clock.advance(1);
  await failed;
  await until(() => !isAlive(pid), { what: 'its process is gone' });
});
