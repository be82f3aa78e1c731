import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAX_FILE_BYTES, readInputFile } from '../../src/cli/input-file.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'input-'));
});
afterAll(() => rm(directory, { recursive: true }));

test('a file is read whole, and - is standard input', async () => {
  const file = path.join(directory, 'a.yaml');
  await writeFile(file, 'a: ü\n');
  expect(await readInputFile(file)).toEqual({ kind: 'read', file, contents: 'a: ü\n' });
  async function* stdin() {
    yield Buffer.from('a: ');
    yield 'b';
  }
  expect(await readInputFile('-', stdin())).toEqual({ kind: 'read', file: '-', contents: 'a: b' });
});

test('what has no end is read up to the bound and no further', async () => {
  let yielded = 0;
  async function* endless() {
    for (;;) {
      yielded += 1;
      yield Buffer.alloc(1024 * 1024);
    }
  }
  expect(await readInputFile('-', endless())).toEqual({ kind: 'unreadable', fault: '- can not be read (larger than 16 MiB)' });
  expect(yielded).toBe(MAX_FILE_BYTES / 2 ** 20 + 1);
});

test.each([
  ['/does/not/exist', '/does/not/exist can not be read (ENOENT: there is no such file)'],
  ['/', '/ can not be read (EISDIR: it is a directory: name the files in it)'],
  ['', '"" can not be read (the name is empty)'],
])('%j is told with its cause', async (file, fault) => {
  expect(await readInputFile(file)).toEqual({ kind: 'unreadable', fault });
});
