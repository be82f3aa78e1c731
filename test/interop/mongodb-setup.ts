/**
 * The MongoDB MCP server: 410 MB with what it depends on, more than all else that tests install, so it is no dependency of this project but
 * is installed into our cache, once, by npm and without its set-up scripts. A killed installation is never taken for one, and simultaneous
 * starts make one. Where it can not be had it says so in one line on standard error: its tests are left out, and in CI that is a failure.
 */
import path from 'node:path';
import { cacheHome } from '../../hack/controlplane/cache.ts';
import { ensureEntry } from '../../hack/controlplane/once.ts';
import { lastLine, run } from '../../hack/controlplane/run.ts';
import type { StartCommand } from './real-server.ts';

const PACKAGE = 'mongodb-mcp-server';
const VERSION = '3.0.4';
/** 45 s here; a slow mirror may need five times that. */
const INSTALL_TIMEOUT_MS = 240_000;
/** What npm writes last. */
const MARK = 'node_modules/.package-lock.json';

export type MongoDB =
  | { readonly kind: 'ready'; readonly start: StartCommand }
  | { readonly kind: 'absent'; readonly why: string };

/** Finds or installs it. Never rejects; an absence is told once per call on standard error. */
export async function prepareMongoDB(env: NodeJS.ProcessEnv = process.env): Promise<MongoDB> {
  const found = await findOrInstall(env).catch((error: unknown): MongoDB => ({ kind: 'absent', why: String(error) }));
  if (found.kind === 'absent') process.stderr.write(`interop: ${PACKAGE} is LEFT OUT: ${found.why}\n`);
  return found;
}

async function findOrInstall(env: NodeJS.ProcessEnv): Promise<MongoDB> {
  const directory = path.join(cacheHome(env), 'servers', `${PACKAGE}-${VERSION}`);
  await ensureEntry(directory, [MARK], 'npm', (landing) => install(landing, env));
  const program = path.join(directory, 'node_modules', PACKAGE, 'dist', 'esm', 'index.js');
  return { kind: 'ready', start: startOf(program) };
}

async function install(landing: string, env: NodeJS.ProcessEnv): Promise<void> {
  process.stderr.write(`interop: installing ${PACKAGE} into the cache, once (about 45 s, 410 MB)\n`);
  const flags = ['--prefix', landing, '--ignore-scripts', '--no-audit', '--no-fund', '--omit=dev', '--loglevel=error'];
  const { code, stderr, stdout } = await run('npm', ['install', ...flags, `${PACKAGE}@${VERSION}`], {
    env,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (code !== 0) throw new Error(`npm install: exit ${code}, ${lastLine(stderr || stdout)}`);
}

/** It answers before it has a database; its lists need none. It would tell its makers what it does. */
function startOf(program: string): StartCommand {
  return {
    name: PACKAGE,
    command: process.execPath,
    args: (port) => [program, '--transport', 'http', '--httpHost', '127.0.0.1', '--httpPort', String(port)],
    env: () => ({ MDB_MCP_TELEMETRY: 'disabled', DO_NOT_TRACK: '1' }),
  };
}
