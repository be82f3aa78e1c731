import { expect, it } from 'vitest';
import { findFieldFaults, renderFieldPath, unknownField, withoutNulls } from '../../../src/api/v1alpha1/field-faults.ts';
import type { StructuralSchema } from '../../../src/api/v1alpha1/structural-schema.ts';

const TEXT: StructuralSchema = { type: 'string', minLength: 1, maxLength: 3, pattern: '^[a-z]+$' };
const SCHEMA: StructuralSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: TEXT,
    mode: { type: 'string', enum: ['Auto', 'SSE'] },
    size: { type: 'integer', minimum: 1, maximum: 5 },
    port: { 'x-kubernetes-int-or-string': true },
    on: { type: 'boolean' },
    set: { type: 'array', maxItems: 2, 'x-kubernetes-list-type': 'set', items: TEXT },
  },
};
const faults = (value: unknown) =>
  findFieldFaults(value, SCHEMA, []).map(({ path, message }) => [renderFieldPath(path), message]);

it.each<[string, Record<string, unknown>, string, string]>([
  ['a number for a text', { name: 1 }, 'name', 'must be text: put it into quotes'],
  ['a list for a text', { name: [] }, 'name', 'must be text'],
  ['an empty text', { name: '' }, 'name', 'must not be empty'],
  ['a long text', { name: 'abcd' }, 'name', 'must have at most 3 characters'],
  ['another form', { name: 'A' }, 'name', 'must match ^[a-z]+$'],
  ['another word', { mode: 'Aut' }, 'mode', 'must be one of Auto, SSE; did you mean Auto?'],
  ['a word in other letters', { mode: 'sse' }, 'mode', 'must be one of Auto, SSE; did you mean SSE?'],
  ['a word that is near none', { mode: 'CANARY' }, 'mode', 'must be one of Auto, SSE'],
  ['a number in quotes', { size: '5' }, 'size', 'must be a whole number: leave the quotes away'],
  ['a broken number', { size: 1.5 }, 'size', 'must be a whole number'],
  ['too little', { size: 0 }, 'size', 'must be at least 1'],
  ['too much', { size: 6 }, 'size', 'must be at most 5'],
  ['neither number nor text', { port: true }, 'port', 'must be a whole number or text'],
  ['a text for a switch', { on: 'yes' }, 'on', 'must be true or false'],
  ['a mapping for a list', { set: {} }, 'set', 'must be a list'],
  ['too many items', { set: ['a', 'b', 'c'] }, 'set', 'must hold at most 2 items'],
  ['an item twice', { set: ['a', 'a'] }, 'set[1]', 'stands in this list already'],
  ['null as an item', { set: [null] }, 'set[0]', 'must be text'],
])('%s is told by what is allowed', (_title, value, path, message) => {
  expect(faults({ name: 'a', ...value })).toEqual([[path, message]]);
});

it('what is missing is told after what is wrong, and null is missing', () => {
  expect(faults({ name: null, size: 0 })).toEqual([
    ['size', 'must be at least 1'],
    ['name', 'must be set'],
  ]);
  expect(faults([])).toEqual([['', 'must be a mapping of fields']]);
});

it('a length is counted in characters, as the API server counts', () => {
  const schema: StructuralSchema = { type: 'string', maxLength: 2 };
  expect(findFieldFaults('😀😀', schema, [])).toEqual([]);
  expect(findFieldFaults('😀😀😀', schema, [])).toHaveLength(1);
});

it('names that every object has are unknown fields like others', () => {
  expect(faults(JSON.parse('{"name": "a", "constructor": 1, "__proto__": 2}'))).toEqual([
    ['constructor', 'unknown field'],
    ['__proto__', 'unknown field'],
  ]);
  expect(unknownField(['a', 'nme'], ['name']).message).toBe('unknown field; did you mean name?');
});

it('a path is written as in kubectl, odd names in quotes and cut', () => {
  expect(renderFieldPath(['spec', 'headers', 1, 'value'])).toBe('spec.headers[1].value');
  expect(renderFieldPath(['metadata', 'labels', 'a.b/c'])).toBe('metadata.labels["a.b/c"]');
  expect(renderFieldPath(['a\nb'.repeat(100)])).toMatch(/^\[".{1,90}"\]$/);
});

it('nulls are dropped from mappings and kept in lists', () => {
  expect(withoutNulls({ a: null, b: { c: null, d: [null, { e: null }] } })).toEqual({ b: { d: [null, {}] } });
});
