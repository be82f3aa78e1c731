/**
 * Finds actionlint: on the PATH, else built from the Go module that hack/actionlint pins. Where Go or the module is not to be had it says so
 * in one line on standard error; in CI that is a failure. It never rejects for that.
 */
import path from 'node:path';
import { findOnPath } from '../../hack/controlplane/kubectl.ts';
import { type FoundProgram, findOrBuild, type GoProgram } from '../../hack/go-program.ts';

const ACTIONLINT: GoProgram = {
  name: 'actionlint',
  module: path.resolve(import.meta.dirname, '../../hack/actionlint'),
  package: 'github.com/rhysd/actionlint/cmd/actionlint',
  sources: [],
  // 10 s on two cores; a slow single core with a slow link may need ten times that.
  timeoutMs: 120_000,
};

/** Finds or builds actionlint. An absence is told on standard error. */
export async function prepareActionlint(env: NodeJS.ProcessEnv = process.env): Promise<FoundProgram> {
  const onPath = await findOnPath(ACTIONLINT.name, env).catch(() => undefined);
  if (onPath !== undefined) return { kind: 'ready', command: onPath };
  const found = await findOrBuild(ACTIONLINT, env);
  if (found.kind === 'absent') process.stderr.write(`workflows are only PARSED, not checked: ${found.why}\n`);
  return found;
}
