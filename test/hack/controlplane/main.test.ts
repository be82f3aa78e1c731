import { expect, test } from 'vitest';
import { run } from '../../../hack/controlplane/run.ts';
import { moduleUrl } from './scratch.ts';

const main = (...args: string[]) => run(process.execPath, [new URL(moduleUrl('main.ts')).pathname, ...args]);

test('--help tells how to use it', async () => {
  const { code, stdout, stderr } = await main('--help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^Usage: npm run controlplane\n/);
  expect(stdout).toContain('KUBEBUILDER_ASSETS');
});

test('an unknown flag is one line and exit code 1', async () => {
  for (const argument of ['--fast', 'now']) {
    const { code, stdout, stderr } = await main(argument);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^controlplane: [^\n]*'${argument}'[^\n]* \\(see --help\\)\n$`));
  }
});
