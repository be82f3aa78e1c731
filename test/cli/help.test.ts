import { expect, test } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
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

test('help fits a terminal: no line is wider than 130 columns', async () => {
  for (const verb of ['run', 'probe', 'version', 'help']) {
    for (const line of (await program('help', verb)).stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(130);
  }
});
