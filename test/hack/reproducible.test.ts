/**
 * The bundle from two directories: the same bytes, whatever the path above them, so that anybody can check a release against its source.
 */
import { copyFile, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BuildResult, buildBundle } from '../../hack/build.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
let scratch = '';
let first: BuildResult;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'reproducible-'));
  first = await buildBundle({ outfile: path.join(scratch, 'first.js') });
});
afterAll(() => rm(scratch, { recursive: true }));

/** Every `package.json` on the way down to `file`: they decide how a module is resolved and read. */
function manifestsAbove(file: string): string[] {
  const steps = path.dirname(file).split('/');
  return steps.map((_, i) => path.join(...steps.slice(0, i + 1), 'package.json'));
}

/** Copies the sources that a bundle is made of, and nothing else, into a directory that has none of the other's path. */
async function copySources(inputs: readonly string[], to: string): Promise<void> {
  const wanted = new Set(['package.json', 'package-lock.json', 'tsconfig.json', ...inputs, ...inputs.flatMap(manifestsAbove)]);
  for (const file of wanted) {
    const from = path.join(ROOT, file);
    if (await stat(from).catch(() => undefined)) {
      await mkdir(path.dirname(path.join(to, file)), { recursive: true });
      await copyFile(from, path.join(to, file));
    }
  }
}

test('the same bytes twice', async () => {
  const second = await buildBundle({ outfile: path.join(scratch, 'second.js') });
  expect((await readFile(second.file)).equals(await readFile(first.file))).toBe(true);
  expect(second.inputs).toEqual(first.inputs);
});

test('the same bytes from another directory', async () => {
  const root = path.join(scratch, 'some', 'other place');
  // What is dropped from the bundle is still read while it is made.
  await copySources(first.read, root);
  const elsewhere = await buildBundle({ root });
  expect(elsewhere.file).toBe(path.join(root, 'dist', 'mcpserver-operator.js'));
  expect((await readFile(elsewhere.file)).equals(await readFile(first.file))).toBe(true);
});

test('no path of this machine is in it', async () => {
  const text = await readFile(first.file, 'utf8');
  // Not toContain: it would print three megabytes.
  expect([ROOT, scratch].filter((place) => text.includes(place))).toEqual([]);
});
