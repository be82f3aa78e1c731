import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../hack/controlplane/run.ts';
import { validateManifests } from '../../src/cli/validation.ts';
import { blocksOf, commandsOf, DOCUMENTS, fateOf, ROOT, shownIn, stepsOf, unusedFates } from './commands.ts';

const blocks = DOCUMENTS.flatMap(blocksOf);
const commands = DOCUMENTS.flatMap(shownIn);

test('the documents show commands', () => {
  expect(DOCUMENTS).toEqual(expect.arrayContaining(['README.md', 'docs/troubleshooting.md', 'docs/upgrade.md']));
  expect(commands.length).toBeGreaterThan(30);
});

test('the run-book of every alert is among them', () => {
  const alerts = stepsOf('docs/alerts.md').map(({ text }) => text.split(' ').slice(0, 2).join(' '));
  expect(new Set(alerts)).toEqual(
    new Set([
      'kubectl describe',
      'kubectl patch',
      'kubectl annotate',
      'kubectl get',
      'mcpserver-operator probe',
      'mcpserver-operator doctor',
    ]),
  );
  expect(stepsOf('docs/upgrade.md')).toEqual([]);
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
  expect(fateOf({ file: 'docs/x.md', text: 'kubectl logs NAME' })).toBeUndefined();
  expect(fateOf({ file: 'docs/x.md', text: 'rm -r x' })).toBeUndefined();
  expect(fateOf({ file: 'docs/x.md', text: 'kubectl get mcpservers' })).toEqual({ kind: 'here' });
});

test('a block within a list is taken out of it, and a continued line is one command', () => {
  expect(commandsOf({ file: 'f', text: 'kubectl get \\\n  pods   # all\n\n# nothing\nhelm list\n' })).toEqual([
    { file: 'f', text: 'kubectl get    pods' },
    { file: 'f', text: 'helm list' },
  ]);
});

test('every manifest that the documents show is a valid one', () => {
  const shown = DOCUMENTS.flatMap((file) => {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    return [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, contents = '']) => ({ file, contents }));
  });
  expect(shown.map(({ file }) => file)).toEqual(expect.arrayContaining(['README.md', 'docs/compatibility.md']));
  for (const input of shown) expect(validateManifests([input])).toEqual({ checked: 1, ignored: 0, faults: [] });
});
