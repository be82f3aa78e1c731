import { expect, test } from 'vitest';
import { isVerb, VERBS } from '../../src/cli/verbs.ts';
import { parseFlags } from '../../src/platform/flags.ts';

test('names that every object has are no verbs', () => {
  expect(['run', 'probe', 'validate', 'doctor', 'import', 'call', 'completion', 'version', 'help'].filter(isVerb)).toHaveLength(
    9,
  );
  expect(['constructor', 'toString', '__proto__', ''].filter(isVerb)).toEqual([]);
});

test('every example in the help texts is a command line that is understood', () => {
  for (const [verb, { examples, flags }] of Object.entries(VERBS)) {
    for (const example of examples) {
      const [program, first, ...args] = example.split(' ');
      expect([program, first]).toEqual(['mcpserver-operator', verb]);
      expect(parseFlags(flags, { args, maxArguments: 2 }).faults, example).toEqual([]);
    }
  }
});

test('no flag is called as another one, and none is too long for a line', () => {
  for (const { flags } of Object.values(VERBS)) {
    const shorts = Object.values(flags).flatMap((flag) => ('short' in flag ? [flag.short] : []));
    expect(new Set(shorts).size).toBe(shorts.length);
    expect(Object.keys(flags)).not.toContain('help');
  }
});
