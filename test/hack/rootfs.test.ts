/**
 * The image without Docker: hack/rootfs.sh lays out the same files as the Dockerfile does, and what it lays out runs alone, with that as its
 * whole world and as 65532.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildBundle } from '../../hack/build.ts';
import { type RunResult, run } from '../../hack/controlplane/run.ts';
import { closedPort } from '../probe/scripted-server.ts';

const SCRIPT = path.resolve(import.meta.dirname, '../../hack/rootfs.sh');
const EPOCH = 1_700_000_000;
let scratch = '';
let bundle = '';
let sbom = '';
let root = '';

/** The image is one of Linux; elsewhere its libraries can not be told. */
const isLinux = process.platform === 'linux';

const layOut = (...args: string[]) => run(SCRIPT, args, { env: { PATH: process.env['PATH'], SOURCE_DATE_EPOCH: String(EPOCH) } });

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'rootfs-'));
  [bundle, sbom, root] = ['bundle.js', 'sbom.json', 'root'].map((name) => path.join(scratch, name)) as [string, string, string];
  await buildBundle({ outfile: bundle });
  await writeFile(sbom, '{}\n');
  if (isLinux) expect(await layOut(process.execPath, bundle, sbom, root)).toMatchObject({ code: 0, stderr: '' });
});
afterAll(() => rm(scratch, { recursive: true }));

/** Path, kind, mode, owner, time and content of everything below a directory. */
async function listingOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const lines = await Promise.all(
    entries.map(async (entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const { mode, mtimeMs } = await stat(file);
      const content = entry.isFile()
        ? createHash('sha256')
            .update(await readFile(file))
            .digest('hex')
        : '';
      return `${path.relative(directory, file)} ${(mode & 0o7777).toString(8)} ${mtimeMs / 1000} ${content}`;
    }),
  );
  return lines.sort();
}

/** Runs the bundle with `root` as its whole world: as 65532 where we may, else in a user namespace of our own. */
function runInside(...args: string[]): Promise<RunResult> {
  const command = ['/usr/bin/node', '/usr/lib/mcpserver-operator/mcpserver-operator.js', ...args];
  const env = { PATH: process.env['PATH'], NODE_OPTIONS: '--max-semi-space-size=8', MALLOC_ARENA_MAX: '2' };
  if (process.getuid?.() === 0) return run('chroot', ['--userspec=65532:65532', root, ...command], { env });
  return run('unshare', ['--map-root-user', `--root=${root}`, '--wd=/', ...command], { env });
}

test('it holds Node, its libraries, the bundle, its bill of materials, and no shell', async () => {
  if (!isLinux) return;
  const files = (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.join('/', path.relative(root, path.join(entry.parentPath, entry.name))));
  const rest = files.filter((file) => !/\/lib(?:64)?\/(?:.*\/)?(?:lib[a-z_+]+|ld-linux-[a-z0-9_-]+)\.so\.\d+$/.test(file));
  expect(rest.sort()).toEqual([
    '/etc/group',
    '/etc/nsswitch.conf',
    '/etc/passwd',
    '/usr/bin/node',
    '/usr/lib/mcpserver-operator/mcpserver-operator.js',
    '/usr/share/sbom/mcpserver-operator.cdx.json',
  ]);
});

test('nobody but root may write anything, nothing is set-uid, and every time is that of the source', async () => {
  if (!isLinux) return;
  for (const line of await listingOf(root)) expect(line).toMatch(/ (?:755|644) 1700000000 /);
});

test('the same input gives the same files', async () => {
  if (!isLinux) return;
  const again = path.join(scratch, 'again');
  expect((await layOut(process.execPath, bundle, sbom, again)).code).toBe(0);
  expect(await listingOf(again)).toEqual(await listingOf(root));
});

test('the operator runs in it, with nothing else to find', async () => {
  if (!isLinux) return;
  const { code, stdout, stderr } = await runInside('version', '-o', 'json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('Error') });
  expect(JSON.parse(stdout)).toMatchObject({ node: process.versions.node });
  const probe = await runInside('probe', `http://127.0.0.1:${await closedPort()}/mcp`, '--allow-loopback', '-o', 'json');
  expect(JSON.parse(probe.stdout)).toMatchObject({ failure: { class: 'Transient', reason: 'ConnectionRefused' } });
  expect(probe.code).toBe(2);
});

test('bad input is one line', async () => {
  expect(await layOut('only', 'two')).toMatchObject({ code: 2, stderr: 'usage: hack/rootfs.sh NODE BUNDLE SBOM TARGET\n' });
  const full = path.join(scratch, 'full');
  await mkdir(path.join(full, 'something'), { recursive: true });
  expect(await layOut(process.execPath, bundle, sbom, full)).toMatchObject({ code: 1, stderr: `rootfs: ${full} is not empty\n` });
});
