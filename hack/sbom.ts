/**
 * `node hack/sbom.ts [FILE]`: the bill of materials of the bundle, as CycloneDX 1.6 JSON; default `dist/mcpserver-operator.cdx.json`.
 *
 * It lists the packages of which something is in the bundle, as esbuild tells, and no others: not what is installed, and not what only tests
 * need. Version and checksum of each are those of package-lock.json, licence and relations those of its package.json. It holds no time and no
 * chance, so that the same source gives the same bytes; its serial number is made of its content.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import { buildBundle } from './build.ts';

const root = path.resolve(import.meta.dirname, '..');

/** Where it is when nobody says otherwise: beside the bundle. */
export const SBOM = path.join(root, 'dist', 'mcpserver-operator.cdx.json');

const Dependencies = z.record(z.string(), z.string()).optional();
const LockEntry = z.looseObject({
  version: z.string(),
  integrity: z.string().regex(/^sha512-[A-Za-z0-9+/=]{88}$/),
  license: z.string().optional(),
  dependencies: Dependencies,
  optionalDependencies: Dependencies,
  peerDependencies: Dependencies,
});
type LockEntry = z.output<typeof LockEntry>;
const Project = z.looseObject({ name: z.string(), version: z.string(), license: z.string(), dependencies: Dependencies });
const Lock = z.looseObject({ packages: z.record(z.string(), z.unknown()) });

/** One package of which something is in the bundle; `place` is its key in package-lock.json. */
interface Part {
  readonly place: string;
  readonly name: string;
  readonly entry: LockEntry;
}

/** `node_modules/a/node_modules/@b/c/d.js` → `node_modules/a/node_modules/@b/c`; undefined for a file of ours. */
export function placeOf(file: string): string | undefined {
  return /^((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
}

/** Where Node finds `name` from `place`: below it, or below one of the packages around it. */
function resolveFrom(place: string, name: string, places: ReadonlySet<string>): string | undefined {
  const levels = place.split('/node_modules/');
  for (let depth = levels.length; depth > 0; depth--) {
    const found = `${levels.slice(0, depth).join('/node_modules/')}/node_modules/${name}`;
    if (places.has(found)) return found;
  }
  const top = `node_modules/${name}`;
  return places.has(top) ? top : undefined;
}

/** The package URL, by which scanners know it. */
const purlOf = ({ name, version }: { name: string; version: string }) =>
  `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`;

/** The document. `inputs` are the files of the bundle, `lockText` and `projectText` the two files of npm. Throws at a package that is not in the lock file. */
export function makeSBOM(inputs: readonly string[], lockText: string, projectText: string): object {
  const project = Project.parse(JSON.parse(projectText));
  const lock = Lock.parse(JSON.parse(lockText));
  const places = [...new Set(inputs.flatMap((file) => placeOf(file) ?? []))].sort();
  const parts = places.map((place): Part => {
    const entry = LockEntry.safeParse(lock.packages[place]);
    if (!entry.success) throw new Error(`${place} is in the bundle, and package-lock.json has no version and sha512 of it`);
    return { place, name: place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length), entry: entry.data };
  });
  const own = `pkg:npm/${project.name}@${project.version}`;
  const content = {
    metadata: {
      component: {
        type: 'application',
        'bom-ref': own,
        name: project.name,
        version: project.version,
        licenses: [licenseOf(project.license)],
        purl: own,
      },
    },
    components: unique(parts).map(componentOf),
    dependencies: relations({ ref: own, needs: Object.keys(project.dependencies ?? {}) }, parts),
  };
  const head = { $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json', bomFormat: 'CycloneDX', specVersion: '1.6' };
  return { ...head, serialNumber: serialOf(JSON.stringify(content)), version: 1, ...content };
}

/** A version that npm put into two places is one package. */
function unique(parts: readonly Part[]): Part[] {
  return [...new Map(parts.map((part) => [purlOf({ name: part.name, version: part.entry.version }), part])).values()];
}

function componentOf({ name, entry }: Part) {
  const purl = purlOf({ name, version: entry.version });
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version: entry.version,
    scope: 'required',
    hashes: [{ alg: 'SHA-512', content: Buffer.from(entry.integrity.slice('sha512-'.length), 'base64').toString('hex') }],
    ...(entry.license === undefined ? {} : { licenses: [licenseOf(entry.license)] }),
    purl,
  };
}

/** An SPDX identifier, or an expression of them. */
function licenseOf(text: string) {
  return /^[A-Za-z0-9.+-]+$/.test(text) ? { license: { id: text } } : { expression: text };
}

/** Who needs whom, among those that are in the bundle. */
function relations(project: { readonly ref: string; readonly needs: readonly string[] }, parts: readonly Part[]) {
  const refs = new Map(parts.map(({ place, name, entry }) => [place, purlOf({ name, version: entry.version })]));
  const places = new Set(refs.keys());
  const targets = (place: string, names: readonly string[]) =>
    names.flatMap((name) => refs.get(resolveFrom(place, name, places) ?? '') ?? []).sort();
  return [
    { ref: project.ref, dependsOn: targets('', project.needs) },
    ...unique(parts).map(({ place, name, entry }) => ({
      ref: purlOf({ name, version: entry.version }),
      dependsOn: targets(place, Object.keys({ ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies })),
    })),
  ];
}

/** A UUID of version 8 (RFC 9562: of one's own making) out of the content. */
function serialOf(content: string): string {
  const hex = createHash('sha256').update(content).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Builds the bundle aside, and resolves with the text of its bill of materials. */
export async function renderSBOM(): Promise<string> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'sbom-'));
  try {
    const { inputs } = await buildBundle({ outfile: path.join(scratch, 'bundle.js') });
    const [lock, project] = await Promise.all(
      ['package-lock.json', 'package.json'].map((file) => readFile(path.join(root, file), 'utf8')),
    );
    return `${JSON.stringify(makeSBOM(inputs, lock ?? '', project ?? ''), undefined, 2)}\n`;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

if (import.meta.main) {
  const file = path.resolve(process.argv[2] ?? SBOM);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, await renderSBOM());
  console.log(path.relative(process.cwd(), file));
}
