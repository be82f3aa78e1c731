/**
 * A whole MCPServer object as the operator keeps it: trimmed metadata, spec as it came, status as it came. Parsing is tolerant where a
 * status written by someone else or an older or newer CRD is concerned: what can not be read is an `invalid` value or left out, never an
 * exception.
 */
import { findBrokenRule } from './broken-rule.ts';
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
  /**
   * `path` names the first field that does not fit, in our own schema's words: no user text (`spec.headers[1].value`). `message` says
   * what is allowed there, where a rule was broken; a bound or a type says it in `kubectl explain`.
   */
  | { readonly kind: 'invalid'; readonly path: string; readonly message?: string };

/** `namespace/name`, the key of the queue and the caches. */
export function keyOf(metadata: { readonly namespace: string; readonly name: string }): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Parses spec and status. Never throws. */
export function parseMCPServer(raw: RawMCPServer): MCPServer {
  return { metadata: raw.metadata, spec: parseSpec(raw.spec), status: parseStatus(raw.status) };
}

/** Fills in defaults, drops unknown fields, and checks what the CRD checks: types and bounds first, then the rules. */
export function parseSpec(spec: unknown): ParsedSpec {
  const parsed = MCPServerSpec.safeParse(spec);
  if (!parsed.success) return { kind: 'invalid', path: renderPath(parsed.error.issues[0]?.path ?? []) };
  const broken = findBrokenRule(parsed.data);
  if (broken !== undefined) return { kind: 'invalid', path: broken.path, message: broken.message };
  return { kind: 'valid', value: parsed.data };
}

/**
 * Reads what can be read: unknown fields are dropped at any depth; a top-level field that does not fit is left out as if it had never
 * been written, and the others stay, so that one odd entry of `history` does not cost the retry schedule in `failure`.
 */
export function parseStatus(status: unknown): MCPServerStatus {
  const parsed = MCPServerStatus.safeParse(status ?? {});
  if (parsed.success) return parsed.data;
  const misfits = new Set(parsed.error.issues.map((issue) => String(issue.path[0] ?? '')));
  // No path at all means that the status is no object.
  const rest = misfits.has('') ? {} : Object.fromEntries(Object.entries(Object(status)).filter(([field]) => !misfits.has(field)));
  const again = MCPServerStatus.safeParse(rest);
  return again.success ? again.data : MCPServerStatus.parse({});
}

/** `['headers', 1, 'value']` becomes `spec.headers[1].value`. Every name is one of our schema: no user text has a path of its own. */
function renderPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => text + (typeof part === 'number' ? `[${part}]` : `.${String(part)}`), 'spec');
}
