/**
 * Secrets that come late or are rotated, on a real API server, with the rights of the chart, which are `get` and neither list nor watch.
 * Nobody touches the MCPServers, and nothing but the change of a Secret makes them due.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALLOWED_HOSTS } from '../../../src/api/v1alpha1/group.ts';
import { json, modern } from '../../probe/behaviours.ts';
import { type Scripted, startServer } from '../../probe/scripted-server.ts';
import { controlPlane, createNamespace } from '../control-plane.ts';
import { installOperator, type OperatorProcess, startOperator } from '../operator-process.ts';
import { type Objects, openObjects } from './objects.ts';

/** Page 9, D8. */
const HEALS_WITHIN_MS = 60_000;

let objects: Objects;
let operator: OperatorProcess;
let server: Scripted;

const spec = (secret: string) => ({
  url: server.url(`/mcp?for=${secret}`),
  auth: { type: 'Bearer', bearer: { secretKeyRef: { name: secret, key: 'token' } } },
  probe: { periodSeconds: 86_400, recheckSeconds: 86_400 },
  retry: { initialBackoffSeconds: 3600, maxBackoffSeconds: 3600 },
});
const sentFor = (secret: string) =>
  server.requests.filter(({ path }) => path.endsWith(`=${secret}`)).map(({ headers }) => headers.authorization);

beforeAll(async () => {
  const namespace = await createNamespace('credentials');
  const kubeconfig = await installOperator(controlPlane, namespace);
  objects = await openObjects(controlPlane, namespace);
  server = await startServer((seen, reply) => {
    if (seen.headers.authorization === 'Bearer right') return modern()(seen, reply);
    json(reply, 401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' });
  });
  operator = await startOperator({ kubeconfig, namespace });
  await objects.secret('rotated', { token: 'wrong' });
  await objects.secret('kept', { token: 'wrong as well' });
  await objects.apply({ rotated: spec('rotated'), late: spec('late'), kept: spec('kept') });
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await objects?.close();
  await server?.close();
});

test('D8: denied servers heal within a minute of a Secret change, and late Secrets too, by GETs of single Secrets alone', {
  timeout: 2 * HEALS_WITHIN_MS,
}, async () => {
  expect((await objects.settled('rotated', 'Denied')).failure?.reason).toBe('CredentialsRejected');
  expect((await objects.settled('late', 'Permanent')).failure).toMatchObject({ reason: 'CredentialsNotFound', attempts: 0 });
  const kept = await objects.settled('kept', 'Denied');
  const before = await objects.requests('secrets');
  const refusedOnce = sentFor('rotated');

  await objects.kubectl('patch', 'secret', 'rotated', '--type=merge', '-p', JSON.stringify({ stringData: { token: 'right' } }));
  await objects.secret('late', { token: 'right' });
  const rotated = objects.settled('rotated', 'Available', HEALS_WITHIN_MS);
  const late = objects.settled('late', 'Available', HEALS_WITHIN_MS);
  await Promise.all([rotated, late]);

  // A refused token was never sent again, nor one that nobody had put there.
  expect(sentFor('rotated').slice(0, refusedOnce.length)).toEqual(refusedOnce);
  expect(new Set(sentFor('rotated').slice(refusedOnce.length))).toEqual(new Set(['Bearer right']));
  expect(new Set(sentFor('late'))).toEqual(new Set(['Bearer right']));
  expect((await objects.read('kept')).status).toEqual(kept);

  const after = await objects.requests('secrets');
  const more = (verb: string) => (after.get(verb) ?? 0) - (before.get(verb) ?? 0);
  expect(more('GET')).toBeGreaterThan(0);
  expect([more('LIST'), more('WATCH')]).toEqual([0, 0]);
});

test('D9: the log has a line for each use of a credential, whatever came of it', async () => {
  await objects.secret('bound', { token: 'for others' });
  await objects.kubectl('annotate', 'secret', 'bound', `${ALLOWED_HOSTS}=other.example.com`);
  await objects.apply({ bound: spec('bound') });
  await objects.settled('bound', 'Denied');
  const lines = operator.log().filter(({ audit }) => audit === true);
  const line = (name: string, token: string, rest: object) => ({
    ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    level: 'info',
    msg: 'credential used',
    audit: true,
    namespace: expect.any(String),
    name,
    probeID: expect.stringMatching(/^[0-9a-f]{8}$/),
    host: '127.0.0.1',
    fingerprint: createHash('sha256').update(token).digest('hex').slice(0, 8),
    ...rest,
  });
  const of = (name: string) => lines.filter((each) => each['name'] === name);
  expect(of('rotated')).toEqual([line('rotated', 'wrong', { decision: 'sent' }), line('rotated', 'right', { decision: 'sent' })]);
  expect(of('late')).toEqual([line('late', 'right', { decision: 'sent' })]);
  expect(of('bound')).toEqual([line('bound', 'for others', { decision: 'withheld', reason: 'notBoundToHost' })]);
});
