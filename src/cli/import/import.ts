/**
 * `import`: documents of the MCP registry to manifests. Manifests go to standard output, so that they can be piped into a file or kubectl;
 * what to do with them goes to standard error. Either every document could be made into manifests or nothing is printed: half of an import
 * would be applied and never missed.
 */
import { Document, isScalar } from 'yaml';
import { type FieldPath, renderFieldPath } from '../../api/v1alpha1/field-faults.ts';
import { parseFlags } from '../../platform/flags.ts';
import { sanitizeText } from '../../probe/sanitize.ts';
import { verbHelp } from '../help.ts';
import { type InputFile, readInputFile } from '../input-file.ts';
import { refuse, type Terminal } from '../terminal.ts';
import { type DocumentRead, readDocuments } from '../yaml-documents.ts';
import { IMPORT_FLAGS, MAX_FILES } from './flags.ts';
import { type ImportOptions, importServer, type Manifest } from './manifests.ts';
import { readRegistryDocument } from './registry-document.ts';
import { createSettings, PLACEHOLDER } from './template.ts';

/** What came of all files so far. */
interface Harvest {
  readonly manifests: Manifest[];
  /** `file:line:column: path message`. */
  readonly faults: string[];
  readonly notes: string[];
  /** Where each name was made first. */
  readonly places: Map<string, string>;
}

type Options = Omit<ImportOptions, 'at'>;

/** Resolves with the exit code: 0 all were made into manifests, 1 a fault or bad input. */
export async function importVerb(
  args: readonly string[],
  terminal: Terminal,
  stdin: AsyncIterable<Buffer | string> = process.stdin,
): Promise<number> {
  const line = parseFlags(IMPORT_FLAGS, { args, maxArguments: MAX_FILES });
  if (line.help) {
    terminal.out(verbHelp('import'));
    return 0;
  }
  const files = line.arguments;
  const faults = [...line.faults];
  if (faults.length === 0 && files.length === 0) faults.push('a FILE is needed; - is standard input');
  if (files.filter((file) => file === '-').length > 1) faults.push('- (standard input) can be read once');
  if (faults.length > 0) return refuse(terminal, 'import', faults);
  const settings = createSettings(line.values.set);
  const harvest: Harvest = { manifests: [], faults: [], notes: [], places: new Map() };
  for (const file of files) {
    const input = await readInputFile(file, stdin);
    if (input.kind === 'read') importFile(input, { namespace: line.values.namespace, settings }, harvest);
    else harvest.faults.push(input.fault);
  }
  const unused = settings
    .unused()
    .map((name) => `--set ${JSON.stringify(name)}: no document asks for it; a secret is written into the Secret instead`);
  if (harvest.faults.length + unused.length > 0) return refuse(terminal, 'import', [...harvest.faults, ...unused]);
  const { manifests, notes } = harvest;
  terminal.out(line.values.output === 'json' ? renderJSON(manifests) : manifests.map(renderYAML).join('---\n'));
  terminal.err([...notes, ...summarize(manifests)].map((text) => `mcpserver-operator import: ${text}\n`).join(''));
  return 0;
}

function importFile({ file, contents }: InputFile, options: Options, harvest: Harvest): void {
  const documents = readDocuments(contents);
  if (documents.length === 0) harvest.faults.push(`${file}:1:1: holds no document`);
  for (const document of documents) {
    if (document.kind === 'broken') {
      harvest.faults.push(`${file}:${document.start.line}:${document.start.column}: ${document.why}`);
    } else {
      importDocument(file, document, options, harvest);
    }
  }
}

function importDocument(
  file: string,
  document: Extract<DocumentRead, { kind: 'document' }>,
  options: Options,
  { manifests, faults, notes, places }: Harvest,
): void {
  const placeOf = (path: FieldPath) => {
    const { line, column } = document.find(path, 'value');
    return `${file}:${line}:${column}`;
  };
  const fault = (path: FieldPath, message: string) => {
    // Names of variables are text of the publisher.
    const shown = sanitizeText(renderFieldPath(path), 512, []);
    faults.push(`${placeOf(path)}: ${shown === '' ? '' : `${shown} `}${message}`);
  };
  const read = readRegistryDocument(document.value);
  if (read.kind === 'faulty') {
    for (const { path, message } of read.faults) fault(path, message);
    return;
  }
  const imported = importServer(read.server, { ...options, at: read.at });
  for (const { path, message } of imported.faults) fault(path, message);
  notes.push(...imported.notes);
  for (const { object } of imported.manifests) {
    const name = nameOf(object);
    const first = places.get(name);
    const at = [...read.at, 'name'];
    if (first === undefined) places.set(name, placeOf(at));
    else fault(at, `makes an object of the same name as ${first}`);
  }
  manifests.push(...imported.manifests);
}

/** `MCPServer io-github-owner-server`. */
function nameOf(object: Manifest['object']): string {
  const { kind, metadata } = object;
  const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata ? metadata.name : '';
  return `${String(kind)} ${String(name)}`;
}

function renderYAML({ object, comment, entries }: Manifest): string {
  const document = new Document(object, { compat: 'yaml-1.1', aliasDuplicateObjects: false });
  if (document.contents !== null) document.contents.commentBefore = ` ${comment}`;
  for (const [key, entry] of entries) {
    const node = document.getIn(['stringData', key], true);
    if (isScalar(node)) node.comment = ` ${entry.comment}`;
  }
  return document.toString({ lineWidth: 0 });
}

function renderJSON(manifests: readonly Manifest[]): string {
  const list = { apiVersion: 'v1', kind: 'List', items: manifests.map(({ object }) => object) };
  return `${JSON.stringify(list, undefined, 2)}\n`;
}

function summarize(manifests: readonly Manifest[]): string[] {
  const stubs = manifests.filter(({ object }) => object['kind'] === 'Secret');
  const servers = manifests.length - stubs.length;
  const made = `made ${servers} ${servers === 1 ? 'MCPServer' : 'MCPServers'}`;
  if (stubs.length === 0) return [made];
  const names = stubs.map(({ object }) => nameOf(object)).join(', ');
  return [`${made}; write the credentials in place of ${PLACEHOLDER} before you apply: ${names}`];
}
