/**
 * The judge judged: each promise that it holds against what was written is seen to be broken, and nothing else is.
 */
import { describe, expect, test } from 'vitest';
import { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import type { AuditedWrite } from './audit.ts';
import { brokenPromises, normalize } from './oracle.ts';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const at = (ms: number) => new Date(START_MS + ms).toISOString();

function statusOf(ready: 'True' | 'False', overlay: object = {}): MCPServerStatus {
  const condition = { type: 'Ready', status: ready, reason: 'Any', message: '', lastTransitionTime: at(0) };
  return MCPServerStatus.parse({ observedGeneration: 1, state: 'Available', conditions: [condition], ...overlay });
}

interface Written {
  readonly status: MCPServerStatus;
  readonly generation?: number;
  readonly uid?: string;
  readonly code?: number;
}

function writesOf(...written: readonly Written[]): AuditedWrite[] {
  return written.map(({ status, generation = 1, uid = 'uid', code = 200 }, index) => ({
    verb: 'update',
    resource: 'mcpservers',
    subresource: 'status',
    namespace: 'a',
    name: 'one',
    user: '',
    userAgent: '',
    credential: '',
    code,
    receivedMs: START_MS + index,
    answeredMs: START_MS + index,
    request: { metadata: { uid: 'uid' }, status },
    response: { metadata: { uid, generation } },
  }));
}

describe('brokenPromises', () => {
  test('tells a status of an older generation, and not one that was refused', () => {
    expect(brokenPromises(writesOf({ status: statusOf('True'), generation: 2 }))).toEqual([
      'one: a status for generation 1 was written to generation 2',
    ]);
    expect(brokenPromises(writesOf({ status: statusOf('True'), generation: 2, code: 409 }))).toEqual([]);
  });

  test('tells a write that hit another object', () => {
    expect(brokenPromises(writesOf({ status: statusOf('True'), uid: 'other' }))).toEqual([
      'one: a write did not name the uid that it hit',
    ]);
  });

  test('tells a Ready that was taken away from a server that was well', () => {
    const writes = writesOf({ status: statusOf('True') }, { status: statusOf('False', { state: 'Transient' }) });
    expect(brokenPromises(writes, { alwaysHealthy: ['one'] })).toEqual([
      expect.stringContaining('Ready was taken away (False, Transient)'),
    ]);
    expect(brokenPromises(writes)).toEqual([]);
  });

  test('tells the same written twice, unless an hour has passed or a failure was counted', () => {
    const success = (ms: number) => ({ status: statusOf('True', { lastSuccessTime: at(ms) }) });
    expect(brokenPromises(writesOf(success(0), success(1_000)))).toEqual(['one: the same was written twice']);
    expect(brokenPromises(writesOf(success(0), success(3_600_000)))).toEqual([]);
    const failure = (consecutive: number) => {
      const fields = { class: 'Transient', reason: 'Any', message: '', since: at(0), attempts: 1 };
      return { status: statusOf('False', { failure: { ...fields, consecutive } }) };
    };
    expect(brokenPromises(writesOf(failure(1), failure(2)))).toEqual([]);
  });

  test('tells more writes than retries explain', () => {
    const writes = Array.from({ length: 4 }, (_, index) => ({
      status: statusOf('True', { state: index % 2 === 0 ? 'Available' : 'Denied' }),
    }));
    expect(brokenPromises(writesOf(...writes), { maxWritesPerObject: 3 })).toEqual(['one: 4 writes in 0 s']);
  });
});

test('normalize drops times, ids and counts of repetitions, and keeps what a status says', () => {
  const one = statusOf('True', {
    history: [{ time: at(0), from: 'Pending', to: 'Available', reason: 'Available', probeID: 'a' }],
  });
  const other = statusOf('True', {
    history: [{ time: at(9), from: 'Pending', to: 'Available', reason: 'Available', probeID: 'b' }],
  });
  const more = statusOf('True', {
    history: [{ time: at(9), from: 'Denied', to: 'Available', reason: 'Available', probeID: 'b' }],
  });
  expect(normalize(one)).toEqual(normalize(other));
  expect(normalize(one)).not.toEqual(normalize(more));
});
