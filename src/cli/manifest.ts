/**
 * Reads manifests for `probe -f`: MCPServers, and the Secrets, ConfigMaps and Services that they refer to, from multi-document YAML or
 * JSON. Other kinds are passed over, so that the output of a chart can be piped in.
 *
 * It promises that every fault is one line with file, line and column, and that no line repeats what stands in a file: it may be a
 * Secret. Sizes are bounded; aliases may not be used to blow a document up.
 */
import { isMapping, withoutNulls } from '../api/v1alpha1/field-faults.ts';
import { API_VERSION, KIND } from '../api/v1alpha1/group.ts';
import { keyOf, parseSpec } from '../api/v1alpha1/mcpserver.ts';
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import type { DataObject, Lookup, References, ServicePorts } from '../probe/ports.ts';
import type { InputFile } from './input-file.ts';
import { readDocuments } from './yaml-documents.ts';

/** One server to probe. */
export interface DeclaredServer {
  readonly namespace: string;
  readonly name: string;
  readonly spec: MCPServerSpec;
}

export interface Manifests {
  /** In the order of the files. */
  readonly servers: readonly DeclaredServer[];
  readonly references: References;
  readonly faults: readonly string[];
}

const MAX_OBJECTS = 10_000;

type Data = DataObject['data'];

interface Shelf {
  readonly servers: Map<string, DeclaredServer>;
  readonly secrets: Map<string, DataObject>;
  readonly configMaps: Map<string, DataObject>;
  readonly services: Map<string, ServicePorts>;
  readonly faults: string[];
  /** Of objects that name none. */
  readonly namespace: string;
  objects: number;
}

/** Reads all files, whatever is wrong with one of them. `namespace` is that of objects that name none. Never throws. */
export function readManifests(files: readonly InputFile[], namespace = 'default'): Manifests {
  const shelf: Shelf = {
    servers: new Map(),
    secrets: new Map(),
    configMaps: new Map(),
    services: new Map(),
    faults: [],
    namespace,
    objects: 0,
  };
  for (const { file, contents } of files) readFile(shelf, file, contents);
  if (shelf.faults.length === 0 && shelf.servers.size === 0) {
    shelf.faults.push(`no ${KIND} of ${API_VERSION} in ${files.map(({ file }) => file).join(', ')}`);
  }
  return { servers: [...shelf.servers.values()], references: referencesOf(shelf), faults: shelf.faults };
}

function readFile(shelf: Shelf, file: string, contents: string): void {
  for (const document of readDocuments(contents)) {
    const where = `${file}:${document.start.line}:${document.start.column}`;
    if (document.kind === 'broken') shelf.faults.push(`${where}: ${document.why}`);
    else readObject(shelf, where, document.value);
  }
}

function readObject(shelf: Shelf, where: string, object: unknown): void {
  if (!isMapping(object)) return;
  shelf.objects += 1;
  if (shelf.objects > MAX_OBJECTS) {
    if (shelf.objects === MAX_OBJECTS + 1) shelf.faults.push(`${where}: more than ${MAX_OBJECTS} objects`);
    return;
  }
  const { apiVersion, kind, items } = object;
  if (kind === 'List' && Array.isArray(items)) {
    for (const item of items) readObject(shelf, where, item);
    return;
  }
  if (apiVersion === API_VERSION && kind === KIND) readServer(shelf, where, object);
  else if (apiVersion === 'v1' && (kind === 'Secret' || kind === 'ConfigMap')) readData(shelf, where, kind, object);
  else if (apiVersion === 'v1' && kind === 'Service') {
    const meta = nameOf(shelf, object);
    if (meta !== undefined) shelf.services.set(keyOf(meta), { ports: portsOf(object) });
  }
}

function readServer(shelf: Shelf, where: string, object: Record<string, unknown>): void {
  const meta = nameOf(shelf, object);
  if (meta === undefined) {
    shelf.faults.push(`${where}: ${KIND} without metadata.name`);
    return;
  }
  const key = keyOf(meta);
  const spec = parseSpec(withoutNulls(object['spec']));
  if (spec.kind === 'invalid')
    shelf.faults.push(`${where}: ${KIND} ${key}: ${spec.path}: ${spec.message ?? 'does not fit the schema'}`);
  else if (shelf.servers.has(key)) shelf.faults.push(`${where}: ${KIND} ${key} stands there twice`);
  else shelf.servers.set(key, { namespace: meta.namespace, name: meta.name, spec: spec.value });
}

function readData(shelf: Shelf, where: string, kind: 'Secret' | 'ConfigMap', object: Record<string, unknown>): void {
  const meta = nameOf(shelf, object);
  if (meta === undefined) return;
  const data = new Map<string, Uint8Array>();
  const encoded = kind === 'Secret' ? object['data'] : object['binaryData'];
  const plain = kind === 'Secret' ? object['stringData'] : object['data'];
  for (const [name, text] of stringsOf(encoded)) {
    const bytes = Buffer.from(text, 'base64');
    // Folded YAML scalars put spaces into base64; anything else that the decoder would skip makes another credential.
    if (bytes.toString('base64') === text.replaceAll(/\s/g, '')) data.set(name, bytes);
    else shelf.faults.push(`${where}: ${kind} ${keyOf(meta)}: a value under data is not base64`);
  }
  for (const [name, text] of stringsOf(plain)) data.set(name, Buffer.from(text));
  const target = kind === 'Secret' ? shelf.secrets : shelf.configMaps;
  const annotations = Object.fromEntries(stringsOf(recordOf(object['metadata'])['annotations']));
  target.set(keyOf(meta), dataObject(data, annotations));
}

function nameOf(shelf: Shelf, object: Record<string, unknown>): { namespace: string; name: string } | undefined {
  const { name, namespace } = recordOf(object['metadata']);
  if (typeof name !== 'string' || !/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) return undefined;
  return { name, namespace: typeof namespace === 'string' && /^[a-z0-9-]{1,63}$/.test(namespace) ? namespace : shelf.namespace };
}

function portsOf(object: Record<string, unknown>): ServicePorts['ports'] {
  const { ports } = recordOf(object['spec']);
  return (Array.isArray(ports) ? ports : []).flatMap((entry) => {
    const { name, port } = recordOf(entry);
    return typeof port === 'number' ? [{ port, ...(typeof name === 'string' && { name }) }] : [];
  });
}

/** Answers from what was read; nothing else is asked. */
export function referencesOf(shelf: Pick<Shelf, 'secrets' | 'configMaps' | 'services'>): References {
  const lookUp =
    <T>(map: ReadonlyMap<string, T>) =>
    (namespace: string, name: string): Promise<Lookup<T>> => {
      const value = map.get(keyOf({ namespace, name }));
      return Promise.resolve(value === undefined ? { kind: 'notFound' } : { kind: 'found', value });
    };
  return { readSecret: lookUp(shelf.secrets), readConfigMap: lookUp(shelf.configMaps), readService: lookUp(shelf.services) };
}

/** As the API server would answer; a file has no versions. */
export function dataObject(data: Data, annotations: Readonly<Record<string, string>> = {}): DataObject {
  return { data, annotations, resourceVersion: '0' };
}

const recordOf = (value: unknown) => (isMapping(value) ? value : {});

const stringsOf = (value: unknown) =>
  Object.entries(recordOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
