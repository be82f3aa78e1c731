/**
 * Scratch directories for the tests of hack/controlplane.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory that is removed when the test ends. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'controlplane-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The address of a module of hack/controlplane, for scripts that run in a process of their own. */
export function moduleUrl(name: string): string {
  return new URL(`../../../hack/controlplane/${name}`, import.meta.url).href;
}
