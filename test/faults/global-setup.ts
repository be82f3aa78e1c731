/**
 * Starts the control plane that the fault tests share, with an audit log, and ends it after them.
 */
import { rm } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { startControlPlane } from '../../hack/controlplane/start.ts';
// For the type of provide('controlPlane').
import type {} from '../cluster/global-setup.ts';
import { openAuditLog } from './audit.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the audit log of the control plane is that the project `faults` shares; use `test/faults/control-planes.ts`. */
    auditDirectory: string;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const audit = await openAuditLog();
  const controlPlane = await startControlPlane({ extraApiServerFlags: audit.flags });
  project.provide('controlPlane', controlPlane.describe());
  project.provide('auditDirectory', audit.directory);
  return async () => {
    await controlPlane.stop();
    await rm(audit.directory, { recursive: true, force: true });
  };
}
