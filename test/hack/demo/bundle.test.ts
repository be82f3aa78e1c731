import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isFresh } from '../../../hack/demo/bundle.ts';

let directory: string;
const at = (name: string) => path.join(directory, name);
/** Sets when something was changed, in seconds. */
const change = (name: string, seconds: number) => utimes(at(name), seconds, seconds);

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'demo-bundle-'));
  await mkdir(at('src/room'), { recursive: true });
  for (const file of ['src/room/file.ts', 'lock', 'bundle']) await writeFile(at(file), '');
});
afterAll(() => rm(directory, { recursive: true }));

test.each([
  ['everything is older', {}, true],
  ['a file in a room is newer', { 'src/room/file.ts': 200 }, false],
  ['a file in a room was deleted or renamed', { 'src/room': 200 }, false],
  ['the lock file is newer', { lock: 200 }, false],
])('when %s, the bundle is fresh: %o %s', async (_what, changes, fresh) => {
  const times = { 'src/room/file.ts': 1, 'src/room': 1, src: 1, lock: 1, bundle: 100, ...changes };
  for (const [name, seconds] of Object.entries(times)) await change(name, seconds);
  expect(await isFresh(at('bundle'), [at('src'), at('lock')])).toBe(fresh);
});

test('a bundle that is not there is not fresh', async () => {
  expect(await isFresh(at('nothing'), [at('lock')])).toBe(false);
});
