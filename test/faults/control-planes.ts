/**
 * Control planes of the fault tests, each with an audit log: one that the files of the project share (`sharedControlPlane`, for faults
 * that the proxy makes), and one of its own for a test that kills, stops or breaks it.
 *
 * The shared one isolates by namespaces: take a fresh one for each test ({@link freshNamespace}).
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { inject } from 'vitest';
import type { ControlPlaneClient } from '../../hack/controlplane/client.ts';
import { type ControlPlane, type StartOptions, startControlPlane } from '../../hack/controlplane/start.ts';
import { controlPlane } from '../cluster/control-plane.ts';
import { type AuditLog, openAuditLog } from './audit.ts';
// For the type of inject('auditDirectory').
import type {} from './global-setup.ts';

export type AuditedControlPlane<T> = T & { readonly audit: Pick<AuditLog, 'read'> };

/** The control plane that the test files share. Nobody may stop it. */
export async function sharedControlPlane(): Promise<AuditedControlPlane<ControlPlaneClient>> {
  return { ...controlPlane, audit: await openAuditLog(inject('auditDirectory')) };
}

/** Starts a control plane that may be broken. Stop it. */
export async function startOwnControlPlane(options: StartOptions = {}): Promise<AuditedControlPlane<ControlPlane>> {
  const audit = await openAuditLog();
  const own = await startControlPlane({
    ...options,
    extraApiServerFlags: [...audit.flags, ...(options.extraApiServerFlags ?? [])],
  });
  return {
    ...own,
    audit,
    async stop() {
      await own.stop();
      await rm(audit.directory, { recursive: true, force: true });
    },
  };
}

/** A name that was never used: a deleted namespace stays Terminating here. The chart's installation creates it. */
export function freshNamespace(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`;
}
