/**
 * Waits for a condition instead of sleeping for luck.
 */

/**
 * Polls `condition` every `intervalMs` (20) until it returns something truthy, and returns that.
 * Rejects after `timeoutMs` (10,000), naming `what` was awaited and the last error that the condition threw.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: { what: string; timeoutMs?: number; intervalMs?: number },
): Promise<NonNullable<T>> {
  const deadline = performance.now() + (options.timeoutMs ?? 10_000);
  let lastError: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await condition();
      if (value) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? 20));
  }
  throw new Error(`timed out waiting until ${options.what}`, { cause: lastError });
}
