/**
 * The operator's bundle, built when it is missing or older than anything that it is made from: the demo shows this checkout.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { BUNDLE } from '../build.ts';
import { lastLine, run } from '../controlplane/run.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');

const INPUTS = ['src', 'hack/build.ts', 'package-lock.json'].map((name) => path.join(ROOT, name));

/** Builds the bundle unless it is fresh, and resolves with what was done. Rejects with the build's first error. */
export async function ensureBundle(): Promise<'built' | 'fresh'> {
  if (await isFresh(BUNDLE, INPUTS)) return 'fresh';
  const { code, stderr } = await run(process.execPath, [path.join(ROOT, 'hack', 'build.ts')], { cwd: ROOT });
  if (code !== 0) throw new Error(`the bundle could not be built: ${/^.*\bERROR\b.*$/m.exec(stderr)?.[0] ?? lastLine(stderr)}`);
  return 'built';
}

/** True when `file` exists and none of `inputs`, or of what is in them, is newer. */
export async function isFresh(file: string, inputs: readonly string[]): Promise<boolean> {
  const builtMs = await stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
  if (builtMs === undefined) return false;
  const changes = await Promise.all(inputs.map(newestMs));
  return Math.max(...changes) <= builtMs;
}

/** When `target`, or the newest thing in it, was changed. Directories count: a deleted file changes them. */
async function newestMs(target: string): Promise<number> {
  const { mtimeMs, isDirectory } = await stat(target).then((stats) => ({ ...stats, isDirectory: stats.isDirectory() }));
  if (!isDirectory) return mtimeMs;
  const names = await readdir(target);
  return Math.max(mtimeMs, ...(await Promise.all(names.map((name) => newestMs(path.join(target, name))))));
}
