/**
 * hack/kind-up.sh and kind-down.sh with programs that only note how they were called: what is missing is one sentence, and what is there is
 * used in the right order, on the cluster's own context. The chart's values and the patch are judged by the real helm and kubectl.
 */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CHART } from '../../hack/chart.ts';
import { findOnPath, resolveTools } from '../../hack/controlplane/kubectl.ts';
import { run } from '../../hack/controlplane/run.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** What the scripts need of the system, beside docker, go, kubectl and helm. */
const SYSTEM = ['bash', 'env', 'dirname', 'grep', 'npm', 'node', 'sh'];
let folder = '';
let calls = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kind-'));
  calls = path.join(folder, 'calls');
  await mkdir(path.join(folder, 'bin'));
  await writeFile(calls, '');
  for (const name of SYSTEM) {
    const real = await findOnPath(name, process.env);
    await writeProgram(name, `exec '${name === 'node' ? process.execPath : real}' "$@"`);
  }
});
afterEach(() => rm(folder, { recursive: true }));

async function writeProgram(name: string, body: string): Promise<void> {
  const file = path.join(folder, 'bin', name);
  await writeFile(file, `#!/bin/sh\n${body}\n`);
  await chmod(file, 0o755);
}

/** A program that notes its arguments, and does `body`. */
const writeRecorder = (name: string, body = '') => writeProgram(name, `echo "${name} $*" >>'${calls}'\n${body}`);

async function start(script: string) {
  const env = [`PATH=${path.join(folder, 'bin')}`, `HOME=${folder}`, 'KIND_CLUSTER=a'];
  const { code, stderr, stdout } = await run('env', ['-i', ...env, path.join(ROOT, 'hack', script)], { cwd: folder });
  return { code, stderr, stdout, calls: (await readFile(calls, 'utf8')).trimEnd().split('\n') };
}

describe.each(['kind-up', 'kind-down'])('%s', (name) => {
  test('without Docker is one clear sentence', async () => {
    const { code, stderr } = await start(`${name}.sh`);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${name}: Docker is needed, and there is no docker on the PATH: .*\\n$`));
  });

  test('with a Docker whose daemon is away is one, too', async () => {
    await writeProgram('docker', 'echo "Cannot connect" >&2; exit 1');
    const { code, stderr } = await start(`${name}.sh`);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${name}: Docker is needed, and its daemon does not answer: .*\\n$`));
  });

  test('without Go says who needs it', async () => {
    await writeRecorder('docker');
    const { code, stderr } = await start(`${name}.sh`);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${name}: Go 1\\.26 or newer is needed to build kind, .*\\n$`));
  });
});

describe('with everything there', () => {
  beforeEach(async () => {
    for (const name of ['docker', 'kubectl', 'helm']) await writeRecorder(name);
  });

  test('kind-up makes cluster, images, chart and samples, all on its own context', async () => {
    await writeRecorder('go');
    const { code, stderr, calls: said } = await start('kind-up.sh');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(said.map((line) => line.split(' --')[0])).toEqual([
      'docker info',
      'go -C hack/kind tool kind get clusters',
      'go -C hack/kind tool kind create cluster',
      'docker build',
      'docker build',
      'go -C hack/kind tool kind load docker-image',
      'helm upgrade',
      ...Array.from({ length: 7 }, () => 'kubectl'),
    ]);
    for (const line of said.filter((each) => each.startsWith('kubectl'))) expect(line).toMatch(/^kubectl --context kind-a /);
    expect(said.find((line) => line.startsWith('helm'))).toContain(' --kube-context kind-a ');
  });

  test('again, with the cluster there, it is not made twice', async () => {
    await writeRecorder('go', 'case "$*" in *"get clusters") echo a ;; esac');
    const { code, calls: said } = await start('kind-up.sh');
    expect(code).toBe(0);
    expect(said.filter((line) => line.includes('create cluster'))).toEqual([]);
  });

  test('a step that fails ends it', async () => {
    await writeRecorder('go', 'case "$*" in *load*) exit 3 ;; esac');
    const { code, calls: said } = await start('kind-up.sh');
    expect(code).toBe(3);
    expect(said.at(-1)).toContain('kind load docker-image');
  });

  test('kind-down removes this cluster and nothing else', async () => {
    await writeRecorder('go');
    const { code, calls: said } = await start('kind-down.sh');
    expect(code).toBe(0);
    expect(said).toEqual(['docker info', 'go -C hack/kind tool kind delete cluster --name a']);
  });
});

test('the values fit the chart, and the patch adds the sample servers beside the operator', async () => {
  const { helm, kubectl } = await resolveTools();
  const kind = (file: string) => path.join(ROOT, 'hack', 'kind', file);
  const args = [
    'template',
    'mcpserver-operator',
    CHART,
    '--values',
    kind('values.yaml'),
    '--show-only',
    'templates/deployment.yaml',
  ];
  const rendered = await run(helm, args);
  expect(rendered).toMatchObject({ code: 0, stderr: '' });
  const file = path.join(folder, 'deployment.yaml');
  await writeFile(file, rendered.stdout);
  const patched = await run(kubectl, ['patch', '--local', '-f', file, '--patch-file', kind('samples.patch.yaml'), '-o', 'yaml']);
  expect(patched).toMatchObject({ code: 0, stderr: '' });
  const containers = (
    parse(patched.stdout) as { spec: { template: { spec: { containers: { name: string; image: string; args?: string[] }[] } } } }
  ).spec.template.spec.containers;
  expect(containers.map(({ name, image }) => [name, image]).sort()).toEqual([
    ['operator', 'mcpserver-operator:dev'],
    ['samples', 'mcpserver-operator-samples:dev'],
  ]);
  const operator = containers.find(({ name }) => name === 'operator');
  // The sample servers listen on port 8080 of their own addresses, which nobody may take for all addresses.
  expect(operator?.args).toEqual(expect.arrayContaining(['--allow-loopback', '--metrics-bind-address=0']));
});
