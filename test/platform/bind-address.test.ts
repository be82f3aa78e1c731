import { expect, test } from 'vitest';
import { formatBindAddress, parseBindAddress } from '../../src/platform/bind-address.ts';

test.each([
  [':8080', { port: 8080 }],
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  ['0.0.0.0:65535', { host: '0.0.0.0', port: 65535 }],
  ['[::1]:8081', { host: '::1', port: 8081 }],
  ['[::]:1', { host: '::', port: 1 }],
])('%s is an address, and is written the same way', (text, address) => {
  expect(parseBindAddress(text)).toEqual(address);
  expect(formatBindAddress(address)).toBe(text);
});

test('0 turns a server off', () => {
  expect(parseBindAddress('0')).toBe('off');
});

test.each([
  '',
  '8080',
  ':',
  ':65536',
  ':99999',
  ':-1',
  ':8o80',
  'localhost:8080',
  '1.2.3:80',
  '256.1.1.1:80',
  '::1:8081',
  '[::1]',
  '[1.2.3.4]:1',
  ' :8080',
])('%o is no address', (text) => {
  expect(parseBindAddress(text)).toBeUndefined();
});
