/**
 * A process of the bench that is asked questions over IPC: what it does is its own work, and its CPU is not the bench's. One side starts
 * it and asks, the other answers; each question has an answer or an error of one line, in time. It ends when its parent does.
 */
import * as z from 'zod';
import { spawnTethered } from '../../hack/controlplane/children.ts';

export interface Child<Ask, Answer> {
  readonly pid: number | undefined;
  /** Rejects with one line when the process could not, did not in time, or has ended. */
  ask(question: Ask): Promise<Answer>;
  /** Ends it, in order where it still listens: a profile is written then. */
  stop(): Promise<void>;
}

export interface ChildOptions<Answer> {
  /** For people: `the farm of mock servers`. */
  readonly name: string;
  /** The program. */
  readonly file: string;
  readonly args?: readonly string[];
  /** Flags of Node's own. */
  readonly nodeFlags?: readonly string[];
  /** Throws when an answer is none. */
  readonly parse: (answer: unknown) => Answer;
  /** For each answer. */
  readonly timeoutMs: number;
}

/** To write a profile; without one it is over in a moment. */
const STOP_GRACE_MS = 10_000;

const Question = z.strictObject({ id: z.int(), ask: z.unknown() });
const Reply = z.union([z.strictObject({ id: z.int(), answer: z.unknown() }), z.strictObject({ id: z.int(), error: z.string() })]);
type Reply = z.output<typeof Reply>;

/** Starts the process and returns at once: the first answer tells whether it lives. */
export function startChild<Ask extends { readonly do: string }, Answer>(options: ChildOptions<Answer>): Child<Ask, Answer> {
  const { name, file, args = [], nodeFlags = [], parse, timeoutMs } = options;
  const child = spawnTethered(process.execPath, [...nodeFlags, file, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, { resolve(reply: Reply): void; reject(error: Error): void }>();
  let ending: Error | undefined;
  const isOver = new Promise<void>((resolve) => {
    const end = (why: string) => {
      ending = new Error(`${name} ${why}`);
      for (const { reject } of waiting.values()) reject(ending);
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
  return {
    pid: child.pid,
    async ask(question) {
      if (ending !== undefined) throw ending;
      const id = nextID++;
      const { promise, resolve, reject } = Promise.withResolvers<Reply>();
      const timer = setTimeout(() => reject(new Error(`${name} did not ${question.do} in time`)), timeoutMs);
      waiting.set(id, { resolve, reject });
      try {
        child.send({ id, ask: question }, (error) => {
          if (error) reject(error);
        });
        const reply = await promise;
        if ('error' in reply) throw new Error(`${name} could not ${question.do}: ${reply.error}`);
        return parse(reply.answer);
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    },
    async stop() {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await isOver;
      clearTimeout(timer);
    },
  };
}

/** The other side: answers questions for as long as the parent lives. `parse` throws at what is no question. */
export function answerQuestions<Ask>(parse: (ask: unknown) => Ask, act: (ask: Ask) => Promise<unknown>): void {
  process.on('message', (message) => {
    const { id, ask } = Question.parse(message);
    act(parse(ask))
      .then((answer): Reply => ({ id, answer }))
      .catch((error: unknown): Reply => ({ id, error: error instanceof Error ? error.message : String(error) }))
      .then((reply) => process.send?.(reply))
      .catch(() => process.exit(1));
  });
  process.on('disconnect', () => process.exit(0));
}
