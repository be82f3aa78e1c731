/**
 * The public envtest archive as a source of binaries: downloaded, compared with its pinned sha512, and only then unpacked.
 *
 * A machine without a way out learns so within the connect time-out and goes on to the next source.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { formatElapsed, type ProgressStream, showProgress } from './progress.ts';
import { lastLine, run } from './run.ts';

export interface ArchiveOptions {
  url: string;
  /** Lower-case hex; undefined when no archive is published for this platform. */
  sha512: string | undefined;
  /** The programs to take, by file name, wherever they are inside. */
  files: readonly string[];
  progress: ProgressStream;
  /** Default 5,000. */
  connectTimeoutMs?: number;
}

/** The archives have 52 MB; four times that is room to grow and still bounded. */
const MAX_ARCHIVE_BYTES = 200 * 1024 * 1024;
/** 52 MB at 1 Mbit/s take 7 minutes. */
const DOWNLOAD_TIMEOUT_MS = 10 * 60_000;

/** Puts the archive's `files` into the empty `directory`. Rejects with one line that says what was wrong. */
export async function unpackArchive(directory: string, options: ArchiveOptions): Promise<void> {
  if (options.sha512 === undefined) throw new Error('no archive is pinned for this platform');
  const archive = path.join(directory, 'archive.tar.gz');
  const actual = await download(archive, options);
  if (actual !== options.sha512)
    throw new Error(`the archive's sha512 is ${actual.slice(0, 16)}…, not the pinned ${options.sha512.slice(0, 16)}…`);
  const tar = await run('tar', ['-xzf', archive, '-C', directory]);
  if (tar.code !== 0) throw new Error(`tar: ${lastLine(tar.stderr)}`);
  await rm(archive);
  await keepOnly(directory, options.files);
}

/** Writes the archive to `file` and resolves with its sha512. */
async function download(file: string, options: ArchiveOptions): Promise<string> {
  const dispatcher = new EnvHttpProxyAgent({
    connect: { timeout: options.connectTimeoutMs ?? 5_000 },
    headersTimeout: 15_000,
    bodyTimeout: 30_000,
  });
  let receivedBytes = 0;
  let hideProgress: () => void = () => undefined;
  try {
    const response = await fetch(options.url, { dispatcher, signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (!response.ok || response.body === null) throw new Error(`the archive's server answered ${response.status}`);
    const totalMb = Math.round(Number(response.headers.get('content-length') ?? 0) / 1e6);
    hideProgress = showProgress(options.progress, (elapsedMs) => {
      const of = totalMb > 0 ? ` of ${totalMb}` : '';
      return `downloading the control plane: ${Math.round(receivedBytes / 1e6)}${of} MB, ${formatElapsed(elapsedMs)}`;
    });
    const hash = createHash('sha512');
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        receivedBytes += chunk.length;
        hash.update(chunk);
        if (receivedBytes > MAX_ARCHIVE_BYTES) done(new Error(`the archive is larger than ${MAX_ARCHIVE_BYTES} bytes`));
        else done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), meter, createWriteStream(file));
    return hash.digest('hex');
  } catch (error) {
    throw new Error(describeFetchError(error), { cause: error });
  } finally {
    hideProgress();
    await dispatcher.destroy();
  }
}

function describeFetchError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch hides the reason ("fetch failed") one or two causes deep.
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message;
}

/** Moves `files` to the top of `directory` and removes everything else. */
async function keepOnly(directory: string, files: readonly string[]): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && files.includes(entry.name))
      await rename(path.join(entry.parentPath, entry.name), path.join(directory, entry.name));
  }
  for (const name of await readdir(directory)) {
    if (!files.includes(name)) await rm(path.join(directory, name), { recursive: true });
  }
}
