import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Credential, isBoundToHost, readCredentialText, readExpiryMs } from '../../src/probe/credential.ts';

describe('a credential', () => {
  it('prints [redacted] however it is printed', () => {
    const credential = new Credential('hunter22');
    const error = new Error('x', { cause: credential });
    for (const text of [
      `${credential}`,
      JSON.stringify({ credential }),
      inspect(credential),
      inspect({ error }, { showHidden: true, depth: 9 }),
    ]) {
      expect(text).toContain('[redacted]');
      expect(text).not.toContain('hunter22');
    }
  });

  it('A12: has a fingerprint of 8 hex digits', () => {
    expect(new Credential('hunter22', 'Bearer hunter22').fingerprint()).toBe(new Credential('hunter22').fingerprint());
    expect(new Credential('hunter22').fingerprint()).toMatch(/^[0-9a-f]{8}$/);
  });
});

describe('the text of a credential', () => {
  it.each([
    ['token', 'token'],
    ['token\n', 'token'],
    ['token\r\n', 'token'],
    ['token\n\n', undefined],
    ['to\nken', undefined],
    ['to\u0000ken', undefined],
    ['', undefined],
    ['   ', undefined],
  ])('%j', (given, expected) => {
    expect(readCredentialText(Buffer.from(given))).toBe(expected);
  });

  it('carries bytes beyond ASCII as they are', () => {
    expect(readCredentialText(Uint8Array.of(0xe4, 0x41))).toBe('\u00e4A');
  });
});

describe('the expiry of a JWT', () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  it.each([
    [`h.${part({ exp: 12 })}.s`, 12_000],
    [`h.${part({})}.s`, undefined],
    [`h.${part({ exp: 'soon' })}.s`, undefined],
    [`h.${part(null)}.s`, undefined],
    ['h.%%%.s', undefined],
    ['opaque', undefined],
    ['a.b', undefined],
  ])('%s', (token, expected) => {
    expect(readExpiryMs(token)).toBe(expected);
  });
});

describe('host binding', () => {
  it.each([
    ['a.example.com', 'a.example.com', true],
    ['a.example.com', 'b.example.com', false],
    ['x, A.example.com. ', 'a.example.com', true],
    ['*.b.example.com', 'c.b.example.com', true],
    ['*.b.example.com', 'd.c.b.example.com', true],
    ['*.b.example.com', 'b.example.com', false],
    ['*.b.example.com', 'evilb.example.com', false],
    ['*', 'a', false],
    ['*.', 'a.', false],
    ['', '', false],
  ])('%j lets values go to %s: %s', (allowed, host, expected) => {
    expect(isBoundToHost(allowed, host)).toBe(expected);
  });
});
