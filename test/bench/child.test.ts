import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { isAlive } from '../../hack/controlplane/children.ts';
import { until } from '../platform/until.ts';
import { type Child, startChild } from './child.ts';

type Ask = { readonly do: 'double' | 'fail' | 'hang' | 'end'; readonly value?: number };

let directory: string;
let child: Child<Ask, number>;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'bench-child-'));
  const program = `
    import { answerQuestions } from ${JSON.stringify(path.join(import.meta.dirname, 'child.ts'))};
    answerQuestions((ask) => ask, async (ask) => {
      if (ask.do === 'double') return ask.value * 2;
      if (ask.do === 'end') process.exit(3);
      if (ask.do === 'hang') return new Promise(() => {});
      throw new Error('no luck');
    });`;
  await writeFile(path.join(directory, 'program.mjs'), program);
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(() => child.stop());

function start(timeoutMs = 20_000) {
  child = startChild<Ask, number>({
    name: 'the child',
    file: path.join(directory, 'program.mjs'),
    parse: (answer) => {
      if (typeof answer !== 'number') throw new Error('no number');
      return answer;
    },
    timeoutMs,
  });
  return child;
}

test('each answer reaches its own question, and an error is one of one line', async () => {
  const { ask } = start();
  const asked = [ask({ do: 'double', value: 1 }), ask({ do: 'double', value: 2 })];
  await expect(ask({ do: 'fail' })).rejects.toThrow('the child could not fail: no luck');
  expect(await Promise.all(asked)).toEqual([2, 4]);
});

test('a question without an answer ends in time', async () => {
  const { ask } = start(50);
  await expect(ask({ do: 'hang' })).rejects.toThrow('the child did not hang in time');
});

test('who asks a process that ends, or has ended, is told', async () => {
  const { ask } = start();
  await expect(ask({ do: 'end' })).rejects.toThrow('the child ended with 3');
  await expect(ask({ do: 'double', value: 1 })).rejects.toThrow('the child ended with 3');
});

test('it is gone once it was stopped', async () => {
  const { pid, ask, stop } = start();
  await ask({ do: 'double', value: 1 });
  await stop();
  await until(() => pid !== undefined && !isAlive(pid), { what: 'the process is gone', timeoutMs: 5_000 });
});
