import { expect, test } from 'vitest';
import { choicesOf, importHeaders } from '../../../src/cli/import/headers.ts';
import type { RegistryHeader } from '../../../src/cli/import/registry-document.ts';
import { createSettings } from '../../../src/cli/import/template.ts';

const header = (name: string, given: Partial<RegistryHeader> = {}): RegistryHeader => ({
  name,
  value: undefined,
  fallback: undefined,
  isSecret: false,
  isRequired: false,
  description: undefined,
  choices: [],
  variables: new Map(),
  ...given,
});
const read = (headers: RegistryHeader[], ...settings: [name: string, value: string][]) =>
  importHeaders(headers, createSettings(settings.map(([name, value]) => ({ name, value }))), { at: ['h'], secretName: 's' });

test('a header whose name the API takes for a secret is one, whatever the document says', () => {
  const { headers, secret } = read([header('X-Auth-Token', { value: 'abc' })]);
  expect(headers).toEqual([{ name: 'X-Auth-Token', valueFrom: { secretKeyRef: { name: 's', key: 'X-Auth-Token' } } }]);
  expect(secret.get('X-Auth-Token')?.value).toBe('abc');
});

test('an Authorization of another scheme keeps its words and stays a header', () => {
  const { headers, auth, secret } = read([header('authorization', { value: 'Basic {pair}' })]);
  expect(auth).toBeUndefined();
  expect(headers).toHaveLength(1);
  expect([...secret]).toEqual([['authorization', expect.objectContaining({ value: 'Basic REPLACE-ME' })]]);
});

test('a required header without a value names the flag that sets it, and its choices', () => {
  const required = header('X-Region', { isRequired: true, choices: ['eu', 'us'] });
  expect(read([required]).faults).toEqual([
    { path: ['h', 0], message: 'needs a value: pass --set X-Region=VALUE; one of eu, us' },
  ]);
  expect(read([required], ['X-Region', 'eu']).headers).toEqual([{ name: 'X-Region', value: 'eu' }]);
});

test('a name that no header may have is a fault', () => {
  expect(read([header('X Y\r\n')]).faults).toEqual([{ path: ['h', 0], message: 'has a name that no header may have' }]);
});

test('two headers never share a key of the Secret', () => {
  const { secret } = read([header('X*Key', { isSecret: true }), header('X#Key', { isSecret: true })]);
  expect([...secret.keys()]).toEqual(['X-Key', 'X-Key.1']);
});

test('choices are few and clean', () => {
  expect(choicesOf(header('a', { choices: ['a\n\u001b[2J', 'b'] }))).toBe('; one of a [2J, b');
  expect(choicesOf(header('a', { choices: Array.from({ length: 100 }, (_, i) => `${i}`) }))).toBe(
    '; one of 0, 1, 2, 3, 4, 5, 6, 7',
  );
  expect(choicesOf(undefined)).toBe('');
});
