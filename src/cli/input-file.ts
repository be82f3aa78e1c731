/**
 * Files that people name on the command line: read whole, and never more than `MAX_FILE_BYTES`, whatever the file is. `-` is standard
 * input. Faults name the file and the cause, never what stands in it.
 */
import { createReadStream } from 'node:fs';

/** The API server's limit for one object is 1.5 MiB; a file of this size holds thousands. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** `contents` of `file`, whose name is used in faults only. */
export interface InputFile {
  readonly file: string;
  readonly contents: string;
}

export type InputRead =
  | ({ readonly kind: 'read' } & InputFile)
  /** One line for people. */
  | { readonly kind: 'unreadable'; readonly fault: string };

/** What causes are called; others show their code. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory: name the files in it',
  EACCES: 'permission denied',
};

/** Reads one file. Never rejects. `stdin` is read when `file` is `-`. */
export async function readInputFile(file: string, stdin: AsyncIterable<Buffer | string> = process.stdin): Promise<InputRead> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // What a shell leaves of a variable that is not set.
  if (file === '') return unreadable('""', 'the name is empty');
  try {
    for await (const chunk of file === '-' ? stdin : createReadStream(file)) {
      const buffer = Buffer.from(chunk);
      bytes += buffer.length;
      if (bytes > MAX_FILE_BYTES) return unreadable(file, `larger than ${MAX_FILE_BYTES / 2 ** 20} MiB`);
      chunks.push(buffer);
    }
    return { kind: 'read', file, contents: Buffer.concat(chunks).toString('utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const cause = CAUSES[code];
    return unreadable(file, cause === undefined ? code : `${code}: ${cause}`);
  }
}

function unreadable(file: string, why: string): InputRead {
  return { kind: 'unreadable', fault: `${file} can not be read (${why})` };
}
