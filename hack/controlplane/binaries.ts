/**
 * Finds etcd and kube-apiserver, in this order: `KUBEBUILDER_ASSETS`, our cache, the public archive, a build from Go modules.
 *
 * The first of the last two that works fills the cache, once, whatever number of starts wait for it. Each way that fails says
 * so in one line. Programs are used only if they run and are of the pinned minor version of Kubernetes.
 */
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { unpackArchive } from './archive.ts';
import { buildBinaries } from './build.ts';
import { cacheHome, landEntry, readEntry } from './cache.ts';
import { withLock } from './lock.ts';
import { formatElapsed, type ProgressStream } from './progress.ts';
import { lastLine, run } from './run.ts';
import {
  ARCHIVE_BASE_URL,
  ARCHIVE_SHA512,
  ARCHIVE_VERSION,
  BINARIES,
  BUILD_VERSION,
  currentPlatform,
  KUBERNETES_MINOR,
} from './versions.ts';

export interface Binaries {
  etcd: string;
  apiserver: string;
  /** The directory of both. */
  directory: string;
  /** What kube-apiserver calls itself, such as `1.35.4`. */
  version: string;
  /** Where they came from, for people. */
  source: string;
}

/** A way to produce the binaries, tried when they are not at hand. */
export interface BinarySource {
  /** For people, such as `public archive`. */
  name: string;
  /** Names the cache entry. */
  version: string;
  /** Writes every file of {@link BINARIES} into an empty directory, or rejects with one line. */
  produce(directory: string): Promise<void>;
}

export interface ResolveOptions {
  /** Default `process.env`. */
  env?: NodeJS.ProcessEnv;
  /** Default: the public archive, then a build. */
  sources?: readonly BinarySource[];
  /** Told one line at a time what did not work. Default: standard error. */
  report?: (line: string) => void;
}

/** The two sources of a bare machine. */
export function defaultSources(progress: ProgressStream): BinarySource[] {
  const platform = currentPlatform();
  return [
    {
      name: 'public archive',
      version: ARCHIVE_VERSION,
      produce: (directory) =>
        unpackArchive(directory, {
          url: `${ARCHIVE_BASE_URL}/envtest-v${ARCHIVE_VERSION}-${platform}.tar.gz`,
          sha512: ARCHIVE_SHA512[platform],
          files: BINARIES,
          progress,
        }),
    },
    { name: 'Go build', version: BUILD_VERSION, produce: (directory) => buildBinaries(directory, { progress }) },
  ];
}

/** Finds the binaries, producing them if need be (minutes on the first start). Rejects with what to do when no way works. */
export async function resolveBinaries(options: ResolveOptions = {}): Promise<Binaries> {
  const env = options.env ?? process.env;
  const report = options.report ?? ((line) => process.stderr.write(`controlplane: ${line}\n`));
  const sources = options.sources ?? defaultSources(process.stderr);

  const assets = env['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && assets !== '') {
    try {
      return await checkBinaries(assets, 'KUBEBUILDER_ASSETS');
    } catch (error) {
      report(`KUBEBUILDER_ASSETS=${assets}: ${messageOf(error)}`);
    }
  }
  const root = path.join(cacheHome(env), 'controlplane');
  return (
    (await readCache(root, sources, report)) ??
    (await withLock(
      path.join(root, 'lock'),
      // Whoever held the lock meanwhile has most likely filled the cache: its state has been reported already.
      async () => (await readCache(root, sources, () => undefined)) ?? (await fillCache(root, sources, report)),
      { onWait: () => report('another start is fetching or building the control plane; waiting for it') },
    ))
  );
}

async function readCache(root: string, sources: readonly BinarySource[], report: (line: string) => void) {
  for (const { version } of sources) {
    const directory = path.join(root, version);
    const entry = await readEntry(directory, BINARIES);
    switch (entry.kind) {
      case 'trusted':
        try {
          return await checkBinaries(directory, entry.source);
        } catch (error) {
          report(`cache ${directory}: ${messageOf(error)}`);
        }
        break;
      case 'untrusted':
        report(`cache ${directory}: not trusted, ${entry.why}`);
        break;
      case 'absent':
        break;
    }
  }
  return undefined;
}

async function fillCache(root: string, sources: readonly BinarySource[], report: (line: string) => void): Promise<Binaries> {
  report(`nothing usable in the cache ${root}`);
  for (const { name, version, produce } of sources) {
    const directory = path.join(root, version);
    const startedMs = performance.now();
    try {
      await landEntry(directory, BINARIES, name, async (landing) => {
        await produce(landing);
        await checkBinaries(landing, name);
      });
      const binaries = await checkBinaries(directory, name);
      report(`${name} ${version}: in the cache after ${formatElapsed(performance.now() - startedMs)}`);
      return binaries;
    } catch (error) {
      report(`${name} ${version}: ${messageOf(error)}`);
    }
  }
  throw new Error(
    `no control plane: set KUBEBUILDER_ASSETS to a directory with etcd and kube-apiserver ${KUBERNETES_MINOR}, ` +
      'or allow a download from github.com, or install Go 1.26 or newer',
  );
}

/** Runs both programs for their versions: what can't run here, or is of another minor version, is of no use. */
async function checkBinaries(directory: string, source: string): Promise<Binaries> {
  const [etcd, apiserver] = BINARIES.map((file) => path.resolve(directory, file));
  if (etcd === undefined || apiserver === undefined) throw new Error('unreachable: two binaries are named');
  for (const file of [etcd, apiserver]) {
    await access(file, constants.X_OK).catch(() => {
      throw new Error(`${path.basename(file)} is missing or not executable`);
    });
  }
  const answers = await Promise.all([run(etcd, ['--version']), run(apiserver, ['--version'])]);
  for (const [index, { code, stderr }] of answers.entries()) {
    if (code !== 0) throw new Error(`${BINARIES[index]} --version failed: ${lastLine(stderr)}`);
  }
  const version = /v(\d+\.\d+\.\d+)/.exec(answers[1].stdout)?.[1];
  if (version === undefined || !version.startsWith(`${KUBERNETES_MINOR}.`)) {
    throw new Error(`kube-apiserver is ${version ?? 'of an unknown version'}, not ${KUBERNETES_MINOR}`);
  }
  return { etcd, apiserver, directory: path.resolve(directory), version, source };
}

/** An error's message on one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ').trim();
}
