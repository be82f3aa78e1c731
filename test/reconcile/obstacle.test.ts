import { expect, it } from 'vitest';
import type { ReferenceName } from '../../src/api/v1alpha1/messages.ts';
import { type Forbidden, noteForbidden, obstacleEvent, obstacleOf } from '../../src/reconcile/obstacle.ts';

const secret: ReferenceName = { kind: 'Secret', name: 'token' };

it('the third refusal in a row is an obstacle, and only that one is to be told', () => {
  const memory: { forbidden: Forbidden | undefined } = { forbidden: undefined };
  expect([1, 2, 3, 4, 5].map(() => noteForbidden(memory, secret))).toEqual([false, false, true, false, false]);
  expect(obstacleOf(memory)).toEqual(secret);
});

it('an API server that does not answer is none, and a refusal after it counts anew', () => {
  const memory: { forbidden: Forbidden | undefined } = { forbidden: undefined };
  for (const reference of [secret, secret, undefined, secret, secret]) expect(noteForbidden(memory, reference)).toBe(false);
  expect(obstacleOf(memory)).toBeUndefined();
});

it('the event says what can not be read, and which right is missing', () => {
  expect(obstacleEvent(secret, 'p1')).toMatchObject({
    type: 'Warning',
    reason: 'CredentialsForbidden',
    action: 'Probe',
    probeID: 'p1',
    note: expect.stringMatching(/may not read Secret "token".*verb get on secrets/),
  });
});
