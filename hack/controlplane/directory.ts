/**
 * The working directory of a control plane: temporary, unless the caller names one.
 *
 * A killed process can't remove its temporary directory. Each one holds a lock for as long as its owner lives, and every start
 * removes those whose lock is free: what a kill left behind goes with the next start.
 */
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tryLock } from './lock.ts';

const PREFIX = 'mcpserver-operator-controlplane-';
const LOCK = 'alive.lock';
/** Between the creation of a directory and its lock nobody may take it for abandoned; this is far longer than that takes. */
const MIN_AGE_MS = 60_000;

export interface WorkingDirectory {
  path: string;
  /** Gives it up; a temporary one is removed. */
  release(): Promise<void>;
}

/**
 * Opens `chosen` (created if need be, kept afterwards) or makes a temporary directory, readable by its owner only. Rejects when
 * another control plane uses `chosen`.
 */
export async function openDirectory(chosen: string | undefined, temporaryRoot = tmpdir()): Promise<WorkingDirectory> {
  if (chosen === undefined) await removeAbandoned(temporaryRoot);
  const directory = chosen === undefined ? await mkdtemp(path.join(temporaryRoot, PREFIX)) : path.resolve(chosen);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = tryLock(path.join(directory, LOCK));
  if (lock === undefined) throw new Error(`another control plane uses ${directory}`);
  return {
    path: directory,
    async release() {
      if (chosen === undefined) await rm(directory, { recursive: true, force: true });
      lock.release();
    },
  };
}

/** Removes temporary directories under `temporaryRoot` that are older than a minute and whose owner is gone. */
async function removeAbandoned(temporaryRoot: string): Promise<void> {
  for (const name of await readdir(temporaryRoot)) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = path.join(temporaryRoot, name);
    try {
      if (Date.now() - (await stat(directory)).mtimeMs < MIN_AGE_MS) continue;
      const lock = tryLock(path.join(directory, LOCK));
      if (lock === undefined) continue;
      await rm(directory, { recursive: true, force: true });
      lock.release();
    } catch {
      // Another user's, or another start removes it just now: not ours to worry about.
    }
  }
}
