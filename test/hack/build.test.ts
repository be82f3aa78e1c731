/**
 * The bundle as a user has it: one file, alone in a directory, run by a bare Node.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { buildBundle } from '../../hack/build.ts';
import { until } from '../platform/until.ts';
import { closedPort } from '../probe/scripted-server.ts';

let directory: string;
let bundle: string;
let kubeconfig: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'bundle-'));
  bundle = path.join(directory, 'mcpserver-operator.js');
  await buildBundle({ outfile: bundle });
  kubeconfig = path.join(directory, 'kubeconfig');
  const server = `https://127.0.0.1:${await closedPort()}`;
  const away = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 'none' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(kubeconfig, stringify(away));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rm(directory, { recursive: true }));

function start(args: string[], nodeArgs: string[] = []) {
  const child = spawn(process.execPath, [...nodeArgs, bundle, ...args], {
    cwd: directory,
    env: { PATH: process.env['PATH'] },
    stdio: 'pipe',
  });
  children.push(child);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    said.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said.stderr += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }));
  return { child, said, ended };
}

const LOOPBACK = ['--metrics-bind-address=127.0.0.1:0', '--health-bind-address=127.0.0.1:0'];

/** `run` with an API server that is away. */
async function running(...args: string[]) {
  const run = start(['run', '--kubeconfig', kubeconfig, ...LOOPBACK, ...args]);
  await until(() => run.said.stdout.includes('"msg":"starting"'), { what: 'the operator says that it starts' });
  return run;
}

test('it is one executable file that knows the version of package.json', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  expect((await stat(bundle)).mode & 0o777).toBe(0o755);
  expect((await readdir(directory)).sort()).toEqual(['kubeconfig', 'mcpserver-operator.js']);
  expect(await start(['version']).ended).toEqual({
    code: 0,
    stdout: expect.stringContaining(`mcpserver-operator ${version} (`),
    stderr: '',
  });
});

test('it runs as a module and as CommonJS, whatever a package.json beside it says', async () => {
  for (const type of ['module', 'commonjs']) {
    await writeFile(path.join(directory, 'package.json'), JSON.stringify({ type }));
    expect(await start(['version']).ended).toMatchObject({ code: 0, stderr: '' });
  }
  await rm(path.join(directory, 'package.json'));
});

test('an older Node gets one clear sentence and exit code 1', async () => {
  const pretend = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.18.0' } })";
  await writeFile(path.join(directory, 'old.cjs'), pretend);
  const { code, stdout, stderr } = await start(['--nonsense'], ['--require', './old.cjs']).ended;
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: 'mcpserver-operator needs Node 22.19 or newer, and this is Node 22.18.0\n',
  });
  await rm(path.join(directory, 'old.cjs'));
});

test('nothing in it waits for a newer syntax than Node 16 reads before it can say so', async () => {
  const text = await readFile(bundle, 'utf8');
  expect(text.startsWith("#!/usr/bin/env node\nimport('node:module').then(")).toBe(true);
  expect(text).not.toMatch(/^(import|export)[ {*]/m);
});

describe('bad input is one line without a stack, and exit code 1', () => {
  test('unknown verb, unknown flag, bad value, unreadable kubeconfig', async () => {
    for (const [args, stderr] of [
      [['rnu'], 'mcpserver-operator: unknown verb "rnu"; did you mean run?\n'],
      [['run', '--log-levle=info'], 'mcpserver-operator run: unknown flag --log-levle; did you mean --log-level?\n'],
      [
        ['run', '--max-concurrent-retries=6'],
        'mcpserver-operator run: --max-concurrent-retries "6": expected a whole number from 1 to 5\n',
      ],
      [['run', '--kubeconfig=/does/not/exist'], 'mcpserver-operator run: kubeconfig /does/not/exist can not be read (ENOENT)\n'],
    ] as const) {
      expect(await start([...args]).ended).toEqual({ code: 1, stdout: '', stderr });
    }
  });

  test('a busy port', async () => {
    const blocker = createServer();
    blocker.listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const address = blocker.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { code, stderr } = await start([
      'run',
      '--kubeconfig',
      kubeconfig,
      '--metrics-bind-address=0',
      `--health-bind-address=127.0.0.1:${port}`,
    ]).ended;
    blocker.close();
    expect(code).toBe(1);
    expect(stderr).toBe(
      `mcpserver-operator run: --health-bind-address 127.0.0.1:${port}: another process listens there; choose another port, or 0 to turn this server off\n`,
    );
  });
});

describe('run, with an API server that is away', () => {
  test('it waits, and SIGTERM ends it cleanly within 2 s (B7)', async () => {
    const { child, ended } = await running();
    const startMs = performance.now();
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  test('every line on stdout is one JSON object with time, level and message', async () => {
    const { child, ended } = await running('--log-level=debug');
    child.kill('SIGINT');
    const { stdout } = await ended;
    for (const line of stdout.trimEnd().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({
        ts: expect.stringMatching(/Z$/),
        level: expect.any(String),
        msg: expect.any(String),
      });
    }
  });

  test('lines for people come out of the bundle too', async () => {
    const run = start(['run', '--kubeconfig', kubeconfig, ...LOOPBACK, '--log-format=pretty']);
    await until(() => run.said.stdout.includes('starting'), { what: 'a pretty line' });
    expect(run.said.stdout).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: starting/);
  });

  test('the thread pool that looks up names is larger than the cap of probes', async () => {
    const { child } = await running('--max-concurrent-probes=16');
    // Only Linux tells the threads of another process.
    if (process.platform !== 'linux') return;
    const threads = async () => {
      const tasks = `/proc/${child.pid}/task`;
      const names = await Promise.all(
        (await readdir(tasks)).map((task) => readFile(`${tasks}/${task}/comm`, 'utf8').catch(() => '')),
      );
      return names.filter((name) => name.trim() === 'libuv-worker').length;
    };
    await until(async () => (await threads()) === 64, { what: 'the pool has 4 · 16 threads', timeoutMs: 5_000 });
  });
});
