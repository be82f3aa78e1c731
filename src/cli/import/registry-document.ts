/**
 * Reads a `server.json` of the MCP registry, in each of its published forms (schemas 2025-07-09 to 2025-12-11, and the snake_case one
 * before them), alone or as the registry's API wraps it (`{server, _meta}`). Pure. It keeps what a remote server needs and looks at nothing
 * else, so that a newer schema with further fields is read too. Faults say where and what is allowed, and repeat nothing of the document.
 */
import * as z from 'zod';
import { type FieldPath, isMapping } from '../../api/v1alpha1/field-faults.ts';
import type { Transport } from '../../probe/outcome.ts';

/** Something that the document states or leaves to the user: a header, or a variable in braces. */
export interface RegistryInput {
  /** Fixed: users are not asked. */
  readonly value: string | undefined;
  readonly fallback: string | undefined;
  readonly isSecret: boolean;
  readonly isRequired: boolean;
  /** Text of the publisher: sanitize it before it is shown. So are the choices. */
  readonly description: string | undefined;
  readonly choices: readonly string[];
}

export type Variables = ReadonlyMap<string, RegistryInput>;

export interface RegistryHeader extends RegistryInput {
  readonly name: string;
  readonly variables: Variables;
}

export interface RegistryRemote {
  readonly transport: Transport;
  /** May hold variables in braces. */
  readonly url: string;
  readonly variables: Variables;
  readonly headers: readonly RegistryHeader[];
}

export interface RegistryServer {
  /** `io.github.owner/server`: text of the publisher. */
  readonly name: string;
  readonly remotes: readonly RegistryRemote[];
  /** How many packages there are, and whether one speaks HTTP by itself. */
  readonly packages: { readonly count: number; readonly speaksHTTP: boolean };
}

export interface DocumentFault {
  /** From the root of the document. */
  readonly path: FieldPath;
  readonly message: string;
}

export type RegistryRead =
  /** `at` is where the server stands in the document. */
  | { readonly kind: 'server'; readonly at: FieldPath; readonly server: RegistryServer }
  | { readonly kind: 'faulty'; readonly faults: readonly DocumentFault[] };

/** What both styles of names have; a list of a document has at most 256 entries, a text 4,096 characters. */
const MAX_ENTRIES = 256;
const Text = z.string().max(4096);
const Flag = z.boolean().nullish();
const Scalar = z.union([Text, z.number(), z.boolean()]).nullish();
const INPUT = {
  value: Scalar,
  default: Scalar,
  description: z.string().nullish(),
  choices: z.array(Text).max(MAX_ENTRIES).nullish(),
  isSecret: Flag,
  is_secret: Flag,
  isRequired: Flag,
  is_required: Flag,
};
const Input = z.object(INPUT).transform(inputOf);
const VariableMap = z
  .record(z.string().max(128), Input)
  .refine((map) => Object.keys(map).length <= MAX_ENTRIES)
  .nullish()
  .transform((map): Variables => new Map(Object.entries(map ?? {})));
const Header = z
  .object({ ...INPUT, name: z.string().min(1).max(128), variables: VariableMap })
  .transform(({ name, variables, ...input }): RegistryHeader => ({ name, variables, ...inputOf(input) }));

const TRANSPORTS: Readonly<Record<string, Transport>> = {
  'streamable-http': 'StreamableHTTP',
  streamable: 'StreamableHTTP',
  sse: 'SSE',
};
const TransportType = z.enum(['streamable-http', 'streamable', 'sse']).optional();
const Remote = z
  .object({
    type: TransportType,
    transport_type: TransportType,
    url: z.string().min(1).max(2048),
    variables: VariableMap,
    headers: z.array(Header).max(MAX_ENTRIES).nullish(),
  })
  .refine(({ type, transport_type }) => (type ?? transport_type) !== undefined, { path: ['type'] })
  .transform(({ type, transport_type, url, variables, headers }): RegistryRemote => {
    const transport = TRANSPORTS[type ?? transport_type ?? ''] ?? 'StreamableHTTP';
    return { transport, url, variables, headers: headers ?? [] };
  });
const Package = z.object({ transport: z.object({ type: z.string() }).nullish().catch(undefined) });
const Server = z
  .object({
    name: z.string().min(1).max(256),
    remotes: z.array(Remote).max(MAX_ENTRIES).nullish(),
    packages: z.array(Package).max(MAX_ENTRIES).nullish(),
  })
  .transform(({ name, remotes, packages }): RegistryServer => {
    const speaksHTTP = (packages ?? []).some(({ transport }) => Object.hasOwn(TRANSPORTS, transport?.type ?? ''));
    return { name, remotes: remotes ?? [], packages: { count: packages?.length ?? 0, speaksHTTP } };
  });

function inputOf(input: z.output<z.ZodObject<typeof INPUT>>): RegistryInput {
  return {
    value: textOf(input.value),
    fallback: textOf(input.default),
    isSecret: input.isSecret ?? input.is_secret ?? false,
    isRequired: input.isRequired ?? input.is_required ?? false,
    description: input.description ?? undefined,
    choices: input.choices ?? [],
  };
}

/** An empty text is what a form leaves where nothing was typed. */
function textOf(scalar: z.output<typeof Scalar>): string | undefined {
  const text = scalar === undefined || scalar === null ? '' : String(scalar);
  return text === '' ? undefined : text;
}

/** Reads one parsed document. Never throws. */
export function readRegistryDocument(document: unknown): RegistryRead {
  const isWrapped = isMapping(document) && isMapping(document['server']) && document['name'] === undefined;
  const at: FieldPath = isWrapped ? ['server'] : [];
  const value: unknown = isWrapped ? document['server'] : document;
  const foreign = foreignKind(value);
  if (foreign !== undefined) return { kind: 'faulty', faults: [{ ...foreign, path: [...at, ...foreign.path] }] };
  const read = Server.safeParse(value);
  if (read.success) return { kind: 'server', at, server: read.data };
  const faults = read.error.issues.slice(0, MAX_ENTRIES).map(({ path }) => {
    const steps = path.map((step) => (typeof step === 'number' ? step : String(step)));
    return { path: [...at, ...steps], message: expectationOf(steps) };
  });
  return { kind: 'faulty', faults };
}

/** Documents that somebody takes for a server.json. */
function foreignKind(value: unknown): DocumentFault | undefined {
  if (Array.isArray(value) || (isMapping(value) && Array.isArray(value['servers']))) {
    return { path: [], message: 'is a list of servers: import takes the document of one server at a time' };
  }
  if (!isMapping(value)) return { path: [], message: 'must be a server.json of the MCP registry' };
  const { $schema } = value;
  if ($schema === undefined || (typeof $schema === 'string' && /\/server(\.schema)?\.json#?$/.test($schema))) return undefined;
  return { path: ['$schema'], message: 'must be that of a server.json of the MCP registry: …/server.schema.json' };
}

/** By the last name of the path, whatever zod says: its messages are for programmers. */
function expectationOf(path: FieldPath): string {
  const name = path.findLast((step) => typeof step === 'string');
  switch (name) {
    case 'name':
      return 'must be set: a text that is not too long';
    case 'type':
    case 'transport_type':
      return 'must be streamable-http or sse';
    case 'url':
      return 'must be set: a URL of at most 2048 characters';
    case 'isSecret':
    case 'is_secret':
    case 'isRequired':
    case 'is_required':
      return 'must be true or false';
    case 'remotes':
    case 'headers':
    case 'packages':
    case 'choices':
      return `must be a list of at most ${MAX_ENTRIES} entries, each of its own kind`;
  }
  return 'does not fit the schema of the MCP registry';
}
