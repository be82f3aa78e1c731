/**
 * A build from the pinned Go modules as a source of binaries: `go.mod` and `go.sum` beside this file decide every byte of
 * source. Nothing of the user's Go configuration is changed.
 */
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { formatEstimate, type ProgressStream, showProgress } from './progress.ts';
import { run } from './run.ts';
import { BUILD_VERSION } from './versions.ts';

/** One program to build. */
interface Target {
  file: string;
  package: string;
  linkerFlags: string;
  /** Measured from an empty build cache on two cores, modules included: 41–65 s and 164–195 s of wall time. */
  coreSeconds: number;
}

const [MAJOR, MINOR] = BUILD_VERSION.split('.');
const VERSION_PACKAGE = 'k8s.io/component-base/version';

const TARGETS: readonly Target[] = [
  { file: 'etcd', package: 'go.etcd.io/etcd/server/v3', linkerFlags: '-s -w', coreSeconds: 120 },
  {
    file: 'kube-apiserver',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    // Without its version the server calls itself v0.0.0-master, and clients that compare versions refuse it.
    linkerFlags: `-s -w -X ${VERSION_PACKAGE}.gitVersion=v${BUILD_VERSION} -X ${VERSION_PACKAGE}.gitMajor=${MAJOR} -X ${VERSION_PACKAGE}.gitMinor=${MINOR}`,
    coreSeconds: 370,
  },
];

/** Most of the time is the compiler, which uses every core; beyond eight the linker and one big package dominate. */
function estimateMs(coreSeconds: number): number {
  return (coreSeconds * 1000) / Math.min(availableParallelism(), 8);
}

/** Two hours: a slow single core with a slow link still ends, a hung download does too. */
const BUILD_TIMEOUT_MS = 2 * 60 * 60_000;

/** Builds etcd and kube-apiserver into the empty `directory`. Rejects with one line that says what to do. */
export async function buildBinaries(directory: string, options: { progress: ProgressStream; go?: string }): Promise<void> {
  const go = options.go ?? 'go';
  const version = await run(go, ['version']);
  if (version.code === 127) throw new Error('Go is not on the PATH: install Go 1.26 or newer');
  // Inside the landing directory, so that what a killed build leaves there is cleared with it.
  const scratch = path.join(directory, 'go-tmp');
  await mkdir(scratch);
  const totalEstimateMs = estimateMs(TARGETS.reduce((sum, target) => sum + target.coreSeconds, 0));
  let packages = 0;
  let current = 'the control plane';
  const hideProgress = showProgress(options.progress, (elapsedMs) => {
    return `building ${current}: ${formatEstimate(elapsedMs, totalEstimateMs)}, ${packages} packages fetched or compiled`;
  });
  try {
    for (const [index, target] of TARGETS.entries()) {
      current = `${target.file} from source (${index + 1} of ${TARGETS.length})`;
      // -v names each package as it is compiled: a sign of life, and the error is among these lines.
      const result = await run(go, buildArguments(directory, target), {
        cwd: import.meta.dirname,
        env: { ...process.env, CGO_ENABLED: '0', GOTMPDIR: scratch },
        timeoutMs: BUILD_TIMEOUT_MS,
        onStderr: (text) => {
          packages += text.split('\n').length - 1;
        },
      });
      if (result.code !== 0) throw new Error(`go build ${target.file}: ${explainFailure(result.stderr)}`);
    }
  } finally {
    hideProgress();
    await rm(scratch, { recursive: true, force: true });
  }
}

function buildArguments(directory: string, target: Target): string[] {
  const flags = ['-v', '-trimpath', '-mod=readonly', '-buildvcs=false', '-ldflags', target.linkerFlags];
  return ['build', ...flags, '-o', path.join(directory, target.file), target.package];
}

/** The first line of Go's output that is neither a package name nor a download: the first error, not its echo. */
export function explainFailure(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const telling = lines.find(
    (line) => line !== '' && !/^go: downloading /.test(line) && !/^[\w./-]+$/.test(line) && !line.startsWith('# '),
  );
  return (telling ?? 'it failed without a message').slice(0, 300);
}
