import { expect, it } from 'vitest';
import { Auth, Header } from '../../../src/api/v1alpha1/auth.ts';

it('an API key travels in X-API-Key unless another header is named', () => {
  const secretKeyRef = { name: 'a', key: 'b' };
  expect(Auth.parse({ type: 'APIKey', apiKey: { secretKeyRef } }).apiKey?.header).toBe('X-API-Key');
  expect(Auth.parse({ type: 'APIKey', apiKey: { header: 'X-Key', secretKeyRef } }).apiKey?.header).toBe('X-Key');
});

it('auth without a type is None', () => {
  expect(Auth.parse({})).toEqual({ type: 'None' });
});

it('a header name is a token', () => {
  expect(Header.safeParse({ name: "!#$%&'*+.^_`|~0aA-", value: '' }).success).toBe(true);
  for (const name of ['', 'a b', 'a:b', 'a\n', 'ä', '"a"'])
    expect(Header.safeParse({ name, value: '' }).success, name).toBe(false);
});
