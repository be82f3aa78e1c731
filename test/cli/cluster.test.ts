import { expect, test } from 'vitest';
import { completeReferences, openCluster } from '../../src/cli/cluster.ts';
import { readManifests } from '../../src/cli/manifest.ts';
import type { References } from '../../src/probe/ports.ts';

const signal = new AbortController().signal;

test('what the manifests hold is not asked of the cluster, and everything else is, by kind, namespace and name', async () => {
  const asked: string[] = [];
  const ask = (kind: string) => async (namespace: string, name: string) => {
    asked.push(`${kind} ${namespace}/${name}`);
    return { kind: 'unavailable' } as const;
  };
  const cluster: References = { readSecret: ask('Secret'), readConfigMap: ask('ConfigMap'), readService: ask('Service') };
  const { references } = readManifests([
    {
      file: 'own.yaml',
      contents: ['Secret', 'ConfigMap', 'Service']
        .map((kind) => `{apiVersion: v1, kind: ${kind}, metadata: {name: own}}\n`)
        .join('---\n'),
    },
  ]);
  const both = completeReferences(references, cluster);
  for (const name of ['own', 'other']) {
    for (const read of [both.readSecret, both.readConfigMap, both.readService]) {
      expect((await read('default', name, signal)).kind).toBe(name === 'own' ? 'found' : 'unavailable');
    }
  }
  expect(asked).toEqual(['Secret default/other', 'ConfigMap default/other', 'Service default/other']);
});

test('a kubeconfig that can not be read is a fault that names the file', async () => {
  expect(await openCluster({ kubeconfig: '/nowhere/kubeconfig', env: {} })).toMatchObject({
    kind: 'faulty',
    fault: expect.stringContaining('/nowhere/kubeconfig'),
  });
});
