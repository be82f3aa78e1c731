/**
 * `validate`: manifests against the schema and the rules, without a cluster, for pipelines and pre-commit. Faults go to standard output
 * as compilers write them, `file:line:column: path: message`; what was looked at goes to standard error.
 */
import { parseFlags } from '../platform/flags.ts';
import { verbHelp } from './help.ts';
import { readInputFile } from './input-file.ts';
import { refuse, type Terminal } from './terminal.ts';
import { MAX_FILES, VALIDATE_FLAGS } from './validate-flags.ts';
import { type ManifestFault, type Validation, validateManifests } from './validation.ts';

/** Nobody reads more of them; what follows is counted no further. */
const MAX_FAULTS = 1000;

/** Resolves with the exit code: 0 all are valid, 1 a fault or bad input. Files are read one after the other, each forgotten after it. */
export async function validateVerb(
  args: readonly string[],
  terminal: Terminal,
  stdin: AsyncIterable<Buffer | string> = process.stdin,
): Promise<number> {
  const line = parseFlags(VALIDATE_FLAGS, { args, maxArguments: MAX_FILES });
  if (line.help) {
    terminal.out(verbHelp('validate'));
    return 0;
  }
  const files = line.arguments;
  const faults = [...line.faults];
  if (faults.length === 0 && files.length === 0) faults.push('a FILE is needed; - is standard input');
  if (files.filter((file) => file === '-').length > 1) faults.push('- (standard input) can be read once');
  if (faults.length > 0) return refuse(terminal, 'validate', faults);
  const unreadable: string[] = [];
  let found: Validation = { checked: 0, ignored: 0, faults: [] };
  for (const file of files) {
    const input = await readInputFile(file, stdin);
    if (input.kind === 'read') found = add(found, validateManifests([input]));
    else unreadable.push(input.fault);
  }
  const code = unreadable.length + found.faults.length === 0 ? 0 : 1;
  if (line.values.output === 'json') {
    const { checked, ignored } = found;
    const answer = { valid: code === 0, files: files.length, checked, ignored, faults: found.faults, unreadable };
    terminal.out(`${JSON.stringify(answer, undefined, 2)}\n`);
    return code;
  }
  terminal.out(found.faults.map(renderFault).join(''));
  if (unreadable.length > 0) refuse(terminal, 'validate', unreadable);
  terminal.err(`${summary(found, unreadable.length)}\n`);
  return code;
}

function add(a: Validation, b: Validation): Validation {
  const faults = [...a.faults, ...b.faults].slice(0, MAX_FAULTS);
  return { checked: a.checked + b.checked, ignored: a.ignored + b.ignored, faults };
}

function renderFault({ file, line, column, path, message }: ManifestFault): string {
  return `${file}:${line}:${column}: ${path === undefined ? '' : `${path}: `}${message}\n`;
}

function summary({ checked, ignored, faults }: Validation, unread: number): string {
  const others = ignored === 0 ? '' : `, ${count(ignored, 'other object', 'other objects')} ignored`;
  const missed = unread === 0 ? '' : `, ${count(unread, 'file', 'files')} not read`;
  const more = faults.length < MAX_FAULTS ? '' : ' or more';
  return `${count(checked, 'MCPServer', 'MCPServers')} checked${others}${missed}: ${count(faults.length, 'fault', 'faults')}${more}`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
