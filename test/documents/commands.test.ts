import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../hack/controlplane/run.ts';
import { blocksOf, commandsOf, DOCUMENTS, fateOf, ROOT, unusedFates } from './commands.ts';

const blocks = DOCUMENTS.flatMap(blocksOf);
const commands = blocks.flatMap(commandsOf);

test('the documents show commands', () => {
  expect(DOCUMENTS).toEqual(expect.arrayContaining(['README.md', 'docs/troubleshooting.md', 'docs/upgrade.md']));
  expect(commands.length).toBeGreaterThan(30);
});

test('every block is one that a shell can read', async () => {
  for (const { file, text } of blocks) {
    const { code, stderr } = await run('bash', ['-n'], { input: text });
    expect({ file, text, code, stderr }).toEqual({ file, text, code: 0, stderr: '' });
  }
});

test('somebody runs every command, or it is said why nobody does', () => {
  expect(commands.filter((command) => fateOf(command) === undefined)).toEqual([]);
  for (const command of commands) {
    const fate = fateOf(command);
    if (fate?.kind === 'elsewhere') expect(existsSync(path.join(ROOT, fate.by)), fate.by).toBe(true);
  }
  expect(unusedFates(commands)).toEqual([]);
});

test('a command with a place-holder, or of another program, is not run by chance', () => {
  expect(fateOf({ file: 'docs/x.md', text: 'kubectl delete mcpserver NAME' })).toBeUndefined();
  expect(fateOf({ file: 'docs/x.md', text: 'rm -r x' })).toBeUndefined();
  expect(fateOf({ file: 'docs/x.md', text: 'kubectl get mcpservers' })).toEqual({ kind: 'here' });
});

test('a block within a list is taken out of it, and a continued line is one command', () => {
  expect(commandsOf({ file: 'f', text: 'kubectl get \\\n  pods   # all\n\n# nothing\nhelm list\n' })).toEqual([
    { file: 'f', text: 'kubectl get    pods' },
    { file: 'f', text: 'helm list' },
  ]);
});
