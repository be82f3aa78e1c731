/**
 * Starts one control plane for all test files of the `cluster` project and ends it after them. It installs nothing: each file
 * brings what it needs. When the runner is killed this teardown does not run; the processes end with the runner all the same.
 */
import type { TestProject } from 'vitest/node';
import type { ControlPlaneDescription } from '../../hack/controlplane/client.ts';
import { startControlPlane } from '../../hack/controlplane/start.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The control plane that all test files of the cluster project share; use `test/cluster/control-plane.ts`. */
    controlPlane: ControlPlaneDescription;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const controlPlane = await startControlPlane();
  project.provide('controlPlane', controlPlane.describe());
  return () => controlPlane.stop();
}
