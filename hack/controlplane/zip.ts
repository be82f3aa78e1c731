/**
 * Reads single files out of a ZIP archive on disk: stored or deflated, without encryption and without ZIP64.
 * The checksum and the declared size are enforced. It never writes and never follows names.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';

const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflateRaw);

const END_SIGNATURE = 0x06054b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
/** The end record is followed by a comment of at most 65,535 bytes. */
const MAX_TAIL_BYTES = END_BYTES + 65_535;

interface Member {
  method: number;
  checksum: number;
  compressedBytes: number;
  bytes: number;
  offset: number;
}

/** Reads the member `name` of the archive `file`. Rejects when it is not there or damaged. */
export async function readZipMember(file: string, name: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const member = findMember(await readDirectory(handle), name);
    if (member === undefined) throw new Error(`${file} has no ${name}`);
    // The lengths of name and extra field may differ between the two headers.
    const local = await readAt(handle, member.offset, LOCAL_BYTES);
    const start = member.offset + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
    const compressed = await readAt(handle, start, member.compressedBytes);
    const content = await decompress(member, compressed);
    if (content.length !== member.bytes || crc32(content) !== member.checksum) throw new Error(`${name} in ${file} is damaged`);
    return content;
  } finally {
    await handle.close();
  }
}

function decompress(member: Member, compressed: Buffer): Promise<Buffer> | Buffer {
  if (member.method === 0) return compressed;
  if (member.method === 8) return inflate(compressed, { maxOutputLength: Math.max(member.bytes, 1) });
  throw new Error(`compression method ${member.method} is not supported`);
}

async function readDirectory(handle: FileHandle): Promise<Buffer> {
  const { size } = await handle.stat();
  const tailBytes = Math.min(size, MAX_TAIL_BYTES);
  const tail = await readAt(handle, size - tailBytes, tailBytes);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) === END_SIGNATURE) return readAt(handle, tail.readUInt32LE(at + 16), tail.readUInt32LE(at + 12));
  }
  throw new Error('not a ZIP archive');
}

function findMember(directory: Buffer, name: string): Member | undefined {
  let at = 0;
  while (at + CENTRAL_BYTES <= directory.length && directory.readUInt32LE(at) === CENTRAL_SIGNATURE) {
    const nameBytes = directory.readUInt16LE(at + 28);
    if (directory.toString('utf8', at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes) === name) {
      return {
        method: directory.readUInt16LE(at + 10),
        checksum: directory.readUInt32LE(at + 16),
        compressedBytes: directory.readUInt32LE(at + 20),
        bytes: directory.readUInt32LE(at + 24),
        offset: directory.readUInt32LE(at + 42),
      };
    }
    at += CENTRAL_BYTES + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return undefined;
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  if (bytesRead !== length) throw new Error('the ZIP archive ends too early');
  return buffer;
}
