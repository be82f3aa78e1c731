import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { errorCode, isTLSError, parseJSON, readBody, readReason, retryAfterMs } from '../../src/kube/response.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

const clock = createFakeClock(Date.parse('2026-01-01T00:00:00Z'));

test.each([
  [undefined, undefined],
  ['0', 0],
  ['7', 7_000],
  [['7', '9'], 7_000],
  ['999999999', 3_600_000],
  ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
  ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
  ['soon', undefined],
  ['-1 x', undefined],
])('Retry-After %j is %j ms', (header, expected) => {
  expect(retryAfterMs(header, clock)).toBe(expected);
});

test('a body is read whole up to its limit, also when a character is split between chunks', async () => {
  const umlaut = Buffer.from('ü');
  const chunks = () => Readable.from([umlaut.subarray(0, 1), umlaut.subarray(1)]);
  expect(await readBody(chunks(), 2)).toBe('ü');
  expect(await readBody(chunks(), 1)).toBeUndefined();
  expect(await readBody(Readable.from([]), 1)).toBe('');
});

test('only a CamelCase word is a reason', async () => {
  const read = (body: string) => readReason(Readable.from([Buffer.from(body)]));
  expect(await read('{"reason":"AlreadyExists"}')).toBe('AlreadyExists');
  for (const body of ['{"reason":"has spaces"}', '{"reason":7}', '{"reason":""}', 'null', '<html>', ''])
    expect(await read(body)).toBeUndefined();
});

test('the most specific code of an error is found in its causes', () => {
  const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
  expect(errorCode(new Error('outer', { cause: refused }))).toBe('ECONNREFUSED');
  expect(errorCode(new AggregateError([refused]))).toBe('ECONNREFUSED');
  expect(errorCode(Object.assign(new Error('y', { cause: refused }), { code: 'UND_ERR_SOCKET' }))).toBe('ECONNREFUSED');
  expect(errorCode(Object.assign(new Error('z'), { code: 'token canary' }))).toBeUndefined();
  expect(errorCode('text')).toBeUndefined();
});

test('codes of certificates and handshakes are TLS errors, those of sockets are not', () => {
  const codes = [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_HAS_EXPIRED',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'EPROTO',
  ];
  expect(codes.filter(isTLSError)).toEqual(codes);
  expect([undefined, 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND'].some(isTLSError)).toBe(false);
});

test('what is no JSON is undefined', () => {
  expect(parseJSON('{')).toBeUndefined();
  expect(parseJSON('{"a":1}')).toEqual({ a: 1 });
});
