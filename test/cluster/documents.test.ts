/**
 * The commands of README.md and docs, run by a shell in the order in which they stand there, as a reader would: install, look, upgrade,
 * uninstall, on a control plane of their own, with an operator under the rights of the installed release and a server to watch.
 */
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BUNDLE } from '../../hack/build.ts';
import { type RunResult, run } from '../../hack/controlplane/run.ts';
import { type ControlPlane, startControlPlane } from '../../hack/controlplane/start.ts';
import { ensureBundle } from '../../hack/demo/bundle.ts';
import { type Placement, placeServers, relocate } from '../../hack/demo/servers/place.ts';
import { type Command, DOCUMENTS, fateOf, ROOT, shownIn } from '../documents/commands.ts';
import { until } from '../platform/until.ts';
import { expectSuccess } from './control-plane.ts';
import { type ProgramRun, startProgram } from './operator-process.ts';

const NAMESPACE = 'mcpserver-operator';
const INSTALL = 'helm install ';

let own: ControlPlane;
let samples: Placement;
let copy = '';
const operators: ProgramRun[] = [];

beforeAll(async () => {
  own = await startControlPlane();
  samples = await placeServers();
  await ensureBundle();
  copy = await mkdtemp(path.join(tmpdir(), 'documents-'));
  // A checkout in which the samples are where the sample servers really are.
  for (const name of ['charts', 'crds', 'docs', 'dist', 'node_modules'])
    await symlink(path.join(ROOT, name), path.join(copy, name));
  await cp(path.join(ROOT, 'hack/samples'), path.join(copy, 'hack/samples'), { recursive: true });
  for (const name of await readdir(path.join(copy, 'hack/samples'))) {
    const file = path.join(copy, 'hack/samples', name);
    await writeFile(file, relocate(await readFile(file, 'utf8'), samples.moves));
  }
  await mkdir(path.join(copy, 'bin'));
  const program = path.join(copy, 'bin', 'mcpserver-operator');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${BUNDLE}' "$@"\n`);
  await chmod(program, 0o755);
});

afterAll(async () => {
  for (const operator of operators) operator.signal('SIGKILL');
  await samples?.close();
  await own?.stop();
  await rm(copy, { recursive: true, force: true });
});

/** Runs a line as the reader's shell does, in the checkout, with kubectl, helm and the program on the PATH. */
function shell(line: string): Promise<RunResult> {
  const places = [path.join(copy, 'bin'), path.dirname(own.tools.kubectl), path.dirname(own.tools.helm), process.env['PATH']];
  const env = {
    ...process.env,
    KUBECONFIG: own.adminKubeconfig,
    PATH: places.join(':'),
    HELM_CACHE_HOME: copy,
    HELM_CONFIG_HOME: copy,
  };
  return run('sh', ['-c', line], { cwd: copy, env, timeoutMs: 60_000 });
}

/** What the reader has after the installation: an operator at work, and the server of the README. */
async function startWork(): Promise<void> {
  const kubeconfig = await own.serviceAccountKubeconfig(NAMESPACE, 'mcpserver-operator');
  const listeners = ['--metrics-bind-address=0', '--health-bind-address=127.0.0.1:0'];
  const args = ['run', '--kubeconfig', kubeconfig, '--allow-loopback', '--lease-namespace', NAMESPACE, ...listeners];
  operators.push(await startProgram(args));
  const sample = await readFile(path.join(copy, 'hack/samples/healthy-modern.yaml'), 'utf8');
  const server = sample.replace('name: healthy-modern', 'name: tickets');
  expectSuccess(await own.kubectl(['apply', '-f', '-'], { input: server }));
  expectSuccess(await own.kubectl(['apply', '-f', path.join(copy, 'hack/samples/token-right.yaml')]));
  const ready = ['get', 'mcpserver', 'tickets', '-o', 'jsonpath={.status.state}'];
  await until(async () => (await own.kubectl(ready)).stdout === 'Available', { what: 'tickets is Available', timeoutMs: 30_000 });
}

const commands = DOCUMENTS.flatMap(shownIn).filter((command) => fateOf(command)?.kind === 'here');

async function follow(command: Command): Promise<void> {
  const fate = fateOf(command);
  if (fate?.kind !== 'here') return;
  const { code, stdout, stderr } = await shell(fate.as ?? command.text);
  expect(fate.codes ?? [0], `${command.file}: ${command.text}\nexit code ${code}\n${stdout}${stderr}`).toContain(code);
  if (command.text.startsWith(INSTALL)) await startWork();
}

test('every command of README and docs works, in the order in which a reader meets them', { timeout: 110_000 }, async () => {
  expect(commands.map(({ text }) => text.split(' ')[0])).toEqual(
    expect.arrayContaining(['helm', 'kubectl', 'mcpserver-operator']),
  );
  expect(commands.findIndex(({ text }) => text.startsWith(INSTALL))).toBe(0);
  for (const command of commands) await follow(command);
});
