/**
 * Every shell script of the repository: executable, strict, and without a finding of shellcheck.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../hack/controlplane/run.ts';
import type { FoundProgram } from '../../hack/go-program.ts';
import { prepareShellcheck } from './shellcheck.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const FOLDERS = ['.ci', 'hack', 'test', 'charts', 'docs'];

/** Files that end in .sh, or whose first line names a shell. */
const scripts = FOLDERS.flatMap((folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .filter((file) => file.endsWith('.sh') || (path.extname(file) === '' && /^#!.*\b(?:ba|da)?sh\b/.test(firstLineOf(file)))),
).sort();

function firstLineOf(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8').split('\n', 1)[0] ?? '';
}

let shellcheck: FoundProgram;
beforeAll(async () => {
  shellcheck = await prepareShellcheck();
}, 90_000);

/** The findings: of shellcheck, or without it of the shell's parser. */
async function findingsIn(files: readonly string[]): Promise<string> {
  const [command, args] =
    shellcheck.kind === 'ready' ? [shellcheck.command, ['--format=gcc', ...files]] : ['bash', ['-n', ...files]];
  const { code, stdout, stderr } = await run(command, args, { cwd: ROOT });
  return code === 0 ? '' : stdout + stderr || `exit code ${code}`;
}

test('the scripts are found', () => {
  expect(scripts).toEqual(expect.arrayContaining(['.ci/run', 'hack/kind-down.sh', 'hack/kind-up.sh', 'hack/rootfs.sh']));
});

test('shellcheck is there where it must be', () => {
  if (process.env['CI'] !== undefined) expect(shellcheck).toMatchObject({ kind: 'ready' });
});

describe.each(scripts)('%s', (file) => {
  test('can be started, stops at the first failure, and says what it is', () => {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    expect(statSync(path.join(ROOT, file)).mode & 0o111).toBe(0o111);
    expect(text).toMatch(/^#!(?:\/bin\/sh|\/usr\/bin\/env bash)\n# [A-Z]/);
    expect(text).toMatch(/^set -eu(?:o pipefail)?$/m);
  });

  test('has no finding', async () => {
    expect(await findingsIn([file])).toBe('');
  });
});

test('a script that is wrong is found', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'shell-'));
  const file = path.join(folder, 'wrong.sh');
  await writeFile(file, shellcheck.kind === 'ready' ? '#!/bin/sh\nrm -r $1/*\n' : '#!/bin/sh\nif\n');
  expect(await findingsIn([file])).not.toBe('');
  await rm(folder, { recursive: true });
});
