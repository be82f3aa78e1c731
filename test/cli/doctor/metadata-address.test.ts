import { expect, test } from 'vitest';
import { examineMetadataAddress, WIDEST_POLICY } from '../../../src/cli/doctor/metadata-address.ts';
import { createPatient, findingOf } from './patient.ts';

test('no flag and no manifest opens the way to the metadata service', async () => {
  expect(examineMetadataAddress()).toMatchObject({ kind: 'passed' });
  expect(WIDEST_POLICY.refusesAddress('169.254.169.254')).toBe(true);
  expect(WIDEST_POLICY.refusesAddress('10.0.0.1')).toBe(false);
});

test('a policy that would let it through fails, and is named', async () => {
  const leaky = { refusesAddress: (address: string) => address !== '169.254.169.254', refusesHost: () => true };
  const { examine } = await createPatient();
  expect(await findingOf(examine({}, leaky), 'metadataAddress')).toEqual({
    kind: 'failed',
    message: 'the egress policy lets a manifest name 169.254.169.254',
    remedy: expect.stringContaining('NetworkPolicy'),
  });
});
