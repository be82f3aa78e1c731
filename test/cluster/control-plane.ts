/**
 * The control plane that the test files of the `cluster` project share, seen from inside a test file.
 *
 * Nothing here isolates by itself: a file that creates objects does it in a namespace of its own ({@link createNamespace}).
 * A test that stops or breaks the API server starts its own control plane instead (`startControlPlane`).
 */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { type ControlPlaneClient, createClient } from '../../hack/controlplane/client.ts';
import type { RunResult } from '../../hack/controlplane/run.ts';
// For the type of inject('controlPlane').
import type {} from './global-setup.ts';

/** kubectl, helm and kubeconfigs of the shared control plane. */
export const controlPlane: ControlPlaneClient = createClient(inject('controlPlane'));

/**
 * Creates a namespace named after `prefix` and resolves with its name. Names are never used twice, because a deleted namespace
 * stays: no controller-manager runs that would finish its deletion.
 */
export async function createNamespace(prefix: string): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  expectSuccess(await controlPlane.kubectl(['create', 'namespace', name]));
  return name;
}

/** Applies `manifest` (YAML or JSON) server-side and resolves with kubectl's words. Rejects with its error. */
export async function applyManifest(manifest: string): Promise<string> {
  return expectSuccess(await controlPlane.kubectl(['apply', '--server-side', '-f', '-'], { input: manifest }));
}

/** The standard output of a tool that succeeded. Throws the standard error of one that did not. */
export function expectSuccess({ code, stdout, stderr }: RunResult): string {
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr.trim()}`);
  return stdout;
}
