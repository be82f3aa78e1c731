import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { doctorVerb } from '../../../src/cli/doctor/doctor.ts';
import { createFakeTerminal } from '../fake-terminal.ts';
import { CRD_PATH, createPatient, LEASE_PATH, ok, type Patient, REVIEW_PATH } from './patient.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'doctor-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Runs the verb against `patient`, whose lease is renewed at this very moment. */
async function doctor(patient: Patient, ...args: string[]) {
  const kubeconfig = path.join(directory, 'kubeconfig.yaml');
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'a',
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      clusters: [{ name: 'a', cluster: { server: patient.api.config.origin } }],
      users: [{ name: 'a', user: { token: 'CANARY-token' } }],
    }),
  );
  patient.breaks(LEASE_PATH, () => ok({ spec: { holderIdentity: 'me', renewTime: new Date().toISOString() } }));
  const terminal = createFakeTerminal();
  const code = await doctorVerb(['--kubeconfig', kubeconfig, ...args], terminal);
  expect(terminal.stdout() + terminal.stderr()).not.toContain('CANARY');
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() };
}

test('0: a tick for each check', async () => {
  const { code, stdout, stderr } = await doctor(await createPatient());
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line[0]),
  ).toEqual(Array(10).fill('✓'));
});

test('1: a cross, what to do, and where to read more', async () => {
  const patient = await createPatient();
  patient.breaks(CRD_PATH, { status: 404 });
  const { code, stdout } = await doctor(patient);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^✗ CRD .*\n +Install the chart .*\n +See docs\/troubleshooting\.md#the-crd-is-missing$/m);
  expect((await doctor(patient, '--pre')).code).toBe(0);
});

test('--as asks for the rights of another identity, and for nothing else as that one', async () => {
  const patient = await createPatient();
  const user = 'system:serviceaccount:mcp:operator';
  const { code, stdout } = await doctor(patient, '--as', user, '-o', 'json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ healthy: true });
  for (const { path: asked, headers } of patient.api.received) {
    expect([asked, headers['impersonate-user']]).toEqual([asked, asked === REVIEW_PATH ? user : undefined]);
  }
});

test.each([
  [
    ['--kubeconfig', '/does/not/exist'],
    /^kubeconfig \/does\/not\/exist can not be read \(ENOENT\); see docs\/troubleshooting\.md#/,
  ],
  [[], /^not running in a cluster .*; see docs\/troubleshooting\.md#/],
  [['--namespaces', 'A'], /^--namespaces "A": expected names of namespaces/],
  [['now'], /^unexpected argument "now"/],
])('bad input %j is one line and exit code 1', async (args, fault) => {
  const terminal = createFakeTerminal();
  expect(await doctorVerb(args, terminal)).toBe(1);
  const prefix = 'mcpserver-operator doctor: ';
  expect(terminal.stdout()).toBe('');
  expect(terminal.stderr().slice(0, prefix.length)).toBe(prefix);
  expect(terminal.stderr().slice(prefix.length).trimEnd()).toMatch(fault);
  expect(terminal.stderr().trimEnd()).not.toContain('\n');
});
