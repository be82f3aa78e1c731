/**
 * Finds promtool: on the PATH, else in our cache, else in the package `prometheus` of a Debian-like system, downloaded by apt into the cache
 * without being installed. Where that can not be, it says so in one line on standard error: what needs promtool is left out, and in CI
 * that is a failure. It never rejects for that.
 */
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { cacheHome } from '../controlplane/cache.ts';
import { findOnPath } from '../controlplane/kubectl.ts';
import { ensureEntry } from '../controlplane/once.ts';
import { lastLine, run } from '../controlplane/run.ts';
import type { FoundProgram } from '../go-program.ts';

const PROGRAM = 'promtool';
/** 19 MB, and lists of packages where there are none. */
const DOWNLOAD_TIMEOUT_MS = 180_000;

/** Finds promtool, or fetches it once. */
export async function preparePromtool(env: NodeJS.ProcessEnv = process.env): Promise<FoundProgram> {
  const promtool = await find(env).catch((error: unknown): FoundProgram => ({ kind: 'absent', why: String(error) }));
  if (promtool.kind === 'absent') process.stderr.write(`alerts: the tests by promtool are LEFT OUT: ${promtool.why}\n`);
  return promtool;
}

async function find(env: NodeJS.ProcessEnv): Promise<FoundProgram> {
  const onPath = await findOnPath(PROGRAM, env).catch(() => undefined);
  if (onPath !== undefined) return { kind: 'ready', command: onPath };
  const directory = path.join(cacheHome(env), 'promtool', 'debian');
  await ensureEntry(directory, [PROGRAM], 'Debian package prometheus', (landing) => fetchInto(landing, env));
  return { kind: 'ready', command: path.join(directory, PROGRAM) };
}

async function fetchInto(landing: string, env: NodeJS.ProcessEnv): Promise<void> {
  const apt = await run('apt-get', ['--version'], { env });
  if (apt.code !== 0) throw new Error('promtool is not on the PATH, and there is no apt-get to fetch it');
  process.stderr.write('alerts: fetching promtool into the cache, once (19 MB)\n');
  const step = async (command: string, args: readonly string[]) => {
    const { code, stderr } = await run(command, args, { cwd: landing, env, timeoutMs: DOWNLOAD_TIMEOUT_MS });
    return code === 0 ? undefined : `${command} ${args.at(-1)}: ${lastLine(stderr)}`;
  };
  if ((await step('apt-get', ['download', 'prometheus'])) !== undefined) {
    // No lists of packages here, as in most images: lists of our own need no root.
    const lists = path.join(landing, 'lists');
    await mkdir(path.join(lists, 'partial'), { recursive: true });
    const own = ['-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${landing}`];
    const failure = (await step('apt-get', [...own, 'update'])) ?? (await step('apt-get', [...own, 'download', 'prometheus']));
    if (failure !== undefined) throw new Error(failure);
  }
  const archive = (await readdir(landing)).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Error('apt-get download left no package');
  const failure = await step('dpkg-deb', ['--extract', archive, 'package']);
  if (failure !== undefined) throw new Error(failure);
  await copyFile(path.join(landing, 'package/usr/bin', PROGRAM), path.join(landing, PROGRAM));
  for (const name of await readdir(landing)) {
    if (name !== PROGRAM) await rm(path.join(landing, name), { recursive: true });
  }
}
