import { expect, test } from 'vitest';
import { IMPORT_FLAGS } from '../../../src/cli/import/flags.ts';
import { parseFlags } from '../../../src/platform/flags.ts';

const parse = (...args: string[]) => parseFlags(IMPORT_FLAGS, { args, maxArguments: 1 });

test('a setting may hold commas and equals signs, and be given again', () => {
  expect(parse('--set', 'a=b,c=d', '--set', 'e=f').values.set).toEqual([
    { name: 'a', value: 'b,c=d' },
    { name: 'e', value: 'f' },
  ]);
});

test('what is no setting is not repeated: somebody may have typed a secret', () => {
  expect(parse('--set', 'sk-123').faults).toEqual(['--set: expected NAME=VALUE']);
});

test('a namespace is a DNS label', () => {
  expect(parse('-n', 'team-a').values.namespace).toBe('team-a');
  for (const name of ['a.b', '-a', 'a'.repeat(64)]) expect(parse(`--namespace=${name}`).faults).toHaveLength(1);
});
