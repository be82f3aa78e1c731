/**
 * Makes manifests of a registry server: one MCPServer for each remote, and before it a Secret stub where a header is a secret. Pure. Every
 * object that it gives is one that `validate` accepts; what can not be made so is a fault. A Secret is bound to the host of its URL, so
 * that nobody who edits the URL later can lead the credential elsewhere.
 */
import type { FieldPath } from '../../api/v1alpha1/field-faults.ts';
import { renderFieldPath } from '../../api/v1alpha1/field-faults.ts';
import { ALLOWED_HOSTS, API_VERSION, KIND } from '../../api/v1alpha1/group.ts';
import { findObjectFaults } from '../../api/v1alpha1/object-faults.ts';
import { sanitizeText } from '../../probe/sanitize.ts';
import { choicesOf, type ImportedHeaders, importHeaders, type SecretEntry } from './headers.ts';
import type { DocumentFault, RegistryRemote, RegistryServer } from './registry-document.ts';
import { expand, type Settings } from './template.ts';

export interface Manifest {
  readonly object: Readonly<Record<string, unknown>>;
  /** One line for people, sanitized. */
  readonly comment: string;
  /** Of a Secret: comments of its entries, by key. */
  readonly entries: ReadonlyMap<string, SecretEntry>;
}

export interface Imported {
  /** In an order in which they can be applied. */
  readonly manifests: readonly Manifest[];
  readonly faults: readonly DocumentFault[];
  readonly notes: readonly string[];
}

export interface ImportOptions {
  readonly namespace: string | undefined;
  readonly settings: Settings;
  /** Where the server stands in the document. */
  readonly at: FieldPath;
}

/** Longest name: also a label's value may have 63, and `-256` must fit behind it. */
const MAX_NAME_CHARS = 63;

/** Never throws. At most 256 remotes. */
export function importServer(server: RegistryServer, options: ImportOptions): Imported {
  if (server.remotes.length === 0) return { manifests: [], notes: [], faults: [{ path: options.at, message: adviceOf(server) }] };
  const parts = server.remotes.map((remote, index) => importRemote(server, remote, index, options));
  return {
    manifests: parts.flatMap(({ manifests }) => manifests),
    faults: parts.flatMap(({ faults }) => faults),
    notes: parts.flatMap(({ notes }) => notes),
  };
}

/**
 * `io.github.owner/server` becomes `io-github-owner-server`: a DNS label (RFC 1123). Of a name that is too long the end is kept, which
 * tells servers apart. The second and later remotes get a number.
 */
export function objectNameOf(registryName: string, index: number): string {
  const suffix = index === 0 ? '' : `-${index + 1}`;
  const label = registryName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(-(MAX_NAME_CHARS - suffix.length))
    .replaceAll(/^-+|-+$/g, '');
  return `${label === '' ? 'server' : label}${suffix}`;
}

function importRemote(server: RegistryServer, remote: RegistryRemote, index: number, options: ImportOptions): Imported {
  const { settings, namespace } = options;
  const at = [...options.at, 'remotes', index];
  const name = objectNameOf(server.name, index);
  const shown = sanitizeText(server.name, 256, []);
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  const url = expand(remote.url, remote.variables, settings);
  const open = openFault(remote, url.open, url.secrets);
  const headers = importHeaders(remote.headers, settings, { at: [...at, 'headers'], secretName: name });
  const notes = headers.notes.map((note) => `${name}: ${note}`);
  if (open !== undefined || headers.faults.length > 0) {
    const faults = open === undefined ? headers.faults : [{ path: [...at, 'url'], message: open }, ...headers.faults];
    return { manifests: [], faults, notes };
  }
  const object = {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata,
    spec: {
      url: url.text,
      transport: remote.transport,
      ...(headers.headers.length > 0 && { headers: headers.headers }),
      ...(headers.auth !== undefined && { auth: headers.auth }),
    },
  };
  const faults = findObjectFaults(object).map(({ path, message }) => ({
    path: path[1] === 'url' ? [...at, 'url'] : path[1] === 'headers' ? [...at, ...path.slice(1, 3)] : at,
    message: `makes ${renderFieldPath(path)} that is refused: ${message}`,
  }));
  if (faults.length > 0) return { manifests: [], faults, notes };
  const manifest: Manifest = { object, comment: `${shown} of the MCP registry`, entries: new Map() };
  return { manifests: [...secretOf(metadata, url.text, headers, shown), manifest], faults, notes };
}

/** What keeps a URL from being whole. A URL stands in the spec, which many may read: a secret has no place in it. */
function openFault({ variables }: RegistryRemote, open: readonly string[], secrets: readonly string[]): string | undefined {
  const [secret] = secrets;
  if (secret !== undefined) {
    return `holds the secret {${secret}}, and the url of an MCPServer can be read by everyone who may read the object: ask the publisher for a header instead`;
  }
  if (open.length === 0) return undefined;
  const wanted = open.map((name) => `--set ${name}=VALUE${choicesOf(variables.get(name))}`);
  return `needs a value for each variable in it: pass ${wanted.join(' and ')}`;
}

function secretOf(metadata: object, url: string, { secret }: ImportedHeaders, shown: string): Manifest[] {
  if (secret.size === 0) return [];
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...metadata, annotations: { [ALLOWED_HOSTS]: new URL(url).hostname } },
    type: 'Opaque',
    stringData: Object.fromEntries([...secret].map(([key, { value }]) => [key, value])),
  };
  return [{ object, comment: `Credentials of ${shown}: write them in before you apply this.`, entries: secret }];
}

/** A document without remotes: the operator judges servers that are reached over the network, and runs none. */
function adviceOf({ packages }: RegistryServer): string {
  if (packages.count === 0) return 'has no remotes and no packages: there is nothing to connect to';
  const proxy = packages.speaksHTTP ? '' : ' behind a proxy from stdio to Streamable HTTP';
  return (
    'has packages only, and the operator judges servers that run already and are reached by URL. ' +
    `Run the package first, in a Deployment with a Service${proxy}; then write an MCPServer whose spec.serviceRef names the Service`
  );
}
