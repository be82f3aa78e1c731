import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completionVerb } from '../../src/cli/completion.ts';
import { SHELLS, VERBS } from '../../src/cli/verbs.ts';
import { createFakeTerminal } from './fake-terminal.ts';

const run = promisify(execFile);
const isThere = async (shell: string) => (await run(shell, ['-c', 'true']).catch(() => undefined)) !== undefined;

let directory = '';
const scriptOf = (shell: string) => path.join(directory, `completion.${shell}`);

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'completion-'));
  for (const shell of SHELLS) {
    const terminal = createFakeTerminal();
    expect(completionVerb([shell], terminal)).toBe(0);
    await writeFile(scriptOf(shell), terminal.stdout());
  }
  await writeFile(path.join(directory, 'a server.yaml'), '');
  await writeFile(path.join(directory, 'b.yaml'), '');
});
afterAll(() => rm(directory, { recursive: true }));

/** What bash offers for the words so far, of which the last is being typed, as its readline would split them. */
async function bash(...words: string[]): Promise<string[]> {
  const script = `
    source ${scriptOf('bash')}
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    _mcpserver_operator
    [ \${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-u', '-c', script, 'bash', 'mcpserver-operator', ...words], { cwd: directory });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('bash, by its own completion function', () => {
  test('the script is valid', async () => {
    await run('bash', ['-n', scriptOf('bash')]);
  });

  test('every verb is offered first', async () => {
    expect((await bash('')).filter((word) => !word.startsWith('-'))).toEqual(Object.keys(VERBS));
    expect(await bash('do')).toEqual(['doctor']);
    expect(await bash('--v')).toEqual(['--version']);
  });

  test.each(Object.entries(VERBS))('every flag of %s is offered', async (verb, { flags }) => {
    const offered = (await bash(verb, '--')).map((word) => word.replace(/^--|=false$/g, ''));
    expect(offered.toSorted()).toEqual([...Object.keys(flags), 'help'].toSorted());
  });

  test.each<[string[], string[]]>([
    [
      ['probe', '-o', ''],
      ['table', 'json', 'yaml'],
    ],
    [['probe', '--output', 'y'], ['yaml']],
    [
      ['probe', '--output', '=', ''],
      ['table', 'json', 'yaml'],
    ],
    [['probe', '--output', '=', 'j'], ['json']],
    [
      ['probe', '--output', '='],
      ['table', 'json', 'yaml'],
    ],
    [['run', '--log-level', 'w'], ['warn']],
    [['run', '--lead'], ['--leader-elect=false']],
    [['run', '--lease-name', ''], []],
    [
      ['completion', ''],
      ['--help', '-h', 'bash', 'zsh', 'fish'],
    ],
    [['help', 'val'], ['validate']],
    [['unknown', ''], []],
  ])('%j offers %j', async (words, offered) => {
    expect(await bash(...words)).toEqual(offered);
  });

  test('files are offered where a file is meant, with names that hold spaces as one word', async () => {
    expect((await bash('probe', '-f', '')).filter((word) => word.endsWith('.yaml')).toSorted()).toEqual([
      'a server.yaml',
      'b.yaml',
    ]);
    expect(await bash('validate', 'b')).toEqual(['b.yaml']);
    expect(await bash('validate', '-')).toEqual(['--output', '--help', '-o', '-h']);
    expect(await bash('run', '--kubeconfig', 'b')).toEqual(['b.yaml']);
    expect(await bash('doctor', 'b')).toEqual([]);
  });
});

// A shell that is not installed can not be asked; the scripts' words are compared all the same.
describe.each(['zsh', 'fish'] as const)('%s', (shell) => {
  test('takes the script where it is installed', async () => {
    if (await isThere(shell)) await run(shell, ['-n', scriptOf(shell)]);
  });
});

test('fish offers the words, where it is installed', async () => {
  if (!(await isThere('fish'))) return;
  const script = `source ${scriptOf('fish')}; complete -C 'mcpserver-operator do'; complete -C 'mcpserver-operator probe -o y'`;
  const { stdout } = await run('fish', ['-c', script], { cwd: directory });
  expect(stdout.split('\n').map((line) => line.split('\t')[0])).toEqual(['doctor', 'yaml', '']);
});

test.each([
  [[], 'a shell is needed: one of bash, zsh, fish'],
  [['fishh'], 'unknown shell "fishh": expected one of bash, zsh, fish; did you mean fish?'],
  [['powershell'], 'unknown shell "powershell": expected one of bash, zsh, fish'],
  [['bash', 'zsh'], 'unexpected argument "zsh"'],
])('bad input %j is one line and exit code 1', (args, fault) => {
  const terminal = createFakeTerminal();
  expect(completionVerb(args, terminal)).toBe(1);
  expect(terminal.stderr()).toBe(`mcpserver-operator completion: ${fault}\n`);
});
