/**
 * What every client of the comparison can do: types only.
 */
import type { Subject } from './messages.ts';

export interface Contestant {
  /** One whole probe of a healthy server, from connecting to the last list. Rejects when it learned anything but its five tools. */
  visit(subject: Subject, url: string): Promise<void>;
  /** Probes a server that never answers. Resolves when `signal` has ended the probe. */
  park(url: string, signal: AbortSignal): Promise<void>;
}

/** As many as the mock servers offer. */
export const TOOLS = 5;
