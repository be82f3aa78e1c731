import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { prepareOracle } from '../../../hack/oracle/oracle.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'oracle-'));
});
afterEach(() => rm(root, { recursive: true }));

it('without Go it says so, and does not throw', async () => {
  const oracle = await prepareOracle({ PATH: root, XDG_CACHE_HOME: root });
  expect(oracle).toMatchObject({ kind: 'absent', why: expect.stringContaining('Go is not on the PATH') });
});

it('a build that fails is told by its first error', async () => {
  const program = path.join(root, 'go');
  await writeFile(program, '#!/bin/sh\n[ "$1" = version ] && exit 0\necho "main.go:1:1: broken" >&2\nexit 1\n');
  await chmod(program, 0o755);
  const oracle = await prepareOracle({ PATH: `${root}:/bin`, XDG_CACHE_HOME: root });
  expect(oracle).toMatchObject({ kind: 'absent', why: expect.stringContaining('main.go:1:1: broken') });
});
