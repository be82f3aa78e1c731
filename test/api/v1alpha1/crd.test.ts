import { describe, expect, it } from 'vitest';
import { makeCRD, makeSchema } from '../../../src/api/v1alpha1/crd.ts';
import { RULES } from '../../../src/api/v1alpha1/rules.ts';
import type { StructuralSchema } from '../../../src/api/v1alpha1/structural-schema.ts';
import { REFUSED } from './spec-vectors.ts';

function nodesOf(schema: StructuralSchema): StructuralSchema[] {
  const children = [...Object.values(schema.properties ?? {}), ...(schema.items ? [schema.items] : [])];
  return [schema, ...children.flatMap(nodesOf)];
}

const [version] = makeCRD().spec.versions;
const schema = makeSchema();

describe('the CRD', () => {
  it('holds every rule once', () => {
    const rules = nodesOf(schema).flatMap((node) => node['x-kubernetes-validations'] ?? []);
    expect(rules.map(({ rule }) => rule).sort()).toEqual(
      Object.values(RULES)
        .flat()
        .map(({ cel }) => cel)
        .sort(),
    );
  });

  it('has the columns of the design, the wide ones with priority 1', () => {
    const names = (priority: number) =>
      version?.additionalPrinterColumns
        .filter((column) => (column.priority ?? 0) === priority)
        .map(({ name }) => name.toUpperCase());
    expect(names(0)).toEqual(['READY', 'STATE', 'REASON', 'TOOLS', 'AGE']);
    expect(names(1)).toEqual(['URL', 'PROTOCOL', 'SERVER', 'LAST-SUCCESS', 'MESSAGE']);
  });

  it('lets state, transport and suspend be selected', () => {
    expect(version?.selectableFields.map(({ jsonPath }) => jsonPath)).toEqual([
      '.status.state',
      '.spec.transport',
      '.spec.suspend',
    ]);
  });

  it('serves a status at once that is not done for kstatus', () => {
    expect(schema.properties?.['status']?.default).toEqual({ observedGeneration: -1, state: 'Pending' });
  });

  it('merges conditions by type and headers by name, and replaces lists of items whole', () => {
    const status = schema.properties?.['status']?.properties;
    expect(status?.['conditions']).toMatchObject({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] });
    expect(schema.properties?.['spec']?.properties?.['headers']).toMatchObject({ 'x-kubernetes-list-map-keys': ['name'] });
    expect(status?.['capabilities']?.properties?.['tools']?.properties?.['items']).toMatchObject({
      'x-kubernetes-list-type': 'atomic',
    });
  });

  it('lets managed fields name an object of the status and not each of its fields', () => {
    const status = schema.properties?.['status']?.properties ?? {};
    const objects = Object.entries(status).filter(([, field]) => field.type === 'object');
    expect(objects.map(([name, field]) => [name, field['x-kubernetes-map-type']])).toEqual(
      ['endpoint', 'server', 'capabilities', 'failure', 'lastFailure'].map((name) => [name, 'atomic']),
    );
  });

  it('has no rule on the status, because rules run on each write', () => {
    const status = schema.properties?.['status'];
    expect(
      status === undefined ? [] : nodesOf(status).filter((node) => node['x-kubernetes-validations'] ?? node.pattern),
    ).toEqual([]);
  });

  it('has a vector for each bound of a number in the spec', () => {
    const fields = Object.entries(schema.properties?.['spec']?.properties ?? {}).flatMap(([group, node]) =>
      Object.entries(node.properties ?? {})
        .filter(([, child]) => child.type === 'integer')
        .map(([field]) => `spec.${group}.${field}`),
    );
    expect(fields.length).toBe(9);
    for (const field of fields) expect(REFUSED.filter((refused) => refused.field === field).length).toBeGreaterThanOrEqual(3);
  });
});
