/**
 * Ctrl-C and its relatives: the first asks for an orderly end, a second one ends at once.
 */

/** npm passes a terminal's Ctrl-C on although it has reached us already; nobody presses it twice this fast. */
const SAME_PRESS_MS = 300;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The part of `process` that is used. */
export interface SignalSource {
  on(signal: (typeof SIGNALS)[number], listener: () => void): unknown;
}

/** Returns a signal that the first Ctrl-C, SIGTERM or closed terminal aborts; `onImpatience` is called for each later one. */
export function watchForEnd(
  source: SignalSource,
  onImpatience: () => void,
  nowMs: () => number = () => performance.now(),
): AbortSignal {
  const controller = new AbortController();
  let firstMs: number | undefined;
  for (const signal of SIGNALS) {
    source.on(signal, () => {
      firstMs ??= nowMs();
      controller.abort();
      if (nowMs() - firstMs >= SAME_PRESS_MS) onImpatience();
    });
  }
  return controller.signal;
}

/** Resolves when `signal` aborts. Keeps the process running until then: a parked promise alone would not. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const keepAlive = setInterval(() => undefined, 60_000);
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(keepAlive);
        resolve();
      },
      { once: true },
    );
  });
}
