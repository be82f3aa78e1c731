/**
 * SIGINT and SIGTERM as an AbortSignal. The first asks the work to end well, the second ends the process at once.
 */

import { endProcess } from './exit.ts';

/** The exit codes of a shell for a process that a signal ended: 128 and its number. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** What the process is, here; tests pass their own. */
export interface SignalSource {
  on(name: string, listener: () => void): unknown;
  off(name: string, listener: () => void): unknown;
  exit(code: number): void;
}

const THIS_PROCESS: SignalSource = {
  on: (name, listener) => process.on(name, listener),
  off: (name, listener) => process.off(name, listener),
  exit: endProcess,
};

/** Runs `work`, and leaves no listener behind. */
export async function withSignals<T>(work: (signal: AbortSignal) => Promise<T>, source: SignalSource = THIS_PROCESS): Promise<T> {
  const controller = new AbortController();
  const listeners = Object.entries(SIGNALS).map(([name, code]) => {
    const listener = () => {
      if (controller.signal.aborted) source.exit(code);
      else controller.abort();
    };
    source.on(name, listener);
    return { name, listener };
  });
  try {
    return await work(controller.signal);
  } finally {
    for (const { name, listener } of listeners) source.off(name, listener);
  }
}
