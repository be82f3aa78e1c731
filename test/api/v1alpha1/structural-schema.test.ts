import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { toStructuralSchema } from '../../../src/api/v1alpha1/structural-schema.ts';

const fieldOf = (schema: z.ZodType) =>
  toStructuralSchema(z.object({ field: schema.describe('A field.') }), 'spec').properties?.['field'];

describe('toStructuralSchema', () => {
  it('says the format of integers and only the bounds that were declared', () => {
    expect(fieldOf(z.int().min(1).max(9))).toEqual({
      description: 'A field.',
      type: 'integer',
      format: 'int32',
      minimum: 1,
      maximum: 9,
    });
    expect(fieldOf(z.int().min(-1))).toEqual({ description: 'A field.', type: 'integer', format: 'int64', minimum: -1 });
    expect(fieldOf(z.int32())).toEqual({ description: 'A field.', type: 'integer', format: 'int32' });
  });

  it('leaves the reading of times to the API server', () => {
    expect(fieldOf(z.iso.datetime())).toEqual({ description: 'A field.', type: 'string', format: 'date-time' });
  });

  it('says a union of integer and string as int-or-string', () => {
    expect(fieldOf(z.union([z.int(), z.string().max(9)]))).toEqual({
      description: 'A field.',
      maxLength: 9,
      'x-kubernetes-int-or-string': true,
    });
  });

  it('makes defaults of objects whole, because the API server checks them against the rules as they are', () => {
    const described = z.object({
      a: z.int().default(1).describe('A.'),
      b: z.boolean().default(false).describe('B.'),
      c: z.int().optional().describe('C.'),
    });
    expect(fieldOf(described.prefault({ b: true }))?.default).toEqual({ a: 1, b: true });
  });

  it('requires fields that have no default', () => {
    const schema = z.object({ a: z.boolean().describe('A.'), b: z.boolean().default(true).describe('B.') });
    expect(toStructuralSchema(schema, 'spec').required).toEqual(['a']);
  });

  it.each([
    ['a text without maxLength', z.string(), /spec.field: a text needs maxLength/],
    ['a list without maxItems', z.array(z.boolean()).meta({ 'x-kubernetes-list-type': 'atomic' }), /a list needs maxItems/],
    ['a list without a list type', z.array(z.boolean()).max(1), /a list needs a list type/],
    ['a field without a description', z.object({ a: z.boolean() }), /spec.field.a: a field needs a description/],
    ['a name that is not camelCase', z.object({ 'a-b': z.boolean().describe('A.') }), /camelCase/],
    ['unknown content', z.unknown(), /can not hold the type/],
    ['a strict object', z.strictObject({ a: z.boolean().describe('A.') }), /can not say additionalProperties/],
    ['a record', z.record(z.string(), z.boolean()), /can not say additionalProperties/],
    ['a union of objects', z.union([z.object({}), z.object({})]), /only a union of integer and string/],
    ['null', z.boolean().nullable(), /can not say nullable/],
    ['a number with a fraction', z.number(), /can not hold the type number/],
    ['a format that both read differently', z.url().max(9), /the format uri/],
  ])('refuses %s', (_, schema, message) => {
    expect(() => fieldOf(schema)).toThrow(message);
  });
});
