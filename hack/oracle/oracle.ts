/**
 * The oracle (main.go beside this file), built once into our cache, which is named after its sources and the Go that builds it.
 *
 * Where Go is not to be had, or its modules are not, it says so in one line on standard error: what needs the oracle is left out, and in
 * CI that is a failure. It never rejects for that.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { explainFailure } from '../controlplane/build.ts';
import { cacheHome, landEntry, readEntry } from '../controlplane/cache.ts';
import { withLock } from '../controlplane/lock.ts';
import { lastLine, run } from '../controlplane/run.ts';

export interface OracleRequest {
  readonly object: object;
  /** Lua, run with the object as the global `obj`; default none. */
  readonly script?: string;
}

const answerSchema = z.strictObject({
  kstatus: z.strictObject({ status: z.string(), message: z.string() }).optional(),
  /** What the script returned. */
  lua: z.unknown().optional(),
  /** Why there is no verdict, or why the script failed. */
  error: z.string().optional(),
});
export type OracleAnswer = z.infer<typeof answerSchema>;

export type Oracle =
  /** Answers in the order of the requests. Rejects when the oracle does not run: a fault of ours. */
  | { readonly kind: 'ready'; readonly judge: (requests: readonly OracleRequest[]) => Promise<OracleAnswer[]> }
  | { readonly kind: 'absent'; readonly why: string };

const PROGRAM = 'oracle';
const SOURCES = ['go.mod', 'go.sum', 'main.go'].map((name) => path.join(import.meta.dirname, name));
/** 23 s on two cores with an empty build cache; a slow single core with a slow link may need ten times that. */
const BUILD_TIMEOUT_MS = 300_000;

/** Finds or builds the oracle. An absence is told on standard error. */
export async function prepareOracle(env: NodeJS.ProcessEnv = process.env): Promise<Oracle> {
  const oracle = await findOrBuild(env).catch((error: unknown): Oracle => ({ kind: 'absent', why: String(error) }));
  if (oracle.kind === 'absent') process.stderr.write(`oracle: Argo CD's Lua and kstatus are LEFT OUT: ${oracle.why}\n`);
  return oracle;
}

async function findOrBuild(env: NodeJS.ProcessEnv): Promise<Oracle> {
  const version = await run('go', ['version'], { env });
  if (version.code !== 0) return { kind: 'absent', why: `Go is not on the PATH (${lastLine(version.stderr)})` };
  const hash = createHash('sha256').update(version.stdout);
  for (const file of SOURCES) hash.update(readFileSync(file));
  const root = path.join(cacheHome(env), 'oracle');
  const directory = path.join(root, hash.digest('hex').slice(0, 16));
  const isReady = async () => (await readEntry(directory, [PROGRAM])).kind === 'trusted';
  if (!(await isReady())) {
    await withLock(path.join(root, 'lock'), async () => {
      if (!(await isReady())) await landEntry(directory, [PROGRAM], 'go build', (landing) => build(landing, env));
    });
  }
  return { kind: 'ready', judge: (requests) => ask(path.join(directory, PROGRAM), requests) };
}

async function build(landing: string, env: NodeJS.ProcessEnv): Promise<void> {
  process.stderr.write('oracle: building it into the cache, once (about 30 s)\n');
  const flags = ['-trimpath', '-mod=readonly', '-buildvcs=false', '-ldflags', '-s -w'];
  const { code, stderr } = await run('go', ['build', ...flags, '-o', path.join(landing, PROGRAM), '.'], {
    cwd: import.meta.dirname,
    env: { ...env, CGO_ENABLED: '0' },
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (code !== 0) throw new Error(`go build: ${explainFailure(stderr)}`);
}

async function ask(program: string, requests: readonly OracleRequest[]): Promise<OracleAnswer[]> {
  const { code, stdout, stderr } = await run(program, [], { input: JSON.stringify(requests) });
  if (code !== 0) throw new Error(`oracle: exit code ${code}, ${lastLine(stderr)}`);
  return z.array(answerSchema).parse(JSON.parse(stdout));
}
