/**
 * A lock between processes that dies with its owner.
 *
 * It is SQLite's lock on an empty database: the operating system drops it when the owner ends in whatever way, so there is no
 * stale owner to recognise, no process id to misread, and it is the same on Linux and macOS. The file stays and means nothing.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

/** A held lock. `release` is idempotent. */
export interface Lock {
  release(): void;
}

/** SQLITE_BUSY: another connection holds the lock. */
const SQLITE_BUSY = 5;

/** Takes the lock at `file` at once, or returns undefined when another process (or this one) holds it. */
export function tryLock(file: string): Lock | undefined {
  mkdirSync(path.dirname(file), { recursive: true });
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return {
    release() {
      if (database.isOpen) database.close();
    },
  };
}

/**
 * Runs `action` while holding the lock at `file`. Waits for another holder up to `timeoutMs` (30 minutes: several slow builds)
 * and calls `onWait` once if it has to. Rejects when the time is over.
 */
export async function withLock<T>(
  file: string,
  action: () => Promise<T>,
  options: { onWait?: () => void; timeoutMs?: number } = {},
): Promise<T> {
  const deadlineMs = performance.now() + (options.timeoutMs ?? 30 * 60_000);
  let lock = tryLock(file);
  if (lock === undefined) options.onWait?.();
  while (lock === undefined) {
    if (performance.now() > deadlineMs) throw new Error(`another process has held ${file} for too long`);
    await sleep(100);
    lock = tryLock(file);
  }
  try {
    return await action();
  } finally {
    lock.release();
  }
}
