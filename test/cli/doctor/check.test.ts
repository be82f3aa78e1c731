import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { CHECKS, DOCUMENT, failed, passed, skipped, warning } from '../../../src/cli/doctor/check.ts';

/** As renderers of Markdown make anchors of headings. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 _-]/g, '')
    .replaceAll(' ', '-');

const text = readFileSync(path.join(import.meta.dirname, '../../..', DOCUMENT), 'utf8');
const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

test.each(Object.entries(CHECKS))('the failure of %s is explained under its anchor', (_name, { anchor }) => {
  expect(headings.filter((heading) => heading === anchor)).toEqual([anchor]);
});

test('links inside the document lead somewhere', () => {
  for (const [, anchor = ''] of text.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(anchor);
});

test('each check has a place of its own', () => {
  expect(new Set(Object.values(CHECKS).map(({ anchor }) => anchor)).size).toBe(Object.keys(CHECKS).length);
});

test('only what needs somebody has a remedy', () => {
  expect([passed('a'), skipped('b')].map((finding) => 'remedy' in finding)).toEqual([false, false]);
  expect([failed('a', 'b'), warning('c', 'd')].map((finding) => finding.kind)).toEqual(['failed', 'warning']);
});
