import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readServersOfCluster, readServersOfFiles } from '../../../src/cli/call/servers.ts';

let directory = '';
let file = '';
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'call-'));
  file = path.join(directory, 'a.yaml');
  const server = (name: string) =>
    `---\n{apiVersion: mcpserver-operator.dev/v1alpha1, kind: MCPServer, metadata: {name: ${name}}, spec: {url: "http://a"}}\n`;
  await writeFile(file, server('a') + server('b'));
});
afterAll(() => rm(directory, { recursive: true }));

test('names narrow down what a file holds', async () => {
  const namesOf = async (...names: string[]) => {
    const read = await readServersOfFiles([file], names);
    return read.kind === 'read' ? read.servers.found.map(({ name }) => name) : read.faults;
  };
  expect(await namesOf()).toEqual(['a', 'b']);
  expect(await namesOf('b', 'c')).toEqual(['b']);
});

test('a file that can not be read, and a kubeconfig that is not there, are faults', async () => {
  expect(await readServersOfFiles([path.join(directory, 'none')], [])).toMatchObject({
    kind: 'faulty',
    faults: [expect.stringContaining('ENOENT')],
  });
  const wanted = { names: [], labelSelector: undefined, namespace: undefined, kubeconfig: path.join(directory, 'none'), env: {} };
  expect(await readServersOfCluster(wanted, new AbortController().signal)).toMatchObject({
    kind: 'faulty',
    faults: [expect.stringContaining('can not be read (ENOENT)')],
  });
});
