import { expect, test } from 'vitest';
import { fishScript } from '../../src/cli/completion-fish.ts';
import { describeVerbs } from '../../src/cli/completion-table.ts';

const lines = fishScript(describeVerbs()).split('\n');

test('files are offered only where a file is meant', () => {
  expect(lines[1]).toBe('complete -c mcpserver-operator -f');
  expect(
    lines.filter((line) => / -F( |$)/.test(line)).map((line) => /from (\w+)'.*?(?:-l (\w+)|-F$)/.exec(line)?.slice(1)),
  ).toEqual([
    ['run', 'kubeconfig'],
    ['probe', 'filename'],
    ['probe', 'kubeconfig'],
    ['validate', undefined],
    ['doctor', 'kubeconfig'],
    ['import', undefined],
    ['call', 'filename'],
    ['call', 'kubeconfig'],
  ]);
});

test('every verb and flag has a line', () => {
  for (const { name, flags } of describeVerbs()) {
    expect(lines.some((line) => line.includes(`__fish_use_subcommand -a ${name} -d '`))).toBe(true);
    for (const flag of flags) {
      const start = `__fish_seen_subcommand_from ${name}'`;
      expect(lines.some((line) => line.includes(start) && line.includes(flag.name))).toBe(true);
    }
  }
});

test('quotes are escaped as fish wants it', () => {
  expect(lines.join('\n')).toContain("else the Pod\\'s ServiceAccount'");
});
