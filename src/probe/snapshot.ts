/**
 * Makes the snapshot of what a server offers: per item the SHA-256 of its definition in canonical JSON (RFC 8785), per list over the sorted
 * item digests, one over all lists. The order of items, pages and keys never matters; any change of a definition does. A list is digested
 * page by page: of an item only its clamped name and its digest are kept, never its schema.
 */
import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { LIMITS } from './limits.ts';
import type { Snapshot, SnapshotItem, SnapshotList } from './outcome.ts';
import type { Sanitize } from './sanitize.ts';

export const LIST_KINDS = ['tools', 'resources', 'resourceTemplates', 'prompts'] as const;
export type ListKind = (typeof LIST_KINDS)[number];

export interface ListDigester {
  /**
   * Digests one page. False, and nothing of the page is kept, when the list would exceed `LIMITS.items` (malformed ones included): the
   * prober reports the limit `items`.
   */
  add(page: readonly unknown[]): boolean;
  /** The list over all pages so far. */
  finish(): SnapshotList;
}

/** Characters of a name that are kept; the status holds as many. */
const MAX_NAME_CHARS = 512;
/** Feature names, and characters of each, that are kept; the status holds as many. */
const MAX_FEATURES = 64;
const MAX_FEATURE_CHARS = 128;

type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === 'string';
const isList: Check = (value) => Array.isArray(value);
const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The definition of each kind (page 3.9; MCP schema, `Tool`, `Resource`, `ResourceTemplate`, `Prompt`) and the form of its fields. Left out:
 * icons and `_meta`, which are decoration, and `size`, which describes the content of the moment. `required` fields are what a client can
 * not do without; an optional field may also be null, as servers with generated JSON send it.
 */
const DEFINITIONS: Readonly<Record<ListKind, { required: Record<string, Check>; optional: Record<string, Check> }>> = {
  tools: {
    required: { name: isText, inputSchema: isObject },
    optional: { title: isText, description: isText, outputSchema: isObject, annotations: isObject },
  },
  resources: {
    required: { name: isText, uri: isText },
    optional: { title: isText, description: isText, mimeType: isText, annotations: isObject },
  },
  resourceTemplates: {
    required: { name: isText, uriTemplate: isText },
    optional: { title: isText, description: isText, mimeType: isText, annotations: isObject },
  },
  prompts: {
    required: { name: isText },
    optional: { title: isText, description: isText, arguments: isList },
  },
};

/** Told of each well-formed item's name as the server wrote it. It may decide, and must not be kept or shown. */
export type OnName = (rawName: string) => void;

/** Digests one list as its pages arrive. It holds at most 10,000 × (512 characters + 64 hex digits), 11 MiB, whatever the pages hold. */
export function createListDigester(kind: ListKind, sanitize: Sanitize, onName?: OnName): ListDigester {
  const items: SnapshotItem[] = [];
  let invalid = 0;
  return {
    add(page) {
      if (items.length + invalid + page.length > LIMITS.items) return false;
      for (const raw of page) {
        const item = describeItem(kind, raw, sanitize, onName);
        if (item === undefined) invalid += 1;
        else items.push(item);
      }
      return true;
    },
    finish: () => ({ items: items.toSorted(byNameThenDigest), invalid, digest: digestOfList(items) }),
  };
}

/** What a probe collected: capability keys as advertised, and the finished lists. An absent list is not an empty one. */
export type SnapshotParts = Pick<Snapshot, 'features' | ListKind>;

/** Capability keys as a snapshot holds them: sanitized, sorted and cut to 64 of 128 characters. */
export function boundFeatures(names: readonly string[], sanitize: Sanitize): readonly string[] {
  return [...new Set(names.toSorted().slice(0, MAX_FEATURES))].map((name) => sanitize(name, MAX_FEATURE_CHARS));
}

/** Puts bounded features and finished lists together. The digest covers the lists alone: a feature that comes or goes changes no catalogue. */
export function assembleSnapshot(parts: SnapshotParts): Snapshot {
  const digests: Partial<Record<ListKind, string>> = {};
  for (const kind of LIST_KINDS) {
    const list = parts[kind];
    if (list !== undefined) digests[kind] = list.digest;
  }
  return { ...parts, digest: `sha256:${sha256(canonicalOf(digests) ?? '')}` };
}

/** Capability keys, and the raw items of each list that the server answered, in any order. */
export type RawSnapshot = { readonly features: readonly string[] } & Readonly<Partial<Record<ListKind, readonly unknown[]>>>;

/** The snapshot of lists that are in memory already. Undefined when one has more than `LIMITS.items` items. */
export function createSnapshot(raw: RawSnapshot, sanitize: Sanitize): Snapshot | undefined {
  const lists: Partial<Record<ListKind, SnapshotList>> = {};
  for (const kind of LIST_KINDS) {
    const items = raw[kind];
    if (items === undefined) continue;
    const digester = createListDigester(kind, sanitize);
    if (!digester.add(items)) return undefined;
    lists[kind] = digester.finish();
  }
  return assembleSnapshot({ features: boundFeatures(raw.features, sanitize), ...lists });
}

/** Undefined for a malformed item: no object, a field missing or of a wrong type, or a value that JSON can not canonically bear. */
function describeItem(kind: ListKind, raw: unknown, sanitize: Sanitize, onName?: OnName): SnapshotItem | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
  const definition = definitionOf(kind, raw);
  const text = definition === undefined ? undefined : canonicalOf(definition);
  if (definition === undefined || text === undefined) return undefined;
  const name = String(definition['name']);
  onName?.(name);
  return { name: sanitize(name, MAX_NAME_CHARS), digest: sha256(text) };
}

/** The fields that make the definition, or undefined when one does not fit. */
function definitionOf(kind: ListKind, raw: object): Record<string, unknown> | undefined {
  const { required, optional } = DEFINITIONS[kind];
  const definition: Record<string, unknown> = {};
  for (const field in required) {
    const value: unknown = Object.hasOwn(raw, field) ? Reflect.get(raw, field) : undefined;
    if (value === '' || required[field]?.(value) !== true) return undefined;
    definition[field] = value;
  }
  for (const field in optional) {
    const value: unknown = Object.hasOwn(raw, field) ? Reflect.get(raw, field) : undefined;
    if (value === undefined) continue;
    if (value !== null && optional[field]?.(value) !== true) return undefined;
    definition[field] = field === 'annotations' && kind !== 'tools' ? withoutTime(value) : value;
  }
  return definition;
}

/** `annotations.lastModified` of a resource is the time of its content: a file that is edited is no new definition. */
function withoutTime(annotations: unknown): unknown {
  if (typeof annotations !== 'object' || annotations === null) return annotations;
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => key !== 'lastModified'));
}

/** Canonical JSON, or undefined where RFC 8785 has none: a lone surrogate, or a number such as 1e999 that JSON.parse made infinite. */
function canonicalOf(value: object): string | undefined {
  try {
    return canonicalize(value);
  } catch {
    return undefined;
  }
}

/** An item's digest covers its name, so the sorted digests stand for the sorted pairs of name and digest. Duplicates count. */
function digestOfList(items: readonly SnapshotItem[]): string {
  const digests = items.map(({ digest }) => digest).sort();
  return `sha256:${sha256(digests.join('\n'))}`;
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

/** By UTF-16 units, as RFC 8785 sorts keys: the same everywhere, whatever the locale. */
function byNameThenDigest(a: SnapshotItem, b: SnapshotItem): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.digest === b.digest ? 0 : a.digest < b.digest ? -1 : 1;
}
