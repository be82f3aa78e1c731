/**
 * The farm as the bench sees it: mock MCP servers in a process of their own, so that serving them is not the bench's work.
 */
import path from 'node:path';
import { spawnTethered } from '../../../hack/controlplane/children.ts';
import { type Ask, type Behaviour, Reply, type Sightings } from './messages.ts';

export interface Farm {
  readonly pid: number | undefined;
  /** One for each server. */
  readonly urls: readonly string[];
  /** Gives `behaviour` to the servers with these indices. */
  behave(servers: readonly number[], behaviour: Behaviour): Promise<void>;
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
  const child = spawnTethered(process.execPath, [path.join(import.meta.dirname, 'main.ts')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, { resolve(reply: Reply): void; reject(error: Error): void }>();
  const isOver = new Promise<void>((resolve) => {
    const end = (why: string) => {
      for (const { reject } of waiting.values()) reject(new Error(`the farm of mock servers ${why}`));
      resolve();
    };
    child.once('error', (error) => end(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => end(`ended with ${signal ?? code}`));
  });
  child.on('message', (message) => {
    const reply = Reply.parse(message);
    waiting.get(reply.id)?.resolve(reply);
  });

  let nextID = 0;
  const ask = async (question: Ask): Promise<Reply> => {
    const id = nextID++;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const timer = setTimeout(() => reject(new Error(`the farm did not ${question.do} in time`)), TIMEOUT_MS);
    waiting.set(id, { resolve, reject });
    try {
      child.send({ id, ask: question }, (error) => {
        if (error) reject(error);
      });
      const reply = await promise;
      if ('error' in reply) throw new Error(`the farm could not ${question.do}: ${reply.error}`);
      return reply;
    } finally {
      clearTimeout(timer);
      waiting.delete(id);
    }
  };
  const stop = async () => {
    child.kill('SIGKILL');
    await isOver;
  };

  try {
    const opened = await ask({ do: 'open', count });
    if (!('urls' in opened)) throw new Error('the farm did not say where its servers are');
    return {
      pid: child.pid,
      urls: opened.urls,
      behave: async (servers, behaviour) => void (await ask({ do: 'behave', servers: [...servers], behaviour })),
      reset: async () => void (await ask({ do: 'reset' })),
      async read() {
        const reply = await ask({ do: 'read' });
        if (!('sightings' in reply)) throw new Error('the farm did not say what it saw');
        return reply.sightings;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
