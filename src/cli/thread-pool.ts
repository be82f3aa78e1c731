/**
 * The size of libuv's thread pool. `dns.lookup` runs in it (page 3.8.2), so with its 4 threads four names that hang would stop every
 * other probe. libuv reads the variable when the pool is first used, so `run` and `probe` set it once they know the cap of probes and
 * before anything looks up a name or reads a file asynchronously; test/probe/hanging-names.test.ts holds the threads of a real process.
 */

/** libuv's own limit. */
const MAX_THREADS = 1024;

/**
 * A look-up can not be cancelled: it holds its thread until the resolver gives up, perhaps after the probe's deadline, and libuv runs
 * look-ups in half of the threads. Four per slot leave room for two generations; how they are shared out, `probe/lookup-places.ts` says.
 * 256 threads cost 2 MB and some 10 ms at start (measured).
 */
const THREADS_PER_PROBE = 4;

/** For a few probes at once, as `probe -f` makes them: 32 places, 24 of them for names that nobody asked for before. */
const MIN_THREADS = 64;

/** Makes the pool larger than the cap of probes; a larger size that somebody chose is kept. */
export function sizeThreadPool(env: Record<string, string | undefined>, maxConcurrentProbes: number): void {
  const wanted = Math.min(Math.max(THREADS_PER_PROBE * maxConcurrentProbes, MIN_THREADS), MAX_THREADS);
  const chosen = Number(env['UV_THREADPOOL_SIZE'] ?? 0);
  if (!(chosen >= wanted)) env['UV_THREADPOOL_SIZE'] = String(wanted);
}
