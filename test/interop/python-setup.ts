/**
 * The Python that runs real MCP servers in tests: a venv in our cache, made once from `python/requirements.txt` and named after it and the
 * interpreter. A killed installation is never taken for a venv, and simultaneous starts make one. Where there is no `python3` with venv, or
 * the packages can not be had, it says so in one line on standard error: those tests are left out, and in CI that is a failure.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cacheHome, landEntry, readEntry } from '../../hack/controlplane/cache.ts';
import { withLock } from '../../hack/controlplane/lock.ts';
import { lastLine, run } from '../../hack/controlplane/run.ts';

export type Python =
  /** `command` runs scripts that may import what `requirements.txt` names. */
  { readonly kind: 'ready'; readonly command: string } | { readonly kind: 'absent'; readonly why: string };

const FOLDER = path.join(import.meta.dirname, 'python');
const REQUIREMENTS = path.join(FOLDER, 'requirements.txt');
/** 72 packages take 20 s here; a slow mirror may need ten times that. */
const INSTALL_TIMEOUT_MS = 240_000;
/** What venv writes first: a venv without it is none. */
const MARK = 'pyvenv.cfg';

/** Finds or makes the venv. Never rejects; an absence is told once per call on standard error. */
export async function preparePython(env: NodeJS.ProcessEnv = process.env): Promise<Python> {
  const python = await findOrMake(env).catch((error: unknown): Python => ({ kind: 'absent', why: String(error) }));
  if (python.kind === 'absent') process.stderr.write(`interop: the Python MCP servers are LEFT OUT: ${python.why}\n`);
  return python;
}

/** A script of `test/interop/python`. */
export function scriptOf(name: string): string {
  return path.join(FOLDER, name);
}

async function findOrMake(env: NodeJS.ProcessEnv): Promise<Python> {
  const version = await run('python3', ['-c', 'import sys, venv, ensurepip; print(sys.version, sys.executable)'], { env });
  if (version.code !== 0) return { kind: 'absent', why: `no python3 with venv (${lastLine(version.stderr)})` };
  const name = createHash('sha256').update(readFileSync(REQUIREMENTS)).update(version.stdout).digest('hex').slice(0, 16);
  const root = path.join(cacheHome(env), 'python');
  const directory = path.join(root, name);
  const command = path.join(directory, 'bin', 'python');
  const isReady = async () => (await readEntry(directory, [MARK])).kind === 'trusted';
  if (await isReady()) return { kind: 'ready', command };
  return withLock(path.join(root, 'lock'), async (): Promise<Python> => {
    if (!(await isReady())) await landEntry(directory, [MARK], 'pip', (landing) => install(landing, env));
    return { kind: 'ready', command };
  });
}

/** A venv may be moved as long as its programs are started by its interpreter, as here, and not by their own first line. */
async function install(landing: string, env: NodeJS.ProcessEnv): Promise<void> {
  process.stderr.write('interop: installing the Python MCP servers into the cache, once (about 30 s)\n');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:', '-r', REQUIREMENTS];
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ['python3', ['-m', 'venv', landing]],
    [path.join(landing, 'bin', 'python'), pip],
  ];
  for (const [command, args] of steps) {
    const { code, stderr, stdout } = await run(command, args, { env, timeoutMs: INSTALL_TIMEOUT_MS });
    if (code !== 0) throw new Error(`${args.slice(0, 3).join(' ')}: exit ${code}, ${lastLine(stderr || stdout)}`);
  }
}
