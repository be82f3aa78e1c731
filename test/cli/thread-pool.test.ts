import { expect, test } from 'vitest';
import { sizeThreadPool } from '../../src/cli/thread-pool.ts';

function sized(chosen: string | undefined, probes: number) {
  const env: Record<string, string | undefined> = { UV_THREADPOOL_SIZE: chosen };
  sizeThreadPool(env, probes);
  return env['UV_THREADPOOL_SIZE'];
}

test('the pool has four threads per probe, at least 64 and at most the 1,024 of libuv', () => {
  expect(sized(undefined, 64)).toBe('256');
  expect(sized(undefined, 1)).toBe('64');
  expect(sized(undefined, 256)).toBe('1024');
});

test('a larger size that somebody chose is kept, a smaller or unreadable one is not', () => {
  expect(sized('512', 64)).toBe('512');
  expect(sized('8', 64)).toBe('256');
  expect(sized('many', 64)).toBe('256');
});
