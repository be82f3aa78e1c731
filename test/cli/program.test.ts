import { expect, test } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { VERBS } from '../../src/cli/verbs.ts';
import { createFakeTerminal } from './fake-terminal.ts';

async function program(...args: string[]) {
  const terminal = createFakeTerminal();
  const code = await runProgram(args, terminal);
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() };
}

test.each([
  [['prob'], 'mcpserver-operator: unknown verb "prob"; did you mean probe?\n'],
  [['deploy'], 'mcpserver-operator: unknown verb "deploy"; see mcpserver-operator help\n'],
  [['constructor'], 'mcpserver-operator: unknown verb "constructor"; see mcpserver-operator help\n'],
  [['--kubeconfig'], 'mcpserver-operator: unknown flag "--kubeconfig"; see mcpserver-operator help\n'],
  [['validat'], 'mcpserver-operator: unknown verb "validat"; did you mean validate?\n'],
  [['docter'], 'mcpserver-operator: unknown verb "docter"; did you mean doctor?\n'],
  [['help', 'deploy'], 'mcpserver-operator help: unknown verb "deploy"; see mcpserver-operator help\n'],
  [['help', 'rum'], 'mcpserver-operator help: unknown verb "rum"; did you mean run?\n'],
  [['version', '--outptu=json'], 'mcpserver-operator version: unknown flag --outptu; did you mean --output?\n'],
  [['run', '--kubconfig=x'], 'mcpserver-operator run: unknown flag --kubconfig; did you mean --kubeconfig?\n'],
  [
    ['probe', '--allow-loopbak', 'http://x'],
    'mcpserver-operator probe: unknown flag --allow-loopbak; did you mean --allow-loopback?\n',
  ],
])('bad input is one line and exit code 1: %j', async (args, stderr) => {
  expect(await program(...args)).toEqual({ code: 1, stdout: '', stderr });
});

test('without a verb the verbs are told, as a fault', async () => {
  const { code, stdout, stderr } = await program();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  for (const verb of Object.keys(VERBS)) expect(stderr).toMatch(new RegExp(`^ {2}${verb} `, 'm'));
});
