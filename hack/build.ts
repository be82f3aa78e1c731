/**
 * `npm run build`: everything in one file, `dist/mcpserver-operator.js`, that a bare Node runs. `-- --sourcemap` adds a map beside it.
 *
 * The file has no static import and no export, so that it is the same program whether Node takes it for a module or for CommonJS (it is
 * alone in an image, without a package.json), and so that an old Node gets as far as src/main.ts's question about its version instead of
 * failing while it links imports it does not know. `require` is made by the wrapper below, before the first line of ours.
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
}

const BANNER = [
  '#!/usr/bin/env node',
  // `import()` is an expression: it works in modules and in CommonJS. Every Node since 12.2 has createRequire.
  "import('node:module').then(function(m){var require=m.createRequire(process.cwd()+'/');",
].join('\n');
const FOOTER = '});';

/** Bundles `src/main.ts` into `outfile`, which is there whole or not at all. */
export async function buildBundle(options: { outfile?: string; sourcemap?: boolean } = {}): Promise<BuildResult> {
  const startMs = performance.now();
  const outfile = options.outfile ?? BUNDLE;
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { version: string };
  await mkdir(path.dirname(outfile), { recursive: true });
  const temporary = `${outfile}.${process.pid}.tmp.js`;
  await build({ ...bundleOptions(version), outfile: temporary, sourcemap: options.sourcemap === true ? 'external' : false });
  await chmod(temporary, 0o755);
  if (options.sourcemap === true) await rename(`${temporary}.map`, `${outfile}.map`);
  await rename(temporary, outfile);
  const { size } = await stat(outfile);
  return { file: outfile, bytes: size, tookMs: performance.now() - startMs };
}

function bundleOptions(version: string): BuildOptions {
  return {
    absWorkingDir: root,
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
