import { expect, test } from 'vitest';
import { describeVerbs } from '../../src/cli/completion-table.ts';
import { zshScript } from '../../src/cli/completion-zsh.ts';

const script = zshScript(describeVerbs());

test('the first line is what compinit looks for', () => {
  expect(script.split('\n')[0]).toBe('#compdef mcpserver-operator');
});

test('every verb and flag is in it, in the words of _arguments', () => {
  for (const { name, summary, flags } of describeVerbs()) {
    expect(script).toContain(`'${name}:${summary}'`);
    for (const flag of flags) expect(script).toContain(`--${flag.name}`);
  }
  expect(script).toContain(`'(-o --output)'{-o+,--output=}'[form of the answer]:value:(table json yaml)'`);
  expect(script).toContain(`'*'{-f+,--filename=}'[`);
  expect(script).toContain(
    `--kubeconfig='[kubeconfig to use outside a cluster; else KUBECONFIG, else the Pod'\\''s ServiceAccount]:file:_files'`,
  );
});
