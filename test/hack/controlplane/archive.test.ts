import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { unpackArchive } from '../../../hack/controlplane/archive.ts';
import { scratchDirectory } from './scratch.ts';

const FILES = ['etcd', 'kube-apiserver'];
const progress = { write: () => true };
let archive: Buffer;
let url: string;

beforeEach(async () => {
  const directory = scratchDirectory();
  await mkdir(path.join(directory, 'controller-tools', 'envtest'), { recursive: true });
  for (const name of [...FILES, 'kubectl'])
    await writeFile(path.join(directory, 'controller-tools/envtest', name), `I am ${name}`);
  execFileSync('tar', ['-czf', path.join(directory, 'a.tar.gz'), '-C', directory, 'controller-tools']);
  archive = readFileSync(path.join(directory, 'a.tar.gz'));
  const server = createServer((request, response) => {
    if (request.url === '/a.tar.gz') response.end(archive);
    else if (request.url === '/moved') response.writeHead(302, { location: '/a.tar.gz' }).end();
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url = `http://127.0.0.1:${address.port}`;
});

const sha512 = () => createHash('sha512').update(archive).digest('hex');

test('the archive is fetched over a redirect, compared and reduced to its programs', async () => {
  const directory = scratchDirectory();
  await unpackArchive(directory, { url: `${url}/moved`, sha512: sha512(), files: FILES, progress });
  expect((await readdir(directory)).sort()).toEqual(FILES);
  expect(readFileSync(path.join(directory, 'etcd'), 'utf8')).toBe('I am etcd');
});

test('an archive with another checksum is refused before it is unpacked', async () => {
  const directory = scratchDirectory();
  const options = { url: `${url}/a.tar.gz`, sha512: 'f'.repeat(128), files: FILES, progress };
  await expect(unpackArchive(directory, options)).rejects.toThrow(
    /^the archive's sha512 is .*, not the pinned ffffffffffffffff…$/,
  );
  expect(await readdir(directory)).toEqual(['archive.tar.gz']);
});

test('a missing archive, an unpinned platform and an unreachable server say so in one line', async () => {
  const attempt = (change: { url?: string; sha512?: string | undefined }) =>
    unpackArchive(scratchDirectory(), { url: `${url}/none`, sha512: sha512(), files: FILES, progress, ...change });
  await expect(attempt({})).rejects.toThrow("the archive's server answered 404");
  await expect(attempt({ sha512: undefined })).rejects.toThrow('no archive is pinned for this platform');
  await expect(attempt({ url: 'http://127.0.0.1:2/' })).rejects.toThrow(/ECONNREFUSED/);
});
