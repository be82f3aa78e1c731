import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const EXIT = path.resolve(import.meta.dirname, '../../src/cli/exit.ts');

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'exit-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Runs a program that ends by `endProcess` and resolves with how it ended; one that hangs is killed after 10 s. */
function run(program: string): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', `import { endProcess } from ${JSON.stringify(EXIT)};${program}`],
    {
      timeout: 10_000,
      killSignal: 'SIGKILL',
    },
  );
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })));
}

test('the process ends with the code', async () => {
  expect(await run('setInterval(() => {}, 1_000); endProcess(3);')).toEqual({ code: 3, stderr: '' });
});

test('the process ends with the code, and without a word, while a thread hangs that can not be had back', async () => {
  const fifo = path.join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const program = `import { open } from 'node:fs'; open(${JSON.stringify(fifo)}, 'r', () => {}); setTimeout(() => endProcess(3), 100);`;
  expect(await run(program)).toEqual({ code: 3, stderr: '' });
});
