import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { EXPECTATIONS } from '../../../hack/demo/expectations.ts';
import { SAMPLE_PORT, SAMPLE_SERVERS } from '../../../hack/demo/servers/catalogue.ts';
import { API_VERSION, KIND } from '../../../src/api/v1alpha1/group.ts';
import { MCPServerSpec } from '../../../src/api/v1alpha1/spec.ts';

const directory = path.resolve(import.meta.dirname, '../../../hack/samples');
const files = (await readdir(directory)).sort();

const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.strictObject({ name: z.string() }),
  spec: z.unknown().optional(),
  stringData: z.record(z.string(), z.string()).optional(),
  data: z.record(z.string(), z.string()).optional(),
});

const samples = await Promise.all(
  files.map(async (file) => {
    const text = await readFile(path.join(directory, file), 'utf8');
    const objects = parseAllDocuments(text).map((document) => Manifest.parse(document.toJS()));
    return { file, text, objects, servers: objects.filter(({ kind }) => kind === KIND) };
  }),
);

describe.each(samples)('$file', ({ file, text, objects, servers }) => {
  test('begins with the question that it answers, and says what to expect', () => {
    expect(text.split('\n')[0]).toMatch(/^# [A-Z].*\?$/);
    expect(text).toMatch(/^# Expect: (Available|Transient|Permanent|Denied)/m);
  });

  test('holds one MCPServer, named as the file, and the Secrets that it refers to', () => {
    expect(servers.map(({ apiVersion, metadata }) => [apiVersion, metadata.name])).toEqual([
      [API_VERSION, path.parse(file).name],
    ]);
    const spec = MCPServerSpec.parse(servers[0]?.spec);
    const { bearer, apiKey, oauth } = spec.auth;
    const certificate = spec.tls.clientCertificateRef;
    const reference =
      bearer?.secretKeyRef ??
      apiKey?.secretKeyRef ??
      oauth?.clientSecretRef ??
      (certificate === undefined ? undefined : { ...certificate, key: 'tls.crt' });
    const secrets = objects.filter(({ kind }) => kind === 'Secret');
    expect(secrets.map(({ metadata, stringData }) => ({ name: metadata.name, key: Object.keys(stringData ?? {})[0] }))).toEqual(
      reference === undefined ? [] : [reference],
    );
    const configMaps = objects.filter(({ kind }) => kind === 'ConfigMap');
    const bundle = spec.tls.caBundleRef?.configMapKeyRef;
    expect(configMaps.map(({ metadata, data }) => ({ name: metadata.name, key: Object.keys(data ?? {})[0] }))).toEqual(
      bundle === undefined ? [] : [bundle],
    );
    expect(objects).toHaveLength(1 + secrets.length + configMaps.length);
  });

  test('leads to one of the sample servers', () => {
    const { url } = MCPServerSpec.parse(servers[0]?.spec);
    expect(SAMPLE_SERVERS.map(({ host }) => `${host}:${SAMPLE_PORT}`)).toContain(new URL(url ?? '').host);
  });

  test('says the verdict that the demo expects', () => {
    const expected = EXPECTATIONS.find(({ name }) => name === servers[0]?.metadata.name);
    const promise = /^# Expect: (.*)$/m.exec(text)?.[1] ?? '';
    expect(promise).toContain(expected?.state);
    if (expected?.reason !== 'Available') expect(promise).toContain(expected?.reason);
  });
});

test('samples and expectations have the same names', () => {
  const names = samples.flatMap(({ servers }) => servers.map(({ metadata }) => metadata.name));
  expect(names.sort()).toEqual(EXPECTATIONS.map(({ name }) => name).sort());
});

test('every sample server is used by a sample', () => {
  const text = samples.map((sample) => sample.text).join('\n');
  expect(SAMPLE_SERVERS.filter(({ host }) => !text.includes(`://${host}:`))).toEqual([]);
});

test('the README lists every sample with its question', async () => {
  const readme = await readFile(path.resolve(directory, '../../README.md'), 'utf8');
  const lines = readme.split('\n').filter((line) => line.includes('](hack/samples/'));
  const expected = samples.map(
    ({ file, text }) => `| ${text.split('\n')[0]?.slice(2)} | [${path.parse(file).name}](hack/samples/${file}) |`,
  );
  expect(lines.sort()).toEqual(expected.sort());
});
