import { existsSync, mkdirSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openDirectory } from '../../../hack/controlplane/directory.ts';
import { scratchDirectory } from './scratch.ts';

/** Makes a directory look an hour old. */
function age(directory: string): void {
  const seconds = Date.now() / 1000 - 3600;
  utimesSync(directory, seconds, seconds);
}

test('a temporary directory is private and gone after its release', async () => {
  const directory = await openDirectory(undefined, scratchDirectory());
  expect(statSync(directory.path).mode & 0o777).toBe(0o700);
  await directory.release();
  expect(existsSync(directory.path)).toBe(false);
});

test('a start removes what killed ones left behind, but nothing that is in use, young or not ours', async () => {
  const root = scratchDirectory();
  const inUse = await openDirectory(undefined, root);
  age(inUse.path);
  const others = ['mcpserver-operator-controlplane-killed', 'mcpserver-operator-controlplane-young', 'somebody-else'];
  for (const name of others) mkdirSync(path.join(root, name));
  for (const name of others.filter((other) => !other.endsWith('young'))) age(path.join(root, name));
  const next = await openDirectory(undefined, root);
  expect(others.map((name) => existsSync(path.join(root, name)))).toEqual([false, true, true]);
  expect(existsSync(inUse.path)).toBe(true);
  await inUse.release();
  await next.release();
});

test('a chosen directory is kept, and refused while another control plane uses it', async () => {
  const chosen = path.join(scratchDirectory(), 'mine');
  const first = await openDirectory(chosen);
  await expect(openDirectory(chosen)).rejects.toThrow(`another control plane uses ${chosen}`);
  await first.release();
  expect(existsSync(chosen)).toBe(true);
  await (await openDirectory(chosen)).release();
});
