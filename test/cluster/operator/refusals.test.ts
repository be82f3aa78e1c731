/**
 * What the program says when it can not start: one clear line on stderr, nothing on stdout, exit code 1. Nobody reads a stack.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { controlPlane } from '../control-plane.ts';
import { startProgram } from '../operator-process.ts';

let directory = '';
let busy: Server;
let busyPort = 0;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'refusals-'));
  busy = createServer();
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
  const address = busy.address();
  busyPort = address !== null && typeof address === 'object' ? address.port : 0;
  await writeFile(path.join(directory, 'garbage'), '{{ not: yaml');
  await writeFile(path.join(directory, 'empty'), '');
  await writeFile(path.join(directory, 'other'), 'apiVersion: v1\nkind: ConfigMap\n');
});

afterAll(async () => {
  busy.close();
  await rm(directory, { recursive: true });
});

const off = ['--metrics-bind-address=0', '--health-bind-address=0', '--leader-elect=false'];
const withFile = (file: string) => ['run', ...off, `--kubeconfig=${path.join(directory, file)}`];
const CASES: readonly (readonly [what: string, args: () => readonly string[], says: RegExp])[] = [
  ['a kubeconfig that is not there', () => withFile('missing'), /kubeconfig .*missing can not be read \(ENOENT\)$/],
  ['a kubeconfig that is a directory', () => withFile('.'), /kubeconfig .* can not be read \(EISDIR\)$/],
  ['a kubeconfig that is no YAML', () => withFile('garbage'), /kubeconfig .*garbage is not valid: /],
  ['a kubeconfig that is empty', () => withFile('empty'), /kubeconfig .*empty is not valid: /],
  ['another kind of file', () => withFile('other'), /kubeconfig .*other has no current-context: /],
  ['no kubeconfig and no cluster', () => ['run', ...off], /not running in a cluster .*: pass --kubeconfig or set KUBECONFIG$/],
  [
    'a port that is taken',
    () => [
      'run',
      '--leader-elect=false',
      `--kubeconfig=${controlPlane.adminKubeconfig}`,
      `--metrics-bind-address=127.0.0.1:${busyPort}`,
    ],
    /--metrics-bind-address 127\.0\.0\.1:\d+: another process listens there; /,
  ],
  ['an unknown flag', () => ['run', '--kubeconfg=x'], /unknown flag .*--kubeconfg.*--kubeconfig/],
  ['a value out of bounds', () => ['run', '--max-concurrent-retries=6'], /--max-concurrent-retries .*5/],
  ['an unknown verb', () => ['rum'], /unknown verb "rum".*run/],
];

test.concurrent.for(CASES)('%s is one line and exit code 1', async ([, args, says]) => {
  const program = await startProgram(args());
  const { how } = await program.ended;
  expect(program.stderr().trimEnd().split('\n')).toHaveLength(1);
  expect(program.stderr().trimEnd()).toMatch(says);
  expect(program.stderr()).toMatch(/^mcpserver-operator( run)?: /);
  expect(program.stdout()).toBe('');
  expect(how).toBe(1);
});
