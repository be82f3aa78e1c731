/**
 * A process that probes in one way and tells what that took: `ours`, `bare` or `sdk`, by its argument. Processes of their own keep what
 * one way costs, garbage and compiled code included, from the account of the others.
 */
import { setImmediate } from 'node:timers/promises';
import { answerQuestions } from '../child.ts';
import { timePool } from '../pool.ts';
import type { Contestant } from './contestant.ts';
import { type Answer, Ask, type Setting, type Weight } from './messages.ts';

let contestant: Contestant | undefined;
let leave = new AbortController();
let parked: Promise<void>[] = [];

/** What one of them needs is loaded by that one alone. */
const CREATE: Readonly<Record<string, (setting: Setting) => Promise<Contestant>>> = {
  ours: async (setting) => (await import('./ours.ts')).createOurs(setting),
  bare: async (setting) => (await import('./bare.ts')).createBare(setting),
  sdk: async () => (await import('./sdk.ts')).createSDK(),
};

async function act(ask: Ask): Promise<Answer> {
  if (ask.do === 'prepare') {
    contestant = await CREATE[process.argv[2] ?? '']?.(ask.setting);
    return { done: true };
  }
  if (contestant === undefined) throw new Error('nothing was prepared');
  const { visit, park } = contestant;
  switch (ask.do) {
    case 'probe':
      return timePool(ask.n, ask.width, () => visit(ask.subject, ask.url));
    case 'park':
      leave = new AbortController();
      parked = ask.urls.map((url) => park(url, leave.signal));
      return { done: true };
    case 'leave':
      leave.abort();
      await Promise.all(parked);
      parked = [];
      return { done: true };
    case 'weigh':
      return weigh();
  }
}

/** Collects garbage, also what only the end of a round of the event loop or a finalizer sets free. */
async function weigh(): Promise<Weight> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await setImmediate();
  }
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { heapUsed, external, arrayBuffers, rss };
}

answerQuestions(Ask.parse, act);
