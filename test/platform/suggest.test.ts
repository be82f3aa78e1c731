import { expect, test } from 'vitest';
import { nearest, suggestion } from '../../src/platform/suggest.ts';

const VERBS = ['run', 'probe', 'version', 'help'];

test.each([
  ['prob', 'probe'],
  ['porbe', 'probe'],
  ['rn', 'run'],
  ['verison', 'version'],
  ['--help', 'help'],
])('%s probably meant %s', (word, meant) => {
  expect(nearest(word, VERBS)).toBe(meant);
});

test.each(['deploy', '', 'x', 'a'.repeat(100_000)])('a word that is near nothing is not guessed', (word) => {
  expect(nearest(word, VERBS)).toBeUndefined();
  expect(suggestion(word, VERBS)).toBe('');
});
