/**
 * Checks a value against a structural schema as the API server does, and as `kubectl --validate=strict` does for unknown fields: every
 * fault with its path, in words that say what is allowed. Pure, for tools that judge a manifest before it meets an API server.
 *
 * No message holds a value of the user; the names of fields that nobody knows are the only text of theirs. `null` counts as absent, as in
 * the API server, which drops it from fields that are not nullable.
 */
import { suggestion } from '../../platform/suggest.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** Names of fields and indexes of lists, from the root of the object. */
export type FieldPath = readonly (string | number)[];

export interface FieldFault {
  readonly path: FieldPath;
  /** What is wrong there: the field itself (unknown, missing), or what stands in it. */
  readonly at: 'key' | 'value';
  /** Says what is allowed, without the path. */
  readonly message: string;
}

/** Nobody reads more; a schema of 60 fields and lists of 256 items would allow thousands. */
export const MAX_FAULTS = 100;

/** `spec.headers[1].value`. Names that hold more than letters and digits are quoted: `metadata.labels["a.b/c"]`. */
export function renderFieldPath(path: FieldPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(step)) return `${text}[${JSON.stringify(step.slice(0, 64))}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** Every fault of `value`, at most {@link MAX_FAULTS}, in the order of the fields in `value`; what is missing comes last. */
export function findFieldFaults(value: unknown, schema: StructuralSchema, path: FieldPath): FieldFault[] {
  return check(value, schema, path).slice(0, MAX_FAULTS);
}

function check(value: unknown, schema: StructuralSchema, path: FieldPath): FieldFault[] {
  const mismatch = typeFault(value, schema);
  if (mismatch !== undefined) return [{ path, at: 'value', message: mismatch }];
  if (isMapping(value)) return checkFields(value, schema, path);
  if (Array.isArray(value)) return checkItems(value, schema, path);
  const message = typeof value === 'string' ? textFault(value, schema) : numberFault(value, schema);
  return message === undefined ? [] : [{ path, at: 'value', message }];
}

function checkFields(value: Record<string, unknown>, schema: StructuralSchema, path: FieldPath): FieldFault[] {
  const known = schema.properties ?? {};
  const faults: FieldFault[] = [];
  for (const [name, child] of Object.entries(value)) {
    if (faults.length >= MAX_FAULTS) return faults;
    const childSchema = Object.hasOwn(known, name) ? known[name] : undefined;
    if (childSchema === undefined) faults.push(unknownField([...path, name], Object.keys(known)));
    else if (child !== null) faults.push(...check(child, childSchema, [...path, name]));
  }
  for (const name of schema.required ?? []) {
    if (value[name] === undefined || value[name] === null)
      faults.push({ path: [...path, name], at: 'key', message: 'must be set' });
  }
  return faults;
}

function checkItems(value: readonly unknown[], schema: StructuralSchema, path: FieldPath): FieldFault[] {
  const { items, maxItems = Infinity } = schema;
  if (value.length > maxItems) return [{ path, at: 'value', message: `must hold at most ${maxItems} items` }];
  const isSet = schema['x-kubernetes-list-type'] === 'set';
  return value.flatMap((item, index): FieldFault[] => {
    const at = [...path, index];
    if (isSet && value.indexOf(item) < index) return [{ path: at, at: 'value', message: 'stands in this list already' }];
    return items === undefined ? [] : check(item, items, at);
  });
}

/** The fault of a field that `known` does not hold, in the words of kubectl. */
export function unknownField(path: FieldPath, known: readonly string[]): FieldFault {
  return { path, at: 'key', message: `unknown field${suggestion(String(path.at(-1)), known)}` };
}

function typeFault(value: unknown, schema: StructuralSchema): string | undefined {
  const isText = typeof value === 'string';
  if (schema['x-kubernetes-int-or-string'] === true) {
    return isText || Number.isInteger(value) ? undefined : 'must be a whole number or text';
  }
  switch (schema.type) {
    case 'object':
      return isMapping(value) ? undefined : 'must be a mapping of fields';
    case 'array':
      return Array.isArray(value) ? undefined : 'must be a list';
    case 'string':
      if (isText) return undefined;
      return typeof value === 'number' || typeof value === 'boolean' ? 'must be text: put it into quotes' : 'must be text';
    case 'integer':
      if (Number.isInteger(value)) return undefined;
      return isText && /^[0-9]+$/.test(value) ? 'must be a whole number: leave the quotes away' : 'must be a whole number';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
  }
  return undefined;
}

function textFault(value: string, schema: StructuralSchema): string | undefined {
  const { minLength = 0, maxLength = Infinity, pattern } = schema;
  const choices = schema.enum?.map(String);
  if (choices !== undefined && !choices.includes(value)) {
    const sameLetters = choices.find((choice) => choice.toLowerCase() === value.toLowerCase());
    const meant = sameLetters === undefined ? suggestion(value, choices) : `; did you mean ${sameLetters}?`;
    return `must be one of ${choices.join(', ')}${meant}`;
  }
  if (value.length < minLength) return 'must not be empty';
  // The API server counts code points; a text that is short enough in UTF-16 units is so in code points.
  if (value.length > maxLength && [...value].length > maxLength) return `must have at most ${maxLength} characters`;
  return pattern === undefined || new RegExp(pattern).test(value) ? undefined : `must match ${pattern}`;
}

function numberFault(value: unknown, { minimum = -Infinity, maximum = Infinity }: StructuralSchema): string | undefined {
  if (typeof value !== 'number') return undefined;
  if (value < minimum) return `must be at least ${minimum}`;
  return value > maximum ? `must be at most ${maximum}` : undefined;
}

/** An object of JSON: no list, no null. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same value without fields that are null, at any depth; the depth is that of a parsed document. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isMapping(value)) return value;
  const kept = Object.entries(value).filter(([, child]) => child !== null);
  return Object.fromEntries(kept.map(([name, child]) => [name, withoutNulls(child)]));
}
