import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ARCHIVE_SHA512, ARCHIVE_VERSION, BUILD_VERSION, KUBERNETES_MINOR } from '../../../hack/controlplane/versions.ts';
import { moduleUrl } from './scratch.ts';

test('the version of the build is the one that go.mod pins', () => {
  const goMod = readFileSync(new URL(moduleUrl('go.mod')), 'utf8');
  expect(goMod).toContain(`k8s.io/kubernetes v${BUILD_VERSION} `);
  expect(goMod).toContain(`k8s.io/component-base => k8s.io/component-base v0.${BUILD_VERSION.slice(2)}\n`);
});

test('archive and build are of the same minor version', () => {
  for (const version of [ARCHIVE_VERSION, BUILD_VERSION]) expect(version.startsWith(`${KUBERNETES_MINOR}.`)).toBe(true);
});

test('each pinned archive has a whole sha512', () => {
  expect(Object.keys(ARCHIVE_SHA512)).toEqual(expect.arrayContaining(['linux-amd64', 'linux-arm64', 'darwin-arm64']));
  for (const hash of Object.values(ARCHIVE_SHA512)) expect(hash).toMatch(/^[0-9a-f]{128}$/);
});
