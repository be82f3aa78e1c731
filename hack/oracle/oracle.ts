/**
 * The oracle (main.go beside this file), built once into our cache, which is named after its sources and the Go that builds it.
 *
 * Where Go is not to be had, or its modules are not, it says so in one line on standard error: what needs the oracle is left out, and in
 * CI that is a failure. It never rejects for that.
 */
import * as z from 'zod';
import { lastLine, run } from '../controlplane/run.ts';
import { findOrBuild, type GoProgram } from '../go-program.ts';

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

const ORACLE: GoProgram = {
  name: 'oracle',
  module: import.meta.dirname,
  package: '.',
  sources: ['main.go'],
  notice: 'oracle: building it into the cache, once (about 30 s)',
  // 23 s on two cores with an empty build cache; a slow single core with a slow link may need ten times that.
  timeoutMs: 300_000,
};

/** Finds or builds the oracle. An absence is told on standard error. */
export async function prepareOracle(env: NodeJS.ProcessEnv = process.env): Promise<Oracle> {
  const found = await findOrBuild(ORACLE, env);
  if (found.kind === 'ready') return { kind: 'ready', judge: (requests) => ask(found.command, requests) };
  process.stderr.write(`oracle: Argo CD's Lua and kstatus are LEFT OUT: ${found.why}\n`);
  return found;
}

async function ask(program: string, requests: readonly OracleRequest[]): Promise<OracleAnswer[]> {
  const { code, stdout, stderr } = await run(program, [], { input: JSON.stringify(requests) });
  if (code !== 0) throw new Error(`oracle: exit code ${code}, ${lastLine(stderr)}`);
  return z.array(answerSchema).parse(JSON.parse(stdout));
}
