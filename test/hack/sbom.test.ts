import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { makeSBOM, placeOf, renderSBOM } from '../../hack/sbom.ts';

interface Document {
  serialNumber: string;
  metadata: { component: { name: string; version: string } };
  components: { 'bom-ref': string; name: string; version: string; hashes: { content: string }[]; licenses?: unknown[] }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

let text = '';
let document: Document;
beforeAll(async () => {
  text = await renderSBOM();
  document = JSON.parse(text) as Document;
});

const SHA512 = `sha512-${Buffer.alloc(64).toString('base64')}`;
const PROJECT = JSON.stringify({ name: 'p', version: '1.0.0', license: 'MIT', dependencies: { a: '1' } });
const lockOf = (packages: Record<string, object>) =>
  JSON.stringify({
    packages: Object.fromEntries(Object.entries(packages).map(([place, entry]) => [place, { integrity: SHA512, ...entry }])),
  });

test('the same source gives the same bytes', async () => {
  expect(await renderSBOM()).toBe(text);
  expect(document.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(text).not.toContain(process.cwd());
});

test('it lists what is in the bundle, with version, checksum and licence, and nothing that only tests need', () => {
  const { dependencies, devDependencies, version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(document.metadata.component).toMatchObject({ name: 'mcpserver-operator', version });
  const names = document.components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)));
  expect(names.filter((name) => Object.hasOwn(devDependencies, name))).toEqual([]);
  for (const { name, hashes, licenses } of document.components) {
    expect(hashes[0]?.content, name).toMatch(/^[0-9a-f]{128}$/);
    expect(licenses, name).toBeDefined();
  }
});

test('every relation leads from and to something that is listed, once', () => {
  const refs = document.components.map((component) => component['bom-ref']);
  expect(new Set(refs).size).toBe(refs.length);
  expect(document.dependencies.slice(1).map(({ ref }) => ref)).toEqual(refs);
  for (const { dependsOn } of document.dependencies) expect(refs).toEqual(expect.arrayContaining(dependsOn));
  // Nobody is there without a reason.
  const wanted = new Set(document.dependencies.flatMap(({ dependsOn }) => dependsOn));
  expect(refs.filter((ref) => !wanted.has(ref))).toEqual([]);
});

test('a package is found as Node finds it: the nearest, and a version in two places is listed once', () => {
  expect(placeOf('node_modules/a/node_modules/@b/c/d.js')).toBe('node_modules/a/node_modules/@b/c');
  expect(placeOf('src/main.ts')).toBeUndefined();
  const entries = {
    'node_modules/a': { version: '1.0.0', dependencies: { x: '1', y: '1' } },
    'node_modules/a/node_modules/x': { version: '1.0.0' },
    'node_modules/x': { version: '2.0.0' },
    'node_modules/y': { version: '1.0.0' },
    'node_modules/x/node_modules/y': { version: '1.0.0' },
  };
  const made = makeSBOM(
    Object.keys(entries).map((place) => `${place}/main.js`),
    lockOf(entries),
    PROJECT,
  ) as Document;
  expect(made.components.map((component) => component['bom-ref'])).toEqual([
    'pkg:npm/a@1.0.0',
    'pkg:npm/x@1.0.0',
    'pkg:npm/x@2.0.0',
    'pkg:npm/y@1.0.0',
  ]);
  expect(made.dependencies).toContainEqual({ ref: 'pkg:npm/a@1.0.0', dependsOn: ['pkg:npm/x@1.0.0', 'pkg:npm/y@1.0.0'] });
});

test('a package without an entry in the lock file is an error, not a gap', () => {
  expect(() => makeSBOM(['node_modules/a/main.js'], lockOf({}), PROJECT)).toThrow(
    'node_modules/a is in the bundle, and package-lock.json has no version and sha512 of it',
  );
});
