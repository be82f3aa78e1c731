/**
 * `npm run demo` as people run it: its own control plane, the chart's RBAC, the bundle, real servers over real sockets.
 * Two demos run side by side, one with --once and one that stays up, so that the second has to make way for the first.
 * Processes are looked up in /proc, and 127.0.20.x is taken for granted: this file is for Linux.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUNDLE } from '../../hack/build.ts';
import { EXPECTATIONS } from '../../hack/demo/expectations.ts';
import { until } from '../platform/until.ts';
import { controlPlane } from './control-plane.ts';

const MAIN = path.resolve(import.meta.dirname, '../../hack/demo/main.ts');
/** A quiet machine needs 35 s; two demos and other tests at once may need three times that. */
const TIMEOUT_MS = 110_000;

interface Demo {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** The exit code, or the name of the signal. */
  readonly ended: Promise<number | string | null>;
}

const started: ChildProcess[] = [];

function startDemo(...args: string[]): Demo {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  }
  const ended = new Promise<number | string | null>((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  return { child, output: () => text, ended };
}

afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** Waits until the demo says `text`. Rejects with all that it said when it ends first, or in the end. */
async function untilOutput(demo: Demo, text: string): Promise<void> {
  const hasEnded = demo.ended.then((code) => {
    throw new Error(`the demo ended with ${code}:\n${demo.output()}`);
  });
  const said = until(() => demo.output().includes(text), { what: `the demo says ${text}`, timeoutMs: TIMEOUT_MS });
  await Promise.race([said, hasEnded]);
}

/** The ids of all processes below `root`. */
async function descendantsOf(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    const stat = /^\d+$/.test(name) ? await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '') : '';
    const parent = /\) [^Z] (\d+) /.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const below: number[] = [root];
  for (const id of below) below.push(...[...parents].flatMap(([child, parent]) => (parent === id ? [child] : [])));
  return below.slice(1);
}

/** True while the process runs; a zombie whose new parent is slow to reap it counts as gone. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}

/** Runs a line in a shell, with kubectl on the PATH. */
function shell(line: string, kubeconfig: string): Promise<{ code: number; output: string }> {
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    PATH: `${path.dirname(controlPlane.tools.kubectl)}:${process.env['PATH']}`,
  };
  return new Promise((resolve) => {
    execFile('sh', ['-c', line], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: stdout + stderr });
    });
  });
}

describe('npm run demo', () => {
  let once: Demo;
  let staying: Demo;
  beforeAll(() => {
    once = startDemo('--once');
    staying = startDemo();
  });
  const kubeconfig = () => /export KUBECONFIG=(\S+)/.exec(staying.output())?.[1] ?? '';

  test('with --once it ends with 0 when every object has the verdict that it should have', { timeout: TIMEOUT_MS }, async () => {
    expect(await once.ended, once.output()).toBe(0);
    const output = once.output();
    const steps = output.split('\n').filter((line) => line.startsWith('✓ '));
    for (const [at, step] of ['Kubernetes', 'MCP servers', 'Chart', 'Operator', 'Manifests'].entries()) {
      expect(steps[at]).toMatch(new RegExp(`^✓ ${step} `));
      // With a time of up to eight columns it fits a terminal that nobody has made larger.
      expect(steps[at]?.replace(/ \([^(]*\)$/, '').length, steps[at]).toBeLessThanOrEqual(72);
    }
    expect(output).toContain(`✓ all ${EXPECTATIONS.length} have the verdict that they should have`);
    const table = output.slice(output.lastIndexOf('\nNAME '));
    for (const { name, ready, state, reason } of EXPECTATIONS) {
      expect(table).toMatch(new RegExp(`^${name} +${ready} +${state} +${reason} `, 'm'));
    }
    expect(output).toMatch(/\$ kubectl describe mcpserver token-wrong .*\nStatus:\n(.*\n)*? +Reason: +CredentialsRejected/);
    // Everything that a sample refers to is there before it.
    expect(output).not.toMatch(/ (Credentials|CABundle)NotFound/);
    expect(output).not.toContain('Ctrl-C');
    expect(output).not.toContain('\x1b');
  });

  test('two at once do not disturb each other', { timeout: TIMEOUT_MS }, async () => {
    await untilOutput(staying, 'until Ctrl-C');
    const places = [once, staying].map((demo) => /good and bad, (.*) \(/.exec(demo.output())?.[1]);
    expect(places.sort()).toEqual(['on 127.0.20.x', 'on free ports of 127.0.0.1']);
    expect(staying.output()).toContain(`✓ all ${EXPECTATIONS.length} have the verdict`);
  });

  test('every command that it tells to try works as it stands', { timeout: TIMEOUT_MS }, async () => {
    const lines = staying.output().split('\n');
    // Those two follow for ever.
    const commands = lines.filter((line) => /^ {2}(kubectl|curl) /.test(line) && !line.endsWith(' -w'));
    expect(commands).toHaveLength(8);
    for (const command of commands) expect(await shell(command, kubeconfig()), command).toMatchObject({ code: 0 });
    const suspended = await shell(
      'kubectl wait --for=jsonpath=.status.state=Suspended mcpserver/tar-pit --timeout=30s',
      kubeconfig(),
    );
    expect(suspended.output).toContain('condition met');
  });

  test('every command of the README about objects works as it stands', { timeout: TIMEOUT_MS }, async () => {
    const readme = await readFile(path.resolve(import.meta.dirname, '../../README.md'), 'utf8');
    const commands = readme.split('\n').filter((line) => line.startsWith('kubectl '));
    expect(commands.length).toBeGreaterThanOrEqual(6);
    for (const command of ['kubectl explain mcpserver.spec', ...commands]) {
      expect(await shell(command, kubeconfig()), command).toMatchObject({ code: 0 });
    }
  });

  test('doctor finds nothing to complain of, for the admin and for the operator', { timeout: TIMEOUT_MS }, async () => {
    for (const flags of ['', '--as system:serviceaccount:mcpserver-operator:mcpserver-operator']) {
      const { code, output } = await shell(`'${process.execPath}' '${BUNDLE}' doctor ${flags}`, kubeconfig());
      expect(code, output).toBe(0);
      expect(output).toMatch(/✓ leader .* \(lease mcpserver-operator\/mcpserver-operator\) leads/);
    }
  });

  test('Ctrl-C ends it with 0 and leaves neither process nor directory', { timeout: TIMEOUT_MS }, async () => {
    const children = await descendantsOf(staying.child.pid ?? 0);
    // etcd, kube-apiserver, the sample servers, the operator.
    expect(children.length).toBeGreaterThanOrEqual(4);
    const directory = path.dirname(path.dirname(kubeconfig()));
    staying.child.kill('SIGINT');
    // npm passes a terminal's Ctrl-C on a second time at once: that is not a second press.
    staying.child.kill('SIGINT');
    expect(await staying.ended).toBe(0);
    for (const pid of children) expect(await isRunning(pid), `${pid}`).toBe(false);
    expect(existsSync(directory)).toBe(false);
  });
});

test('kill -9 of the demo leaves no process', { timeout: TIMEOUT_MS }, async () => {
  const demo = startDemo();
  await untilOutput(demo, '✓ Manifests');
  const children = await descendantsOf(demo.child.pid ?? 0);
  expect(children.length).toBeGreaterThanOrEqual(4);
  const directories = await Promise.all(children.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  demo.child.kill('SIGKILL');
  expect(await demo.ended).toBe('SIGKILL');
  for (const pid of children) await until(async () => !(await isRunning(pid)), { what: `${pid} is gone` });
  // The directory stays for a later start to remove (test/hack/controlplane/directory.test.ts): not this test's subject.
  const directory = directories.find((name) => path.basename(name).startsWith('mcpserver-operator-controlplane-'));
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

test('an unknown flag is one line and exit code 1; --help is help', async () => {
  const unknown = startDemo('--onse');
  expect(await unknown.ended).toBe(1);
  expect(unknown.output()).toMatch(/^demo: Unknown option '--onse' .*\n$/);
  const help = startDemo('--help');
  expect(await help.ended).toBe(0);
  expect(help.output()).toContain('Usage: npm run demo');
});
