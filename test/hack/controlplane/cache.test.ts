import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { cacheHome, landEntry, readEntry } from '../../../hack/controlplane/cache.ts';
import { scratchDirectory } from './scratch.ts';

const FILES = ['one', 'two'];

const produce = async (landing: string) => {
  for (const file of FILES) await writeFile(path.join(landing, file), `content of ${file}`);
};

test('a landed entry is trusted and tells its source', async () => {
  const directory = path.join(scratchDirectory(), '1.35.4');
  expect(await readEntry(directory, FILES)).toEqual({ kind: 'absent' });
  await landEntry(directory, FILES, 'test', produce);
  expect(await readEntry(directory, FILES)).toEqual({ kind: 'trusted', directory, source: 'test' });
});

test('an altered file is not trusted, nor a missing one', async () => {
  const directory = path.join(scratchDirectory(), '1.35.4');
  await landEntry(directory, FILES, 'test', produce);
  expect(await readEntry(directory, [...FILES, 'three'])).toEqual({ kind: 'untrusted', why: 'three is missing' });
  await appendFile(path.join(directory, 'two'), 'x');
  expect(await readEntry(directory, FILES)).toEqual({
    kind: 'untrusted',
    why: 'the checksum of two differs from the recorded one',
  });
});

test('an entry of another platform and one with a broken manifest are not trusted', async () => {
  const directory = path.join(scratchDirectory(), '1.35.4');
  await landEntry(directory, FILES, 'test', produce);
  const manifest = path.join(directory, 'manifest.json');
  const text = await readFile(manifest, 'utf8');
  await writeFile(manifest, text.replace(/"platform": ".*"/, '"platform": "plan9-mips"'));
  expect(await readEntry(directory, FILES)).toEqual({ kind: 'untrusted', why: 'it is for plan9-mips' });
  await writeFile(manifest, text.slice(0, 20));
  expect(await readEntry(directory, FILES)).toEqual({ kind: 'untrusted', why: 'its manifest is unreadable' });
});

test('a failed producer leaves nothing, and what a killed one left is cleared by the next', async () => {
  const root = scratchDirectory();
  const directory = path.join(root, '1.35.4');
  const fail = () => landEntry(directory, FILES, 'test', () => Promise.reject(new Error('no')));
  await expect(fail()).rejects.toThrow('no');
  expect(await readdir(root)).toEqual([]);
  await landEntry(path.join(root, '.landing-killed'), FILES, 'as a kill leaves it', produce);
  await landEntry(directory, FILES, 'test', produce);
  expect(await readdir(root)).toEqual(['1.35.4']);
});

test('a producer that forgets a file does not land, and an earlier entry stays', async () => {
  const directory = path.join(scratchDirectory(), '1.35.4');
  await landEntry(directory, FILES, 'first', produce);
  await expect(landEntry(directory, [...FILES, 'three'], 'second', produce)).rejects.toThrow('three');
  expect(await readEntry(directory, FILES)).toMatchObject({ kind: 'trusted', source: 'first' });
  await landEntry(directory, FILES, 'third', produce);
  expect(await readEntry(directory, FILES)).toMatchObject({ kind: 'trusted', source: 'third' });
});

test('the cache lives where XDG_CACHE_HOME says, if that is absolute', () => {
  expect(cacheHome({ XDG_CACHE_HOME: '/x' })).toBe('/x/mcpserver-operator');
  expect(cacheHome({ XDG_CACHE_HOME: 'x' })).toMatch(/\/\.cache\/mcpserver-operator$/);
  expect(cacheHome({})).toMatch(/\/\.cache\/mcpserver-operator$/);
});
