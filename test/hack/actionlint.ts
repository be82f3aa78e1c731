/**
 * Finds actionlint: on the PATH, else built from the Go module that hack/actionlint pins, once, into our cache. Where Go or the module is not
 * to be had it says so in one line on standard error; in CI that is a failure. It never rejects for that.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { explainFailure } from '../../hack/controlplane/build.ts';
import { cacheHome, landEntry, readEntry } from '../../hack/controlplane/cache.ts';
import { findOnPath } from '../../hack/controlplane/kubectl.ts';
import { withLock } from '../../hack/controlplane/lock.ts';
import { lastLine, run } from '../../hack/controlplane/run.ts';

const PROGRAM = 'actionlint';
const PACKAGE = 'github.com/rhysd/actionlint/cmd/actionlint';
const MODULE = path.resolve(import.meta.dirname, '../../hack/actionlint');
/** 10 s on two cores; a slow single core with a slow link may need ten times that. */
const BUILD_TIMEOUT_MS = 120_000;

export type Actionlint = { readonly kind: 'ready'; readonly command: string } | { readonly kind: 'absent'; readonly why: string };

/** Finds or builds actionlint. An absence is told on standard error. */
export async function prepareActionlint(env: NodeJS.ProcessEnv = process.env): Promise<Actionlint> {
  const onPath = await findOnPath(PROGRAM, env).catch(() => undefined);
  if (onPath !== undefined) return { kind: 'ready', command: onPath };
  const found = await findOrBuild(env).catch((error: unknown): Actionlint => ({ kind: 'absent', why: String(error) }));
  if (found.kind === 'absent') process.stderr.write(`workflows are only PARSED, not checked: ${found.why}\n`);
  return found;
}

async function findOrBuild(env: NodeJS.ProcessEnv): Promise<Actionlint> {
  const version = await run('go', ['version'], { env });
  if (version.code !== 0) return { kind: 'absent', why: `Go is not on the PATH (${lastLine(version.stderr)})` };
  const hash = createHash('sha256').update(version.stdout);
  for (const name of ['go.mod', 'go.sum']) hash.update(readFileSync(path.join(MODULE, name)));
  const root = path.join(cacheHome(env), PROGRAM);
  const directory = path.join(root, hash.digest('hex').slice(0, 16));
  const isReady = async () => (await readEntry(directory, [PROGRAM])).kind === 'trusted';
  if (!(await isReady())) {
    await withLock(path.join(root, 'lock'), async () => {
      if (!(await isReady())) await landEntry(directory, [PROGRAM], 'go build', (landing) => build(landing, env));
    });
  }
  return { kind: 'ready', command: path.join(directory, PROGRAM) };
}

async function build(landing: string, env: NodeJS.ProcessEnv): Promise<void> {
  const flags = ['-trimpath', '-mod=readonly', '-buildvcs=false', '-ldflags', '-s -w'];
  const { code, stderr } = await run('go', ['build', ...flags, '-o', path.join(landing, PROGRAM), PACKAGE], {
    cwd: MODULE,
    env: { ...env, CGO_ENABLED: '0' },
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (code !== 0) throw new Error(`go build: ${explainFailure(stderr)}`);
}
