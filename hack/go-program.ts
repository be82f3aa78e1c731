/**
 * Programs that are built from a Go module which this repository pins: once, into our cache, under a name made of the module's files and of
 * the Go that builds it. Nothing of the user's Go configuration is changed.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { explainFailure } from './controlplane/build.ts';
import { cacheHome } from './controlplane/cache.ts';
import { ensureEntry } from './controlplane/once.ts';
import { lastLine, run } from './controlplane/run.ts';

export interface GoProgram {
  readonly name: string;
  /** Directory of `go.mod` and `go.sum`. */
  readonly module: string;
  /** Import path of the program; `.` is the module itself. */
  readonly package: string;
  /** Files of the module that the program is made of, beside `go.mod` and `go.sum`. */
  readonly sources: readonly string[];
  /** Said on standard error when it has to be built; nothing by default. */
  readonly notice?: string;
  readonly timeoutMs: number;
}

export type FoundProgram =
  /** An absolute path. */
  { readonly kind: 'ready'; readonly command: string } | { readonly kind: 'absent'; readonly why: string };

/** Finds the program in the cache, or builds it. Never rejects: where Go or its modules are not to be had, it is absent. */
export function findOrBuild(program: GoProgram, env: NodeJS.ProcessEnv): Promise<FoundProgram> {
  return prepare(program, env).catch((error: unknown): FoundProgram => ({ kind: 'absent', why: String(error) }));
}

async function prepare(program: GoProgram, env: NodeJS.ProcessEnv): Promise<FoundProgram> {
  const { name, module, sources } = program;
  const version = await run('go', ['version'], { env });
  if (version.code !== 0) return { kind: 'absent', why: `Go is not on the PATH (${lastLine(version.stderr)})` };
  const hash = createHash('sha256').update(version.stdout);
  for (const file of ['go.mod', 'go.sum', ...sources]) hash.update(readFileSync(path.join(module, file)));
  const directory = path.join(cacheHome(env), name, hash.digest('hex').slice(0, 16));
  await ensureEntry(directory, [name], 'go build', (landing) => build(program, landing, env));
  return { kind: 'ready', command: path.join(directory, name) };
}

async function build(program: GoProgram, landing: string, env: NodeJS.ProcessEnv): Promise<void> {
  if (program.notice !== undefined) process.stderr.write(`${program.notice}\n`);
  const flags = ['-trimpath', '-mod=readonly', '-buildvcs=false', '-ldflags', '-s -w'];
  const { code, stderr } = await run('go', ['build', ...flags, '-o', path.join(landing, program.name), program.package], {
    cwd: program.module,
    env: { ...env, CGO_ENABLED: '0' },
    timeoutMs: program.timeoutMs,
  });
  if (code !== 0) throw new Error(`go build: ${explainFailure(stderr)}`);
}
