import { describe, expect, it } from 'vitest';
import type { DataObject, Lookup } from '../../src/probe/ports.ts';
import { recordReads } from '../../src/probe/reads.ts';
import { respond } from './behaviours.ts';
import { createTestbed, dataObject } from './testbed.ts';

const { signal } = new AbortController();

function setUp() {
  const answers = new Map<string, Lookup<DataObject>>();
  const read = async (_namespace: string, name: string): Promise<Lookup<DataObject>> => answers.get(name) ?? { kind: 'notFound' };
  const recorder = recordReads({ readSecret: read, readConfigMap: read, readService: async () => ({ kind: 'notFound' }) });
  const become = (name: string, resourceVersion: string) =>
    answers.set(name, { kind: 'found', value: { ...dataObject({ k: 'v' }), resourceVersion } });
  return { ...recorder, answers, become };
}

describe('recordReads', () => {
  it('notes the version of what was found, and that something was not', async () => {
    const { references, reads, become } = setUp();
    become('a', '7');
    expect(await references.readSecret('ns', 'a', signal)).toMatchObject({ kind: 'found', value: { resourceVersion: '7' } });
    await references.readConfigMap('ns', 'b', signal);
    await references.readService('ns', 'c', signal);
    expect(reads()).toEqual([
      { kind: 'Secret', name: 'a', version: '7' },
      { kind: 'ConfigMap', name: 'b', version: undefined },
    ]);
  });

  it('names what the API server does not let us read, until it does', async () => {
    const { references, reads, forbidden, answers, become } = setUp();
    expect(forbidden()).toBeUndefined();
    answers.set('a', { kind: 'unavailable', forbidden: true });
    await references.readConfigMap('ns', 'a', signal);
    expect([forbidden(), reads()]).toEqual([{ kind: 'ConfigMap', name: 'a' }, []]);
    await references.readSecret('ns', 'b', signal);
    expect(forbidden()).toEqual({ kind: 'ConfigMap', name: 'a' });
    become('a', '7');
    await references.readConfigMap('ns', 'a', signal);
    expect(forbidden()).toBeUndefined();
  });

  it('the last version counts, and absence never hides a version that was used', async () => {
    const { references, reads, answers, become } = setUp();
    await references.readSecret('ns', 'a', signal);
    become('a', '7');
    await references.readSecret('ns', 'a', signal);
    become('a', '8');
    await references.readSecret('ns', 'a', signal);
    answers.delete('a');
    await references.readSecret('ns', 'a', signal);
    expect(reads()).toEqual([{ kind: 'Secret', name: 'a', version: '8' }]);
  });

  it('notes nothing about what could not be asked', async () => {
    const { references, reads, answers } = setUp();
    answers.set('a', { kind: 'unavailable' });
    await references.readSecret('ns', 'a', signal);
    expect(reads()).toEqual([]);
  });
});

describe('the report of a probe', () => {
  const spec = (url: string) => ({
    url,
    auth: { type: 'Bearer' as const, bearer: { secretKeyRef: { name: 'token', key: 'k' } } },
  });

  it('names the versions that its verdict rests on', async () => {
    const bed = createTestbed();
    try {
      const server = await bed.serve(respond(401));
      bed.secrets.set('token', { ...dataObject({ k: 'wrong' }), resourceVersion: '41' });
      expect((await bed.probe(spec(server.url()))).reads).toEqual([{ kind: 'Secret', name: 'token', version: '41' }]);
      bed.secrets.delete('token');
      expect((await bed.probe(spec(server.url()))).reads).toEqual([{ kind: 'Secret', name: 'token', version: undefined }]);
    } finally {
      await bed.close();
    }
  });
});
