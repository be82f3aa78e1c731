/**
 * A whole MCPServer object as the operator keeps it: trimmed metadata, spec as it came, status as it came. Parsing is tolerant where a
 * status written by someone else or an older CRD is concerned: what can not be read is an `invalid` value, never an exception.
 */
import { MCPServerSpec } from './spec.ts';
import { MCPServerStatus } from './status.ts';

/** The metadata that the operator needs; everything else is dropped while reading. */
export interface ObjectMeta {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

/** What the reflector stores: the spec and status are still unparsed JSON. */
export interface RawMCPServer {
  readonly metadata: ObjectMeta;
  readonly spec: unknown;
  readonly status: unknown;
}

export interface MCPServer {
  readonly metadata: ObjectMeta;
  readonly spec: ParsedSpec;
  readonly status: MCPServerStatus;
}

export type ParsedSpec =
  | { readonly kind: 'valid'; readonly value: MCPServerSpec }
  /** `path` names the first field that does not fit, in our own schema's words: no user text. */
  | { readonly kind: 'invalid'; readonly path: string };

/** `namespace/name`, the key of the queue and the caches. */
export function keyOf(metadata: { readonly namespace: string; readonly name: string }): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Parses spec and status. A status that does not fit is treated as none at all: the next verdict replaces it whole. */
export function parseMCPServer(raw: RawMCPServer): MCPServer {
  return { metadata: raw.metadata, spec: parseSpec(raw.spec), status: parseStatus(raw.status) };
}

export function parseSpec(spec: unknown): ParsedSpec {
  const parsed = MCPServerSpec.safeParse(spec);
  if (parsed.success) return { kind: 'valid', value: parsed.data };
  return { kind: 'invalid', path: ['spec', ...(parsed.error.issues[0]?.path ?? [])].join('.') };
}

export function parseStatus(status: unknown): MCPServerStatus {
  const parsed = MCPServerStatus.safeParse(status ?? {});
  return parsed.success ? parsed.data : MCPServerStatus.parse({});
}
