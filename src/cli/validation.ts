/**
 * Judges manifests as the API server and the operator would: every MCPServer in them against schema and rules, each fault with its file,
 * line and column. Pure: texts in, faults out. Other kinds are counted and passed over, so that the output of a chart can be piped in.
 *
 * No fault repeats a value of a file; names of unknown fields are the only text of the user in it.
 */
import { type FieldPath, isMapping, renderFieldPath } from '../api/v1alpha1/field-faults.ts';
import { API_VERSION, GROUP, KIND } from '../api/v1alpha1/group.ts';
import { findObjectFaults } from '../api/v1alpha1/object-faults.ts';
import { suggestion } from '../platform/suggest.ts';
import type { InputFile } from './input-file.ts';
import { type DocumentRead, type Place, readDocuments } from './yaml-documents.ts';

export interface ManifestFault extends Place {
  readonly file: string;
  /** `namespace/name`, or the name alone; undefined where there is none. */
  readonly object?: string;
  /** `spec.headers[1].value`; undefined when the document as a whole is at fault. */
  readonly path?: string;
  /** Without place and path. */
  readonly message: string;
}

export interface Validation {
  /** MCPServers that were looked at, valid or not. */
  readonly checked: number;
  /** Objects of other kinds. */
  readonly ignored: number;
  /** In the order of the files and of the lines in them. */
  readonly faults: readonly ManifestFault[];
}

interface Sheet {
  readonly file: string;
  readonly document: Extract<DocumentRead, { kind: 'document' }>;
  /** Where the MCPServers of this file stand, by name. */
  readonly seen: Map<string, number>;
  readonly faults: ManifestFault[];
  checked: number;
  ignored: number;
}

/** Judges every document of every file. Never throws. */
export function validateManifests(files: readonly InputFile[]): Validation {
  const sheets = files.map(validateFile);
  const sum = (count: 'checked' | 'ignored') => sheets.reduce((total, sheet) => total + sheet[count], 0);
  return { checked: sum('checked'), ignored: sum('ignored'), faults: sheets.flatMap(({ faults }) => faults) };
}

function validateFile({ file, contents }: InputFile): Validation {
  let checked = 0;
  let ignored = 0;
  const faults: ManifestFault[] = [];
  const seen = new Map<string, number>();
  for (const document of readDocuments(contents)) {
    if (document.kind === 'broken') {
      faults.push({ file, ...document.start, message: document.why });
      continue;
    }
    const sheet: Sheet = { file, document, seen, faults: [], checked: 0, ignored: 0 };
    judge(sheet, document.value, []);
    checked += sheet.checked;
    ignored += sheet.ignored;
    faults.push(...sheet.faults.sort((a, b) => a.line - b.line || a.column - b.column));
  }
  return { checked, ignored, faults };
}

/** `at` is the path of the object in its document: empty, or an item of a List. */
function judge(sheet: Sheet, object: unknown, at: FieldPath): void {
  if (!isMapping(object)) {
    report(sheet, at, 'value', undefined, 'must be an object with apiVersion and kind');
    return;
  }
  const { apiVersion, kind, items } = object;
  if (apiVersion === API_VERSION && kind === KIND) {
    sheet.checked += 1;
    judgeServer(sheet, object, at);
  } else if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)) {
    for (const [index, item] of items.entries()) judge(sheet, item, [...at, 'items', index]);
  } else {
    const misspelt = misspelling(apiVersion, kind);
    if (misspelt === undefined) sheet.ignored += 1;
    else {
      sheet.checked += 1;
      report(sheet, [...at, misspelt.field], 'value', nameOf(object), misspelt.message);
    }
  }
}

/** An object that is meant to be an MCPServer of ours and says so wrongly; those of other groups are other operators'. */
function misspelling(apiVersion: unknown, kind: unknown): { field: string; message: string } | undefined {
  if (typeof apiVersion === 'string' && apiVersion.split('/')[0] === GROUP) {
    if (apiVersion !== API_VERSION) return { field: 'apiVersion', message: `must be ${API_VERSION}` };
    return { field: 'kind', message: `must be ${KIND}, the only kind of ${API_VERSION}` };
  }
  if (kind !== KIND || (typeof apiVersion === 'string' && suggestion(apiVersion, [API_VERSION]) === '')) return undefined;
  return { field: 'apiVersion', message: `must be ${API_VERSION}` };
}

function judgeServer(sheet: Sheet, object: Record<string, unknown>, at: FieldPath): void {
  const name = nameOf(object);
  for (const fault of findObjectFaults(object)) report(sheet, [...at, ...fault.path], fault.at, name, fault.message);
  if (name === undefined) return;
  const { line } = sheet.document.find(at, 'value');
  const first = sheet.seen.get(name);
  if (first === undefined) sheet.seen.set(name, line);
  else
    report(
      sheet,
      [...at, 'metadata', 'name'],
      'value',
      name,
      `an ${KIND} of this name and namespace stands at line ${first} already`,
    );
}

function report(sheet: Sheet, path: FieldPath, at: 'key' | 'value', object: string | undefined, message: string): void {
  const { file, document, faults } = sheet;
  const shown = renderFieldPath(path);
  faults.push({
    file,
    ...document.find(path, at),
    ...(object !== undefined && { object }),
    ...(shown !== '' && { path: shown }),
    message,
  });
}

/** A name that Kubernetes would take; what is none is not repeated. */
function nameOf({ metadata }: Record<string, unknown>): string | undefined {
  const { name, namespace } = isMapping(metadata) ? metadata : {};
  const isName = (text: unknown): text is string => typeof text === 'string' && /^[a-z0-9][-a-z0-9.]{0,252}$/.test(text);
  if (!isName(name)) return undefined;
  return isName(namespace) ? `${namespace}/${name}` : name;
}
