import { expect, test } from 'vitest';
import { createPatient, findingOf, ok } from './patient.ts';

const version = (minor: string, major = '1') => ok({ major, minor, gitVersion: `v${major}.${minor}.1` });

test('the server and its version are told', async () => {
  const { examine } = await createPatient();
  expect(await findingOf(examine(), 'apiServer')).toEqual({ kind: 'passed', message: 'https://api.example.com answers' });
  expect(await findingOf(examine(), 'kubernetesVersion')).toEqual({ kind: 'passed', message: 'Kubernetes v1.36.2' });
});

test.each([
  [401, 'HTTP 401 Scripted', /^Renew the credentials/],
  [403, 'HTTP 403 Scripted', /^Check the address/],
])('one that answers %i fails', async (status, why, remedy) => {
  const { examine, breaks } = await createPatient();
  breaks('/version', { status });
  expect(await findingOf(examine(), 'apiServer')).toEqual({
    kind: 'failed',
    message: `https://api.example.com does not answer as it should (${why})`,
    remedy: expect.stringMatching(remedy),
  });
});

test('something else behind the address is none, and its words are not shown', async () => {
  const { examine, breaks } = await createPatient();
  breaks('/version', { status: 200, body: '<html>CANARY' });
  const results = await examine();
  expect(results[0]?.finding).toMatchObject({ kind: 'failed', message: expect.stringContaining('not that of a Kubernetes API') });
  expect(JSON.stringify(results)).not.toContain('CANARY');
});

test.each([
  ['29', 'failed'],
  ['30', 'passed'],
  ['30+', 'passed'],
  ['9', 'failed'],
])('Kubernetes 1.%s has %s', async (minor, kind) => {
  const { examine, breaks } = await createPatient();
  breaks('/version', version(minor));
  expect(await findingOf(examine(), 'kubernetesVersion')).toMatchObject({ kind });
});
