import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { buildBinaries, explainFailure } from '../../../hack/controlplane/build.ts';
import { writeScript } from './fake-binaries.ts';
import { scratchDirectory } from './scratch.ts';

function collect() {
  const lines: string[] = [];
  return { lines, write: (text: string) => lines.push(text) };
}

test('both programs are built from the pinned modules, with the version linked in', async () => {
  const directory = scratchDirectory();
  const log = path.join(directory, 'log');
  const go = path.join(directory, 'bin', 'go');
  await writeScript(go, `echo "$PWD CGO_ENABLED=$CGO_ENABLED $*" >> ${log}`);
  await buildBinaries(directory, { progress: collect(), go });
  const [version, etcd, apiserver] = (await readFile(log, 'utf8')).trim().split('\n');
  expect(version).toMatch(/ version$/);
  const common = /hack\/controlplane CGO_ENABLED=0 build -v -trimpath -mod=readonly -buildvcs=false -ldflags -s -w/;
  expect(etcd).toMatch(common);
  expect(etcd).toContain(`-o ${directory}/etcd go.etcd.io/etcd/server/v3`);
  expect(await readdir(directory)).not.toContain('go-tmp');
  expect(apiserver).toMatch(common);
  expect(apiserver).toContain('-X k8s.io/component-base/version.gitVersion=v1.35.4');
  expect(apiserver).toContain(`-o ${directory}/kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver`);
});

test('a machine without Go is told what to do', async () => {
  const building = buildBinaries(scratchDirectory(), { progress: collect(), go: 'no-such-go' });
  await expect(building).rejects.toThrow('Go is not on the PATH: install Go 1.26 or newer');
});

test('a failed build tells its first error and showed a sign of life', async () => {
  const directory = scratchDirectory();
  const go = path.join(directory, 'bin', 'go');
  const error = 'go.mod requires go >= 1.26.0 (running go 1.25.1; GOTOOLCHAIN=local)';
  await writeScript(
    go,
    `[ "$1" = version ] || { printf 'go: downloading x v1\\nruntime/internal\\ngo: ${error}\\n' >&2; exit 1; }`,
  );
  const progress = collect();
  await expect(buildBinaries(directory, { progress, go })).rejects.toThrow(`go build etcd: go: ${error}`);
  expect(progress.lines[0]).toMatch(/^building the control plane: 0s of about \d+m\d\ds, 0 packages fetched or compiled\n$/);
});

test('the first error of a build is told, not package names and downloads', () => {
  expect(explainFailure('k8s.io/api/core/v1\n# k8s.io/api\nfile.go:3:4: undefined: x\nmore\n')).toBe('file.go:3:4: undefined: x');
  expect(explainFailure('go: downloading a v1\n')).toBe('it failed without a message');
});
