import { spawn } from 'node:child_process';
import { appendFile, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type BinarySource, messageOf, resolveBinaries } from '../../../hack/controlplane/binaries.ts';
import { until } from '../../platform/until.ts';
import { writeFakeBinaries } from './fake-binaries.ts';
import { moduleUrl, scratchDirectory } from './scratch.ts';

/** A source that counts, and a report that is kept. */
function setUp(produce: (directory: string) => Promise<void> = (directory) => writeFakeBinaries(directory)) {
  const home = scratchDirectory();
  const lines: string[] = [];
  const counter = { produced: 0 };
  const source: BinarySource = {
    name: 'fake builder',
    version: '1.35.4',
    async produce(directory) {
      counter.produced++;
      await produce(directory);
    },
  };
  const resolve = (env: NodeJS.ProcessEnv = {}, sources: readonly BinarySource[] = [source]) =>
    resolveBinaries({ env: { XDG_CACHE_HOME: home, ...env }, sources, report: (line) => lines.push(line) });
  return { root: path.join(home, 'mcpserver-operator', 'controlplane'), lines, counter, source, resolve };
}

test('KUBEBUILDER_ASSETS comes first and is used as it is', async () => {
  const { resolve, counter, lines } = setUp();
  const assets = scratchDirectory();
  await writeFakeBinaries(assets, '1.35.9');
  const binaries = await resolve({ KUBEBUILDER_ASSETS: assets });
  expect(binaries).toMatchObject({ directory: assets, version: '1.35.9', source: 'KUBEBUILDER_ASSETS' });
  expect({ produced: counter.produced, lines }).toEqual({ produced: 0, lines: [] });
});

test('KUBEBUILDER_ASSETS with another minor version, or without the programs, is told and passed over', async () => {
  const { resolve, lines } = setUp();
  const assets = scratchDirectory();
  await writeFakeBinaries(assets, '1.34.1');
  expect((await resolve({ KUBEBUILDER_ASSETS: assets })).source).toBe('fake builder');
  expect(lines[0]).toBe(`KUBEBUILDER_ASSETS=${assets}: kube-apiserver is 1.34.1, not 1.35`);
  expect((await resolve({ KUBEBUILDER_ASSETS: '/nowhere' })).source).toBe('fake builder');
  expect(lines.at(-1)).toBe('KUBEBUILDER_ASSETS=/nowhere: etcd is missing or not executable');
});

test('the first source that works fills the cache, and later starts use it silently', async () => {
  const { resolve, counter, lines, source, root } = setUp();
  const broken = { ...source, name: 'broken', version: '1.35.0', produce: () => Promise.reject(new Error('no\nroute')) };
  const wrong = {
    ...source,
    name: 'wrong',
    version: '1.35.1',
    produce: (directory: string) => writeFakeBinaries(directory, '1.2.3'),
  };
  const first = await resolve({}, [broken, wrong, source]);
  expect(first).toMatchObject({ directory: path.join(root, '1.35.4'), version: '1.35.4', source: 'fake builder' });
  expect(lines).toEqual([
    `nothing usable in the cache ${root}`,
    'broken 1.35.0: no route',
    'wrong 1.35.1: kube-apiserver is 1.2.3, not 1.35',
    'fake builder 1.35.4: in the cache after 0s',
  ]);
  expect(await resolve({}, [broken, wrong, source])).toEqual(first);
  expect({ produced: counter.produced, lines: lines.length }).toEqual({ produced: 1, lines: 4 });
});

test('two starts at once fill the cache once', async () => {
  const { resolve, counter, lines } = setUp(async (directory) => {
    await new Promise((done) => setTimeout(done, 200));
    await writeFakeBinaries(directory);
  });
  const [first, second] = await Promise.all([resolve(), resolve()]);
  expect(second).toEqual(first);
  expect(counter.produced).toBe(1);
  expect(lines).toContain('another start is fetching or building the control plane; waiting for it');
});

test('a tampered binary is told, not run, and replaced', async () => {
  const { resolve, counter, lines, root } = setUp();
  await resolve();
  const trace = path.join(scratchDirectory(), 'ran');
  await appendFile(path.join(root, '1.35.4', 'kube-apiserver'), `touch ${trace}\n`);
  await resolve();
  expect(lines).toContain(`cache ${root}/1.35.4: not trusted, the checksum of kube-apiserver differs from the recorded one`);
  expect(counter.produced).toBe(2);
  expect(await readdir(path.dirname(trace))).toEqual([]);
});

test('a build that is killed leaves nothing that a later start trusts', async () => {
  const { resolve, counter, root } = setUp();
  const script = `
    import { resolveBinaries } from ${JSON.stringify(moduleUrl('binaries.ts'))};
    import { writeFakeBinaries } from ${JSON.stringify(new URL('./fake-binaries.ts', import.meta.url).href)};
    await resolveBinaries({
      env: { XDG_CACHE_HOME: ${JSON.stringify(path.resolve(root, '../..'))} },
      sources: [{ name: 'hangs', version: '1.35.4', async produce(directory) {
        await writeFakeBinaries(directory);
        setInterval(() => undefined, 1000);
        await new Promise(() => undefined);
      } }],
    });`;
  const build = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  await until(async () => (await readdir(root, { recursive: true })).some((name) => name.endsWith('/kube-apiserver')), {
    what: 'the build has written its files',
  });
  build.kill('SIGKILL');
  expect((await resolve()).source).toBe('fake builder');
  expect(counter.produced).toBe(1);
  expect((await readdir(root)).filter((name) => name.startsWith('.landing'))).toEqual([]);
});

test('when no way works, one line says what to do', async () => {
  const { resolve, lines, root } = setUp(() => Promise.reject(new Error('no compiler')));
  await mkdir(path.join(root, '1.35.4'), { recursive: true });
  const failure = await resolve().catch(messageOf);
  expect(failure).toMatch(/^no control plane: set KUBEBUILDER_ASSETS .* or allow a download .* or install Go 1\.26/);
  expect(lines.at(-1)).toBe('fake builder 1.35.4: no compiler');
});
