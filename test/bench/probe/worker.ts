/**
 * One process that probes, as the bench sees it.
 */
import path from 'node:path';
import { startChild } from '../child.ts';
import type { Pass } from '../pool.ts';
import { Answer, type Ask, type Setting, type Subject, Weight } from './messages.ts';

/** The prober as the operator wires it, the bare loop, and the client of the official SDK. */
export type Way = 'ours' | 'bare' | 'sdk';

export interface Worker {
  readonly pid: number | undefined;
  /** One probe of `url`. */
  visit(subject: Subject, url: string): Promise<void>;
  /** `n` probes, `width` at once. */
  probe(subject: Subject, url: string, n: number, width: number): Promise<Pass>;
  /** Begins a probe of each URL. */
  park(urls: readonly string[]): Promise<void>;
  /** Ends those probes. */
  leave(): Promise<void>;
  weigh(): Promise<Weight>;
  stop(): Promise<void>;
}

/** 20,000 probes with the SDK take a minute of CPU. */
const TIMEOUT_MS = 300_000;

/** Starts a process that is ready to probe. `profile`: a directory for its CPU profile. Rejects with what it said. */
export async function startWorker(way: Way, setting: Setting, profile?: string): Promise<Worker> {
  const child = startChild<Ask, Answer>({
    name: `the process of '${way}'`,
    file: path.join(import.meta.dirname, 'main.ts'),
    args: [way],
    nodeFlags: [
      '--expose-gc',
      ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${path.resolve(profile)}`, '--cpu-prof-interval=200']),
    ],
    parse: Answer.parse,
    timeoutMs: TIMEOUT_MS,
  });
  const probe: Worker['probe'] = async (subject, url, n, width) => {
    const answer = await child.ask({ do: 'probe', subject, url, n, width });
    if (!('cpuMs' in answer)) throw new Error(`'${way}' did not say what its probes took`);
    return answer;
  };
  try {
    await child.ask({ do: 'prepare', setting });
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    pid: child.pid,
    visit: async (subject, url) => void (await probe(subject, url, 1, 1)),
    probe,
    park: async (urls) => void (await child.ask({ do: 'park', urls: [...urls] })),
    leave: async () => void (await child.ask({ do: 'leave' })),
    weigh: async () => Weight.parse(await child.ask({ do: 'weigh' })),
    stop: child.stop,
  };
}
