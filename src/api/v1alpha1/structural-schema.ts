/**
 * Turns a zod schema into a structural schema of Kubernetes (apiextensions.k8s.io/v1). It accepts only what such a schema can say and
 * what our own rules of style demand: every text has a longest length, every list a longest length and a list type. Whatever else zod
 * prints is a programmer error and throws with the field's path; nothing is passed through unread.
 */
import * as z from 'zod';
import { assert } from '../../platform/assert.ts';

/** One entry of `x-kubernetes-validations`. */
export interface Validation {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

/** A node of a structural schema, with its keys in the order in which they are printed. */
export interface StructuralSchema {
  description?: string;
  type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  format?: string;
  enum?: readonly unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  pattern?: string;
  'x-kubernetes-int-or-string'?: true;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-validations'?: Validation[];
  required?: readonly string[];
  properties?: Record<string, StructuralSchema>;
  items?: StructuralSchema;
}

/** What zod prints for the target `openapi-3.0`, as far as it is read here. */
type Printed = z.core.JSONSchema.BaseSchema & { readonly [keyword: string]: unknown };

const INT32 = { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
const COPIED = [
  'description',
  'enum',
  'default',
  'pattern',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
] as const;
const BOUNDS = ['minimum', 'maximum', 'minLength', 'maxLength', 'maxItems'] as const;
const READ = new Set<string>([...COPIED, ...BOUNDS, 'type', 'format', 'properties', 'required', 'items', 'anyOf']);

/** The structural schema of `schema` as input: fields with a default are not required. Throws at what it can not say. */
export function toStructuralSchema(schema: z.ZodType, path: string): StructuralSchema {
  const printed = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline', unrepresentable: 'throw' });
  return toNode(printed as Printed, path);
}

function toNode(printed: Printed, path: string): StructuralSchema {
  for (const keyword of Object.keys(printed)) {
    assert(READ.has(keyword) || keyword === '~standard', `${path}: a structural schema can not say ${keyword}`);
  }
  const node: StructuralSchema = {};
  for (const keyword of COPIED) if (printed[keyword] !== undefined) Object.assign(node, { [keyword]: printed[keyword] });
  if (printed.anyOf !== undefined) return toIntOrString(printed, node, path);
  if (printed.type === 'object') return toObject(printed, node, path);
  if (printed.type === 'array') return toList(printed, node, path);
  if (printed.type === 'string') return toText(printed, node, path);
  if (printed.type === 'integer') return toInteger(printed, node);
  assert(printed.type === 'boolean', `${path}: a structural schema can not hold the type ${String(printed.type)}`);
  return inOrder({ ...node, type: 'boolean' });
}

function toObject(printed: Printed, node: StructuralSchema, path: string): StructuralSchema {
  const properties: Record<string, StructuralSchema> = {};
  for (const [name, child] of Object.entries(printed.properties ?? {})) {
    assert(/^[a-z][A-Za-z0-9]*$/.test(name), `${path}.${name}: names of fields are camelCase`);
    properties[name] = toNode(child as Printed, `${path}.${name}`);
    assert(properties[name].description !== undefined, `${path}.${name}: a field needs a description`);
  }
  assert(Object.keys(properties).length > 0, `${path}: an object without fields`);
  // The API server checks a default against the rules before it fills in the defaults inside: it must be whole.
  const inner = Object.entries(properties).filter(([, child]) => child.default !== undefined);
  const filled = Object.fromEntries(inner.map(([name, child]) => [name, child.default]));
  return inOrder({
    ...node,
    type: 'object',
    ...(node.default === undefined ? {} : { default: { ...filled, ...Object(node.default) } }),
    ...(printed.required?.length ? { required: printed.required } : {}),
    properties,
  });
}

function toList(printed: Printed, node: StructuralSchema, path: string): StructuralSchema {
  assert(printed.maxItems !== undefined, `${path}: a list needs maxItems`);
  assert(node['x-kubernetes-list-type'] !== undefined, `${path}: a list needs a list type`);
  const items = toNode(printed.items as Printed, `${path}[]`);
  return inOrder({ ...node, type: 'array', maxItems: printed.maxItems, items });
}

function toText(printed: Printed, node: StructuralSchema, path: string): StructuralSchema {
  if (printed.format === 'date-time') {
    // The API server parses the format itself; zod's pattern for it is 300 characters long.
    const { pattern: _, ...rest } = node;
    return inOrder({ ...rest, type: 'string', format: 'date-time' });
  }
  assert(printed.format === undefined, `${path}: the format ${printed.format} is not checked alike by both readers`);
  assert(printed.maxLength !== undefined || node.enum !== undefined, `${path}: a text needs maxLength`);
  return inOrder({ ...node, ...boundsOf(printed), type: 'string' });
}

/** zod prints the range of safe integers (or of int32) for a missing bound: only narrower ones are real. */
function toInteger(printed: Printed, node: StructuralSchema): StructuralSchema {
  const { minimum = -Infinity, maximum = Infinity } = printed as { minimum?: number; maximum?: number };
  return inOrder({
    ...node,
    type: 'integer',
    format: maximum <= INT32.maximum ? 'int32' : 'int64',
    ...(minimum > INT32.minimum ? { minimum } : {}),
    ...(maximum < INT32.maximum ? { maximum } : {}),
  });
}

/** `anyOf` of an integer and a string. Bounds of the integer can not be said here and must be a rule. */
function toIntOrString(printed: Printed, node: StructuralSchema, path: string): StructuralSchema {
  const branches = (printed.anyOf ?? []) as readonly Printed[];
  const text = branches.find(({ type }) => type === 'string');
  assert(
    branches.length === 2 && branches.some(({ type }) => type === 'integer'),
    `${path}: only a union of integer and string can be said`,
  );
  assert(text?.maxLength !== undefined, `${path}: a text needs maxLength`);
  return inOrder({ ...node, maxLength: text.maxLength, 'x-kubernetes-int-or-string': true });
}

function boundsOf(printed: Printed): Partial<StructuralSchema> {
  return Object.fromEntries(BOUNDS.filter((bound) => printed[bound] !== undefined).map((bound) => [bound, printed[bound]]));
}

const ORDER: Readonly<Record<keyof StructuralSchema, true>> = {
  description: true,
  type: true,
  format: true,
  enum: true,
  default: true,
  minimum: true,
  maximum: true,
  minLength: true,
  maxLength: true,
  pattern: true,
  maxItems: true,
  'x-kubernetes-int-or-string': true,
  'x-kubernetes-list-type': true,
  'x-kubernetes-list-map-keys': true,
  'x-kubernetes-map-type': true,
  'x-kubernetes-validations': true,
  required: true,
  properties: true,
  items: true,
};

/** The same node with its keys in one order, so that the generated file reads well and differs only where the meaning does. */
export function inOrder(node: StructuralSchema): StructuralSchema {
  const keys = Object.keys(ORDER) as (keyof StructuralSchema)[];
  return Object.fromEntries(keys.filter((key) => node[key] !== undefined).map((key) => [key, node[key]]));
}
