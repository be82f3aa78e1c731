import { expect, test } from 'vitest';
import { importServer, objectNameOf } from '../../../src/cli/import/manifests.ts';
import { readRegistryDocument } from '../../../src/cli/import/registry-document.ts';
import { createSettings } from '../../../src/cli/import/template.ts';
import { PACKAGES_ONLY, TENANTS } from './documents.ts';

function make(document: unknown) {
  const read = readRegistryDocument(document);
  if (read.kind !== 'server') throw new Error('no server');
  return importServer(read.server, { namespace: undefined, settings: createSettings([]), at: [] });
}

test.each([
  ['io.github.Owner/My_Server', 0, 'io-github-owner-my-server'],
  ['com.example/a', 1, 'com-example-a-2'],
  ['--', 0, 'server'],
  [`com.${'x'.repeat(80)}/server`, 11, `${'x'.repeat(53)}-server-12`],
])('the name of %s is a DNS label that keeps what tells servers apart', (name, index, expected) => {
  expect(objectNameOf(name, index)).toBe(expected);
  expect(objectNameOf(name, index)).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
});

test('a secret in a URL is refused: the spec is no place for it', () => {
  const [remote] = TENANTS.remotes;
  const document = { ...TENANTS, remotes: [{ ...remote, variables: { tenant: { isSecret: true } } }] };
  expect(make(document).faults).toEqual([
    { path: ['remotes', 0, 'url'], message: expect.stringMatching(/^holds the secret \{tenant\}, and the url .* can be read/) },
  ]);
});

test('a package that speaks HTTP by itself needs no proxy', () => {
  const [given] = PACKAGES_ONLY.packages;
  const http = {
    ...PACKAGES_ONLY,
    packages: [{ ...given, transport: { type: 'streamable-http', url: 'http://localhost:80/mcp' } }],
  };
  expect(make(http).faults[0]?.message).not.toContain('proxy');
  expect(make(PACKAGES_ONLY).faults[0]?.message).toContain('behind a proxy from stdio to Streamable HTTP');
});
