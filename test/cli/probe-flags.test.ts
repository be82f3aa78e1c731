import { expect, test } from 'vitest';
import { PROBE_FLAGS } from '../../src/cli/probe-flags.ts';
import { parseFlags } from '../../src/platform/flags.ts';

const faults = (...args: string[]) => parseFlags(PROBE_FLAGS, { args, maxArguments: 1 }).faults;

test('E5: a credential on the command line is refused, and not repeated', () => {
  for (const args of [
    ['--bearer-env', 'eyJhbGciOi.CANARY.x'],
    ['--bearer-env', 'Bearer CANARY'],
    ['--header-env', 'Authorization=Bearer CANARY'],
    ['--header-env', 'Authorization: CANARY'],
    ['--header-env', 'CANARY'],
  ]) {
    expect(faults(...args)).toHaveLength(1);
    expect(faults(...args).join()).not.toContain('CANARY');
  }
});

test('headers and files may be given again and again', () => {
  const { values } = parseFlags(PROBE_FLAGS, {
    args: ['--header-env', 'A=X', '--header-env', 'B=Y', '-f', '-', '-f', 'b'],
    maxArguments: 0,
  });
  expect(values).toMatchObject({ 'header-env': ['A=X', 'B=Y'], filename: ['-', 'b'], output: 'table', timeout: 10_000 });
});
