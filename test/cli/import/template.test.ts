import { expect, test } from 'vitest';
import type { RegistryInput, Variables } from '../../../src/cli/import/registry-document.ts';
import { createSettings, expand, NO_SETTINGS } from '../../../src/cli/import/template.ts';

const input = (given: Partial<RegistryInput>): RegistryInput => ({
  value: undefined,
  fallback: undefined,
  isSecret: false,
  isRequired: false,
  description: undefined,
  choices: [],
  ...given,
});
const variables = (given: Record<string, Partial<RegistryInput>>): Variables =>
  new Map(Object.entries(given).map(([name, each]) => [name, input(each)]));

test('a fixed value wins over a setting, and a setting over the default', () => {
  const known = variables({ fixed: { value: 'f', fallback: 'x' }, set: { fallback: 'x' }, rest: { fallback: 'r' } });
  const settings = createSettings([
    { name: 'fixed', value: 's' },
    { name: 'set', value: 's' },
  ]);
  expect(expand('{fixed}/{set}/{rest}', known, settings)).toEqual({ text: 'f/s/r', open: [], secrets: [] });
});

test('what has no value stays open and is told once', () => {
  expect(expand('{a}-{a}-{b}', variables({ b: { fallback: '1' } }), NO_SETTINGS)).toEqual({
    text: 'REPLACE-ME-REPLACE-ME-1',
    open: ['a'],
    secrets: [],
  });
});

test('a secret is never taken from the command line', () => {
  const settings = createSettings([{ name: 'key', value: 'sk' }]);
  expect(expand('{key}', variables({ key: { isSecret: true } }), settings)).toEqual({
    text: 'REPLACE-ME',
    open: ['key'],
    secrets: ['key'],
  });
  expect(settings.unused()).toEqual(['key']);
});

test('values are not expanded again, and braces around other things are text', () => {
  expect(expand('{a}{"b":1}', variables({ a: { value: '{b}' }, b: { value: 'c' } }), NO_SETTINGS).text).toBe('{b}{"b":1}');
});
