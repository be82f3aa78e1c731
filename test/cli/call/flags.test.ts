import { expect, test } from 'vitest';
import { CALL_FLAGS } from '../../../src/cli/call/flags.ts';
import { parseFlags } from '../../../src/platform/flags.ts';

test('no flag takes a credential, and wrong arguments are not repeated', () => {
  expect(Object.keys(CALL_FLAGS).filter((name) => /token|secret|bearer|header|key/.test(name))).toEqual([]);
  const { faults } = parseFlags(CALL_FLAGS, { args: [`--arguments=${'CANARY'.repeat(1000)}`], maxArguments: 1 });
  expect(faults).toEqual(['--arguments: expected 1 to 4096 characters']);
});
