import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { preparePromtool } from '../../../hack/pictures/promtool.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'promtool-'));
});
afterEach(() => rm(root, { recursive: true }));

it('promtool on the PATH is taken first', async () => {
  const program = path.join(root, 'promtool');
  await writeFile(program, '#!/bin/sh\n');
  await chmod(program, 0o755);
  expect(await preparePromtool({ PATH: root, XDG_CACHE_HOME: root })).toEqual({ kind: 'ready', command: program });
});

it('where there is neither promtool nor apt-get it says so, and does not throw', async () => {
  expect(await preparePromtool({ PATH: root, XDG_CACHE_HOME: root })).toEqual({
    kind: 'absent',
    why: expect.stringContaining('promtool is not on the PATH, and there is no apt-get to fetch it'),
  });
});

it('an apt-get that has no such package is told in one line, and leaves nothing in the cache', async () => {
  const program = path.join(root, 'apt-get');
  await writeFile(program, '#!/bin/sh\n[ "$1" = --version ] || { echo "E: no package" >&2; exit 100; }\n');
  await chmod(program, 0o755);
  const found = await preparePromtool({ PATH: `${root}:/bin`, XDG_CACHE_HOME: root });
  expect(found).toMatchObject({ kind: 'absent', why: expect.stringContaining('E: no package') });
});
