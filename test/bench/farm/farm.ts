/**
 * The farm as the bench sees it: mock MCP servers in a process of their own, so that serving them is not the bench's work.
 */
import path from 'node:path';
import { startChild } from '../child.ts';
import { Answer, type Ask, type Behaviour, type Sightings } from './messages.ts';

export interface Farm {
  readonly pid: number | undefined;
  /** One for each server. */
  readonly urls: readonly string[];
  /** Gives `behaviour` to the servers with these indices. */
  behave(servers: readonly number[], behaviour: Behaviour): Promise<void>;
  /** What the servers with these indices are asked next is a retry, until they have answered a whole probe. */
  expectRetries(servers: readonly number[]): Promise<void>;
  /** Forgets what was seen. */
  reset(): Promise<void>;
  /** What the servers saw since the last reset. */
  read(): Promise<Sightings>;
  stop(): Promise<void>;
}

/** Opening 20,000 listeners takes 2 s; a machine that is busy elsewhere may need ten times that. */
const TIMEOUT_MS = 60_000;

/** Starts `count` healthy servers. Rejects with what the process said. */
export async function startFarm(count: number): Promise<Farm> {
  const child = startChild<Ask, Answer>({
    name: 'the farm of mock servers',
    file: path.join(import.meta.dirname, 'main.ts'),
    parse: Answer.parse,
    timeoutMs: TIMEOUT_MS,
  });
  try {
    const opened = await child.ask({ do: 'open', count });
    if (!('urls' in opened)) throw new Error('the farm did not say where its servers are');
    return {
      pid: child.pid,
      urls: opened.urls,
      behave: async (servers, behaviour) => void (await child.ask({ do: 'behave', servers: [...servers], behaviour })),
      expectRetries: async (servers) => void (await child.ask({ do: 'expect', servers: [...servers] })),
      reset: async () => void (await child.ask({ do: 'reset' })),
      async read() {
        const answer = await child.ask({ do: 'read' });
        if (!('sightings' in answer)) throw new Error('the farm did not say what it saw');
        return answer.sightings;
      },
      stop: child.stop,
    };
  } catch (error) {
    await child.stop();
    throw error;
  }
}
