import { expect, it } from 'vitest';
import { renderFieldPath } from '../../../src/api/v1alpha1/field-faults.ts';
import { findMetadataFaults } from '../../../src/api/v1alpha1/metadata-faults.ts';

const faults = (metadata: unknown) =>
  findMetadataFaults(metadata).map(({ path, message }) => `${renderFieldPath(path)}: ${message}`);

it.each([
  { name: 'a' },
  { name: '1.a-b' },
  { generateName: 'a-' },
  {
    name: 'a',
    namespace: 'team-a',
    labels: { 'app.kubernetes.io/name': 'x', empty: '' },
    annotations: { 'a.b/c': '{"any": "text"}' },
  },
  { name: 'a', labels: null, annotations: null, namespace: null, creationTimestamp: null },
])('%j is right', (metadata) => {
  expect(faults(metadata)).toEqual([]);
});

it.each([
  [undefined, 'metadata: must be a mapping with a name'],
  [{}, 'metadata.name: must be set'],
  [{ name: 'A' }, /^metadata\.name: must be lower-case/],
  [{ name: 'a'.repeat(254) }, /^metadata\.name: must be lower-case/],
  [{ name: 'a', namespace: 'a.b' }, /^metadata\.namespace: must be lower-case/],
  [{ name: 'a', name2: 'b' }, 'metadata.name2: unknown field; did you mean name?'],
  [{ name: 'a', labels: { a: true } }, 'metadata.labels.a: must be text: put it into quotes'],
  [{ name: 'a', labels: { a: 'b c' } }, /^metadata\.labels\.a: must be at most 63/],
  [{ name: 'a', labels: [] }, 'metadata.labels: must be a mapping of texts'],
  [{ name: 'a', annotations: { 'a/b/c': 'x' } }, /^metadata\.annotations\["a\/b\/c"\]: must be a name/],
  [{ name: 'a', annotations: { 'mcpserver-operator.dev/probe-requested-at': 5 } }, /must be text: put it into quotes$/],
])('%j is told', (metadata, fault) => {
  expect(faults(metadata)).toEqual([typeof fault === 'string' ? fault : expect.stringMatching(fault)]);
});
