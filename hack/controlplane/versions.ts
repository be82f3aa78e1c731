/**
 * What the control plane is made of: the one place that names versions.
 *
 * Two ways lead to the same minor version of Kubernetes, each pinned by content: a public archive (by its sha512) and Go
 * modules (by `go.sum`). Their patch releases differ because each channel offers different ones.
 */

/** The minor version of Kubernetes that tests, demo and benchmarks run on. Binaries of any other are refused. */
export const KUBERNETES_MINOR = '1.35';

/** Built from `go.mod` beside this file; bump both together. test/hack/controlplane/versions.test.ts compares them. */
export const BUILD_VERSION = '1.35.4';

/** The newest 1.35 release of the envtest archives (kubernetes-sigs/controller-tools). */
export const ARCHIVE_VERSION = '1.35.0';

/** The programs of a control plane, by the file names that every source uses. */
export const BINARIES = ['etcd', 'kube-apiserver'] as const;

/**
 * sha512 of `envtest-v<ARCHIVE_VERSION>-<platform>.tar.gz`, from `envtest-releases.yaml` of kubernetes-sigs/controller-tools
 * (commit 43475818).
 */
export const ARCHIVE_SHA512: Readonly<Record<string, string>> = {
  'linux-amd64':
    '130369c16f076e724d089189afaede960316f5f5dea6cf57be7a4fc6f09c77342893192509790e4056e116e232dff832ed863f5bd55dcb55d38f3ab834828a11',
  'linux-arm64':
    'e53e2b88398f5b9503e3f074d82a2dcb090c708b34940848607ce658138a5d4a25962e042ab683ccc026a8a6c90c0be7f658e42dde0887369d73c3b68e2fc86c',
  'darwin-arm64':
    'bb5d0bb3975956331b0aa0c039955b4c4dc6c5c288e5af369364c7d2fbeac11a025227dabb127569080b259dd29b697cc77fa77abd27ae26721ddb23e8ee0613',
  'darwin-amd64':
    'fccc583ba6d322c88a8c56f7876090a7ad63460046a4bcae414093b23ce68a75f172ca7484b7c7475b707657eca5108a8ad3fd85e1b4f70a6c99ca2f22dbd6b2',
};

/** Where the archives are published; the file name follows. */
export const ARCHIVE_BASE_URL = `https://github.com/kubernetes-sigs/controller-tools/releases/download/envtest-v${ARCHIVE_VERSION}`;

/** This machine in Go's words, such as `linux-amd64`: the form in archive names and cache manifests. */
export function currentPlatform(): string {
  return `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
}
