import { expect, test } from 'vitest';
import { examine } from '../../../src/cli/doctor/examine.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { closedPort } from '../../probe/scripted-server.ts';
import { CRD_PATH, createPatient, LEASE_PATH } from './patient.ts';

test('a cluster in which all is well passes every check, in the order of the table', async () => {
  const patient = await createPatient();
  const results = await patient.examine();
  expect(results.map(({ check, finding }) => `${check} ${finding.kind}`)).toEqual([
    'apiServer passed',
    'kubernetesVersion passed',
    'crd passed',
    'crdNames passed',
    'crdSchema passed',
    'otherOperators passed',
    'rights passed',
    'lease passed',
    'statuses passed',
    'metadataAddress passed',
  ]);
});

test('it changes nothing: it reads, and asks about rights', async () => {
  const patient = await createPatient();
  await patient.examine();
  await patient.examine({ pre: true });
  const written = patient.api.received.filter(
    ({ method, path }) => method !== 'GET' && !path.endsWith('/selfsubjectaccessreviews'),
  );
  expect(written).toEqual([]);
});

test('--pre: nothing is installed yet, and all is well', async () => {
  const patient = await createPatient();
  patient.breaks(CRD_PATH, { status: 404 });
  patient.breaks(LEASE_PATH, { status: 404 });
  const results = await patient.examine({ pre: true });
  expect(results.map(({ check, finding }) => `${check} ${finding.kind}`)).toEqual([
    'apiServer passed',
    'kubernetesVersion passed',
    'crd passed',
    'otherOperators passed',
    'rights passed',
    'metadataAddress passed',
  ]);
});

test('an API server that is not there is one cross, not ten', async () => {
  const { api } = await createPatient();
  const config = { ...api.config, origin: `http://127.0.0.1:${await closedPort()}` };
  const client = createKubeClient({ config, clock: systemClock, random: systemRandom });
  const results = await examine(
    { client, asUser: client, clock: systemClock, signal: new AbortController().signal },
    { pre: false, server: 'https://api', who: 'x', namespaces: [], leaseNamespace: undefined, leaseName: 'x', ownNamespace: 'x' },
  );
  await client.close();
  expect(results.map(({ check, finding }) => `${check} ${finding.kind}`)).toEqual(['apiServer failed', 'metadataAddress passed']);
  expect(results[0]?.finding.message).toBe('https://api does not answer as it should (ECONNREFUSED)');
});
