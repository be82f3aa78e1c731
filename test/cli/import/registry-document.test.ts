import { expect, test } from 'vitest';
import { readRegistryDocument } from '../../../src/cli/import/registry-document.ts';
import { GUARDED, OLDEST, PLAIN, SNAKE_CASE } from './documents.ts';

function serverOf(document: unknown) {
  const read = readRegistryDocument(document);
  if (read.kind !== 'server') throw new Error(JSON.stringify(read.faults));
  return read.server;
}
const faultsOf = (document: unknown) => {
  const read = readRegistryDocument(document);
  return read.kind === 'faulty' ? read.faults.map(({ path, message }) => `${path.join('.')} ${message}`) : [];
};

test('both styles of names mean the same', () => {
  expect(serverOf(SNAKE_CASE).remotes[0]).toMatchObject({
    transport: 'SSE',
    headers: [{ name: 'X-API-Key', isSecret: true, isRequired: true }, { fallback: 'us-east-1' }],
  });
  expect(serverOf(OLDEST).remotes[0]?.transport).toBe('StreamableHTTP');
  expect(serverOf(GUARDED).remotes[0]?.headers[0]?.variables.get('api_key')?.isSecret).toBe(true);
});

test('fields of a schema that is not known yet are passed over, and so is what generators write for nothing', () => {
  const later = {
    ...PLAIN,
    $schema: 'https://example.com/schemas/2031-01-01/server.schema.json',
    packages: null,
    shiny: { a: 1 },
  };
  expect(serverOf(later).remotes).toHaveLength(2);
  expect(serverOf({ name: 'x', remotes: null, packages: [{ registry_name: '' }] }).packages.count).toBe(1);
});

test('numbers and booleans of a default are text, and an empty one is none', () => {
  const headers = [
    { name: 'a', default: 7 },
    { name: 'b', value: false },
    { name: 'c', default: '' },
  ];
  const { headers: read } = serverOf({ name: 'x', remotes: [{ type: 'sse', url: 'http://a', headers }] }).remotes[0] ?? {};
  expect(read?.map(({ value, fallback }) => value ?? fallback)).toEqual(['7', 'false', undefined]);
});

test('a fault of a wrapped document has its place in the whole', () => {
  expect(faultsOf({ server: { name: 'x', remotes: [{ type: 'sse' }] } })).toEqual([
    'server.remotes.0.url must be set: a URL of at most 2048 characters',
  ]);
});

test('lists and texts are bounded', () => {
  const remote = { type: 'sse', url: 'http://a' };
  expect(faultsOf({ name: 'x', remotes: Array(257).fill(remote) })).toEqual([
    'remotes must be a list of at most 256 entries, each of its own kind',
  ]);
  expect(faultsOf({ name: 'x'.repeat(257), remotes: [remote] })).toHaveLength(1);
  expect(faultsOf({ name: 'x', remotes: [{ ...remote, headers: [{ name: 'a', isSecret: 'yes' }] }] })).toEqual([
    'remotes.0.headers.0.isSecret must be true or false',
  ]);
});
