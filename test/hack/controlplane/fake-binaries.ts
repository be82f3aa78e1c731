/**
 * Stand-ins for programs, for tests and for the scripts that tests start (so this file imports no test runner).
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Writes an executable shell script. */
export async function writeScript(file: string, body: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${body}\n`);
  await chmod(file, 0o755);
}

/** Writes stand-ins for etcd and kube-apiserver that only tell their versions. */
export async function writeFakeBinaries(directory: string, version = '1.35.4'): Promise<void> {
  await writeScript(path.join(directory, 'etcd'), 'echo "etcd Version: 3.6.5"');
  await writeScript(path.join(directory, 'kube-apiserver'), `echo "Kubernetes v${version}"`);
}
