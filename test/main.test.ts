import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

/** Runs the entry from source. `closeAfter` closes its stdout after so many bytes, as `head` does. */
async function run(args: string[], options: { nodeArgs?: string[]; close?: boolean } = {}) {
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), 'src/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (options.close === true) child.stdout.destroy();
  const [stdout, stderr, [code]] = await Promise.all([
    options.close === true ? '' : text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

const pretend = (node: string) => [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${node}'}})`,
];

test.each(['22.18.9', '20.20.2', '18.0.0', '8.17.0'])(
  'Node %s is refused in one sentence before anything else is read',
  async (node) => {
    expect(await run(['--nonsense'], { nodeArgs: pretend(node) })).toEqual({
      code: 1,
      stdout: '',
      stderr: `mcpserver-operator needs Node 22.19 or newer, and this is Node ${node}\n`,
    });
  },
);

test.each(['22.19.0', '24.0.0', '100.0.0'])('Node %s is new enough', async (node) => {
  expect(await run(['version'], { nodeArgs: pretend(node) })).toMatchObject({ code: 0, stderr: '' });
});

test('the exit code of the verb is that of the process', async () => {
  expect(await run(['nonsense'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^mcpserver-operator: unknown verb [^\n]*\n$/),
  });
});

test('a reader that goes away ends it without a stack', async () => {
  expect(await run(['help'], { close: true })).toEqual({ code: 0, stdout: '', stderr: '' });
});
