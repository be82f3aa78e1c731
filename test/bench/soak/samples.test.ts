import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { readHoldings } from './samples.ts';

const METRICS = `nodejs_heap_size_used_bytes 10485760
nodejs_active_resources{type="Timeout"} 3
nodejs_active_resources{type="TCPSocketWrap"} 4
nodejs_active_resources_total 7
`;

test('heap, timers and active resources are those of the metrics', () => {
  expect(readHoldings(process.pid, METRICS)).toMatchObject({ 'heap in use': 10, timers: 3, 'active resources': 7 });
});

test('a socket more is a socket and a descriptor more', async () => {
  const before = readHoldings(process.pid, '');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const after = readHoldings(process.pid, '');
  await new Promise((resolve) => server.close(resolve));
  // Elsewhere than on Linux nothing is told, and nothing guessed.
  const one = existsSync('/proc/self/fd') ? 1 : Number.NaN;
  expect(after.sockets - before.sockets).toBe(one);
  expect(after['file descriptors'] - before['file descriptors']).toBe(one);
});

test('of a process that is gone the kernel tells nothing', () => {
  expect(readHoldings(undefined, METRICS)).toMatchObject({ sockets: Number.NaN, 'resident memory': Number.NaN });
});
