/**
 * Every link of README.md and docs to a place in this repository: the file is there, and so is the heading.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { anchorOfHeading } from '../../hack/docs/markdown.ts';
import { ROOT } from './commands.ts';

const documents = [
  'README.md',
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name))
    .sort(),
];

const proseOf = (file: string) => readFileSync(path.join(ROOT, file), 'utf8').replace(/^ *```.*?^ *```$/gms, '');

function anchorsOf(file: string): string[] {
  return [...proseOf(file).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchorOfHeading(heading));
}

test.each(documents)('%s', (file) => {
  const broken: string[] = [];
  for (const [, target = ''] of proseOf(file)
    .replace(/`[^`\n]*`/g, 'code')
    .matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [place = '', anchor] = target.split('#');
    const found = place === '' ? file : path.join(path.dirname(file), place);
    const there = statSync(path.join(ROOT, found), { throwIfNoEntry: false });
    if (there === undefined) broken.push(`${target}: there is no ${found}`);
    else if (anchor !== undefined && !anchorsOf(found).includes(anchor)) broken.push(`${target}: ${found} has no such heading`);
  }
  expect(broken).toEqual([]);
});

test('README.md leads to every document', () => {
  const text = proseOf('README.md');
  const pages = documents.filter((file) => file.split('/').length <= 2 || file.startsWith('docs/reference/'));
  expect(pages.filter((file) => file !== 'README.md' && !text.includes(`](${file})`))).toEqual([]);
});

test('every claim of the threat model names a test that proves it', () => {
  const section =
    proseOf('docs/threat-model.md')
      .split(/^## /m)
      .find((text) => text.startsWith('What is done')) ?? '';
  const rows = section.split('\n').filter((line) => /^\| (?:\*\*|somebody who)/.test(line));
  expect(rows.length).toBeGreaterThanOrEqual(16);
  for (const row of rows) expect(row.split(' | ').at(-1)).toMatch(/\]\(\.\.\/test\/[\w./-]+\.test\.ts\)/);
});

test('what README.md says of a default is what the schema says', () => {
  const api = readFileSync(path.join(ROOT, 'docs/reference/api.md'), 'utf8');
  const claims = [...proseOf('README.md').matchAll(/`probe\.(\w+Seconds)` \((\d+)/g)];
  expect(claims.length).toBeGreaterThan(2);
  for (const [, field, value] of claims) expect(api).toContain(`| \`${field}\` | integer | \`${value}\` |`);
});
