import { expect, test } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { VERBS } from '../../src/cli/verbs.ts';
import { RUN_FLAGS } from '../../src/config.ts';
import { createFakeTerminal } from './fake-terminal.ts';

async function program(...args: string[]) {
  const terminal = createFakeTerminal();
  const code = await runProgram(args, terminal);
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() };
}

test('every way to ask for help answers on stdout with exit code 0', async () => {
  for (const args of [['help'], ['--help'], ['-h'], ['help', 'help'], ['probe', '--help'], ['version', '-h'], ['run', '-h']]) {
    expect(await program(...args), args.join(' ')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('Usage: mcpserver-operator '),
    });
  }
});

test('the help of run names every flag with its meaning and default, and the environment', async () => {
  const { stdout } = await program('help', 'run');
  for (const [name, { help, shownDefault }] of Object.entries(RUN_FLAGS)) {
    expect(stdout).toContain(`--${name}`);
    expect(stdout).toContain(shownDefault === '' ? help : `${help} (${shownDefault})`);
  }
  expect(stdout).toContain('MCPSERVER_OPERATOR_LOG_LEVEL');
});

test('every verb answers --help with its usage, at least one example and its exit codes where it judges something', async () => {
  for (const verb of Object.keys(VERBS)) {
    const { code, stdout, stderr } = await program(verb, ...(verb === 'help' ? ['help'] : ['--help']));
    expect({ code, stderr }, verb).toEqual({ code: 0, stderr: '' });
    if (verb === 'help') continue;
    expect(stdout).toMatch(new RegExp(`^Usage: mcpserver-operator ${verb}.*\\n[^]*\\nExamples:\\n  mcpserver-operator ${verb}`));
    if (['run', 'probe', 'validate', 'doctor'].includes(verb)) expect(stdout).toContain('\nExit code: 0 ');
  }
});

test('help fits a terminal: no line is wider than 130 columns', async () => {
  for (const verb of Object.keys(VERBS)) {
    for (const line of (await program('help', verb)).stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(130);
  }
});
