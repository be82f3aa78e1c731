/**
 * `npm run build`: everything in one file, `dist/mcpserver-operator.js`, that a bare Node runs. `-- --sourcemap` adds a map beside it.
 *
 * The file has no static import and no export, so that it is the same program whether Node takes it for a module or for CommonJS (it is
 * alone in an image, without a package.json), and so that an old Node gets as far as src/main.ts's question about its version instead of
 * failing while it links imports it does not know. `require` is made by the wrapper below, before the first line of ours.
 *
 * The same source and lock file give the same bytes, wherever the repository lies: nothing of a path above it, of the time or of the machine
 * gets in.
 */
import { chmod, mkdir, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type BuildOptions, build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');

/** Where the bundle is. */
export const BUNDLE = path.join(root, 'dist', 'mcpserver-operator.js');

export interface BuildResult {
  readonly file: string;
  readonly bytes: number;
  readonly tookMs: number;
  /** The files of which something is in it, below the root: `src/main.ts`, `node_modules/zod/…`. */
  readonly inputs: readonly string[];
  /** These, and those that were read and of which nothing is left. */
  readonly read: readonly string[];
}

/** What to build, and where to. */
export interface BundleRequest {
  /** Default `dist/mcpserver-operator.js` below the root. */
  readonly outfile?: string;
  /** Writes a map beside it. */
  readonly sourcemap?: boolean;
  /** Where the repository lies; default: this one. */
  readonly root?: string;
}

const BANNER = [
  '#!/usr/bin/env node',
  // `import()` is an expression: it works in modules and in CommonJS. Every Node since 12.2 has createRequire.
  "import('node:module').then(function(m){var require=m.createRequire(process.cwd()+'/');",
].join('\n');
const FOOTER = '});';

/** Bundles `src/main.ts` into `outfile`, which is there whole or not at all. */
export async function buildBundle(options: BundleRequest = {}): Promise<BuildResult> {
  const startMs = performance.now();
  const from = path.resolve(options.root ?? root);
  const outfile = options.outfile ?? path.join(from, path.relative(root, BUNDLE));
  const { version } = JSON.parse(await readFile(path.join(from, 'package.json'), 'utf8')) as { version: string };
  await mkdir(path.dirname(outfile), { recursive: true });
  const temporary = `${outfile}.${process.pid}.tmp.js`;
  const sourcemap = options.sourcemap === true ? 'external' : false;
  const { metafile } = await build({ ...bundleOptions(from, version), outfile: temporary, sourcemap, metafile: true });
  await chmod(temporary, 0o755);
  if (options.sourcemap === true) await rename(`${temporary}.map`, `${outfile}.map`);
  await rename(temporary, outfile);
  const { size } = await stat(outfile);
  const parts = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const inputs = parts.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file);
  const read = Object.keys(metafile.inputs);
  return { file: outfile, bytes: size, tookMs: performance.now() - startMs, inputs: inputs.sort(), read: read.sort() };
}

function bundleOptions(absWorkingDir: string, version: string): BuildOptions {
  return {
    absWorkingDir,
    entryPoints: ['src/main.ts'],
    bundle: true,
    platform: 'node',
    format: 'iife',
    // Old enough to be read by the Nodes that are refused; nothing that we use is lowered at a cost.
    target: 'node16',
    // Names are kept: stacks stay readable for 0.7 MB.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    define: { BUNDLED_VERSION: JSON.stringify(version) },
    banner: { js: BANNER },
    footer: { js: FOOTER },
    logLevel: 'warning',
  };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { sourcemap: { type: 'boolean', default: false } } });
  const { file, bytes, tookMs } = await buildBundle(values);
  console.log(`${path.relative(process.cwd(), file)}  ${(bytes / 1e6).toFixed(2)} MB  ${(tookMs / 1000).toFixed(1)} s`);
}
