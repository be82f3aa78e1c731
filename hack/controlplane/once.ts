/**
 * An entry of our cache that is produced when it is not there or not trusted: once, however many processes ask for it at the same time.
 */
import path from 'node:path';
import { landEntry, readEntry } from './cache.ts';
import { withLock } from './lock.ts';

/**
 * Resolves when the entry at `directory` holds `files`. `produce` writes them into an empty directory when that is not so yet; `source`
 * says where they come from, for people. Waits while another process produces; rejects as `produce` does, leaving nothing.
 */
export async function ensureEntry(
  directory: string,
  files: readonly string[],
  source: string,
  produce: (landing: string) => Promise<void>,
): Promise<void> {
  const isReady = async () => (await readEntry(directory, files)).kind === 'trusted';
  if (await isReady()) return;
  await withLock(path.join(path.dirname(directory), 'lock'), async () => {
    if (!(await isReady())) await landEntry(directory, files, source, produce);
  });
}
