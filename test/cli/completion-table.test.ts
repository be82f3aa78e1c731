import { expect, test } from 'vitest';
import { describeVerbs, wordOf } from '../../src/cli/completion-table.ts';
import { VERBS } from '../../src/cli/verbs.ts';

const verbs = describeVerbs();
const flagOf = (verb: string, name: string) => verbs.find((each) => each.name === verb)?.flags.find((flag) => flag.name === name);

test('every verb and flag of the program can be completed, and help everywhere', () => {
  expect(verbs.map(({ name }) => name)).toEqual(Object.keys(VERBS));
  for (const { name, flags } of verbs) {
    const known = Object.entries(VERBS).find(([verb]) => verb === name)?.[1].flags ?? {};
    expect(flags.map((flag) => flag.name)).toEqual([...Object.keys(known), 'help']);
  }
});

test('what a flag takes is known: nothing, a file, one of a few words, or any text', () => {
  expect(flagOf('run', 'allow-loopback')?.value).toBe('none');
  expect(flagOf('run', 'kubeconfig')?.value).toBe('file');
  expect(flagOf('probe', 'output')?.value).toEqual(['table', 'json', 'yaml']);
  expect(flagOf('run', 'lease-name')?.value).toBe('text');
});

test('a switch that is on is offered as what turns it off', () => {
  const leaderElect = flagOf('run', 'leader-elect');
  expect(leaderElect && wordOf(leaderElect)).toBe('--leader-elect=false');
});

test('no word needs quoting in a shell, and texts are one line', () => {
  for (const { name, summary, flags, operands } of verbs) {
    const words = [name, ...(operands === 'files' ? [] : operands), ...flags.map(wordOf), ...flags.flatMap(({ value }) => value)];
    for (const word of words) expect(word).toMatch(/^[a-z=-]+$/);
    for (const text of [summary, ...flags.map(({ help }) => help)]) expect(text).toMatch(/^[^\n]+$/);
  }
});
