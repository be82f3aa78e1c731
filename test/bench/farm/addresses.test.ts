import { isIPv4 } from 'node:net';
import { expect, test } from 'vitest';
import { loopbackAddress } from './addresses.ts';

test('20,000 servers have 20,000 addresses of 127.0.0.0/8, none of them 127.0.x.y', () => {
  const addresses = Array.from({ length: 20_000 }, (_, index) => loopbackAddress(index));
  expect(new Set(addresses).size).toBe(20_000);
  expect(addresses.every((address) => isIPv4(address) && address.startsWith('127.16.'))).toBe(true);
  expect(loopbackAddress(62_500)).toBe('127.17.1.1');
});
