/**
 * Many jobs, a bounded number of them at once.
 */

/** Runs `job(i)` for i from 0 to n−1, at most `width` at once. Rejects with the first error, after which no job is started. */
export async function runPool(n: number, width: number, job: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < n) {
      const index = next++;
      try {
        await job(index);
      } catch (error) {
        next = n;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, n) }, worker));
}

/** What one pass over all items took. */
export interface Pass {
  readonly seconds: number;
  /** CPU of this process, in all. */
  readonly cpuMs: number;
}

/** Times {@link runPool}. */
export async function timePool(n: number, width: number, job: (index: number) => Promise<void>): Promise<Pass> {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await runPool(n, width, job);
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuMs: (user + system) / 1000 };
}
