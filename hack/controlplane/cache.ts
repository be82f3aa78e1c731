/**
 * A directory of programs that is trusted only whole: every entry carries a manifest with the sha256 of each file, written last
 * and moved into place by one rename.
 *
 * It promises that what a killed or failed producer left behind is never taken for an entry, that an altered file is refused,
 * and that any number of simultaneous starts produce an entry once. It never judges where the files came from.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { currentPlatform } from './versions.ts';

const MANIFEST = 'manifest.json';
const LANDING_PREFIX = '.landing-';

const manifestSchema = z.strictObject({
  /** Where the files came from, for people. */
  source: z.string(),
  platform: z.string(),
  sha256: z.record(z.string(), z.string()),
});

/** What is at the place of an entry. */
export type CacheEntry =
  | { kind: 'trusted'; directory: string; source: string }
  | { kind: 'absent' }
  | { kind: 'untrusted'; why: string };

/** `${XDG_CACHE_HOME:-~/.cache}/mcpserver-operator`. A relative XDG_CACHE_HOME is ignored, as its specification asks. */
export function cacheHome(env: NodeJS.ProcessEnv): string {
  const xdg = env['XDG_CACHE_HOME'];
  return path.join(xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(homedir(), '.cache'), 'mcpserver-operator');
}

/** Reads the entry at `directory` and recomputes the checksum of each of `files`; about 0.1 s per 100 MB. Never throws for what the disk holds. */
export async function readEntry(directory: string, files: readonly string[]): Promise<CacheEntry> {
  let text: string;
  try {
    text = await readFile(path.join(directory, MANIFEST), 'utf8');
  } catch {
    return { kind: 'absent' };
  }
  const manifest = parseManifest(text);
  if (manifest === undefined) return { kind: 'untrusted', why: 'its manifest is unreadable' };
  if (manifest.platform !== currentPlatform()) return { kind: 'untrusted', why: `it is for ${manifest.platform}` };
  for (const file of files) {
    const actual = await sha256OfFile(path.join(directory, file)).catch(() => undefined);
    if (actual === undefined) return { kind: 'untrusted', why: `${file} is missing` };
    if (actual !== manifest.sha256[file])
      return { kind: 'untrusted', why: `the checksum of ${file} differs from the recorded one` };
  }
  return { kind: 'trusted', directory, source: manifest.source };
}

/**
 * Fills the entry `directory` with `files`: `produce` writes them into an empty directory beside it, which then takes the
 * entry's place. Call it under the lock of the parent directory: it clears away what earlier, killed landings left there.
 * Rejects as `produce` does, leaving nothing.
 */
export async function landEntry(
  directory: string,
  files: readonly string[],
  source: string,
  produce: (landing: string) => Promise<void>,
): Promise<void> {
  const parent = path.dirname(directory);
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    if (name.startsWith(LANDING_PREFIX)) await rm(path.join(parent, name), { recursive: true, force: true });
  }
  const landing = await mkdtemp(path.join(parent, LANDING_PREFIX));
  try {
    await produce(landing);
    const sha256: Record<string, string> = {};
    for (const file of files) {
      await chmod(path.join(landing, file), 0o755);
      sha256[file] = await sha256OfFile(path.join(landing, file));
    }
    const manifest: z.infer<typeof manifestSchema> = { source, platform: currentPlatform(), sha256 };
    await writeFile(path.join(landing, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await chmod(landing, 0o755);
    // A rename can't replace a directory that has files; a start that is killed in between finds the entry absent.
    await rm(directory, { recursive: true, force: true });
    await rename(landing, directory);
  } finally {
    await rm(landing, { recursive: true, force: true });
  }
}

function parseManifest(text: string): z.infer<typeof manifestSchema> | undefined {
  try {
    return manifestSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}
