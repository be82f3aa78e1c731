import { expect, test } from 'vitest';
import { answerHealth } from '../../src/telemetry/health.ts';

const passes = { name: 'caches-synced', ok: () => true };
const fails = { name: 'lease', ok: () => false };
const throws = {
  name: 'broken',
  ok: () => {
    throw new Error('x');
  },
};

test('all checks hold: ok, and their list when it is asked for', () => {
  expect(answerHealth('readyz', [passes], false)).toEqual({ status: 200, body: 'ok' });
  expect(answerHealth('readyz', [passes], true)).toEqual({ status: 200, body: '[+]caches-synced ok\nreadyz check passed\n' });
  expect(answerHealth('healthz', [], false)).toEqual({ status: 200, body: 'ok' });
});

test('one check fails: 503 that names it, asked or not', () => {
  expect(answerHealth('readyz', [passes, fails], false)).toEqual({
    status: 503,
    body: '[+]caches-synced ok\n[-]lease failed\nreadyz check failed\n',
  });
});

test('a check that throws has failed', () => {
  expect(answerHealth('healthz', [throws], false).status).toBe(503);
});
