import { expect, test } from 'vitest';
import * as z from 'zod';
import { ask, describeFailure } from '../../../src/cli/doctor/answers.ts';
import { createPatient, ok } from './patient.ts';

const Schema = z.object({ a: z.number() });

test('an answer is read by its schema, or is a fault without a word of the server', async () => {
  const { client, breaks } = await createPatient();
  const read = () => ask(client, { method: 'GET', path: '/x' }, Schema);
  breaks('/x', ok({ a: 1, b: 2 }));
  expect(await read()).toEqual({ kind: 'read', value: { a: 1 } });
  for (const reply of [ok({ a: 'CANARY' }), ok('CANARY')]) {
    breaks('/x', reply);
    expect(await read()).toEqual({ kind: 'failed', why: 'the answer is not that of a Kubernetes API' });
  }
  breaks('/x', { status: 404 });
  expect(await read()).toEqual({ kind: 'failed', status: 404, why: 'HTTP 404 Scripted' });
});

test.each([
  [{ kind: 'status', status: 500 }, 'HTTP 500'],
  [{ kind: 'network', errorCode: 'DEADLINE_EXCEEDED' }, 'no answer in time'],
  [{ kind: 'network', errorCode: 'NO_CREDENTIALS' }, 'the credentials can not be read'],
  [{ kind: 'network', errorCode: 'ECONNRESET' }, 'ECONNRESET'],
  [{ kind: 'network' }, 'the connection broke'],
  [{ kind: 'aborted' }, 'interrupted'],
] as const)('%j in words', (failure, words) => {
  expect(describeFailure(failure)).toBe(words);
});
