import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { writeKubeconfig } from '../../../hack/controlplane/kubeconfig.ts';
import { scratchDirectory } from './scratch.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

test('a kubeconfig is self-contained, verifies the server and is private', async () => {
  const file = path.join(scratchDirectory(), 'kubeconfig');
  const pair = { certPem: 'CERT', keyPem: 'KEY' };
  await writeKubeconfig(file, { server: 'https://x', caPem: 'CA', user: 'alice', credentials: { kind: 'certificate', pair } });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).not.toContain('insecure');
  expect(parse(readFileSync(file, 'utf8'))).toMatchObject({
    'current-context': 'controlplane',
    clusters: [{ name: 'controlplane', cluster: { server: 'https://x', 'certificate-authority-data': base64('CA') } }],
    users: [{ name: 'alice', user: { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') } }],
    contexts: [{ name: 'controlplane', context: { cluster: 'controlplane', user: 'alice' } }],
  });
});

test('a token and a namespace are written where clients look for them', async () => {
  const file = path.join(scratchDirectory(), 'kubeconfig');
  const credentials = { kind: 'token', token: 'T' } as const;
  await writeKubeconfig(file, { server: 'https://x', caPem: 'CA', user: 'sa', namespace: 'ns', credentials });
  expect(parse(readFileSync(file, 'utf8'))).toMatchObject({
    users: [{ name: 'sa', user: { token: 'T' } }],
    contexts: [{ context: { namespace: 'ns' } }],
  });
});
