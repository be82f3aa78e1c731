import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOf, parseMCPServer, parseSpec, parseStatus } from '../../../src/api/v1alpha1/mcpserver.ts';

const TIME = '2026-11-22T05:00:00Z';
const failure = {
  class: 'Transient',
  reason: 'ConnectionRefused',
  message: 'a',
  stage: 'connect',
  since: TIME,
  consecutive: 2,
  attempts: 1,
  nextProbeTime: TIME,
};

describe('parseSpec', () => {
  it('drops fields that it does not know, at any depth: a newer CRD may serve new defaults', () => {
    expect(parseSpec({ url: 'http://a', future: 1, probe: { future: 1 }, auth: { future: {} } })).toEqual(
      parseSpec({ url: 'http://a' }),
    );
  });

  it('names the field that does not fit and nothing of its value', () => {
    const spec = {
      url: 'http://a',
      headers: [
        { name: 'X', value: 'a' },
        { name: 'canary canary', value: 'a' },
      ],
    };
    expect(parseSpec(spec)).toEqual({ kind: 'invalid', path: 'spec.headers[1].name' });
  });

  it.each([undefined, null, 1, 'a', [], true])('says that %s is no spec', (spec) => {
    expect(parseSpec(spec)).toMatchObject({ kind: 'invalid', path: 'spec' });
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => ['valid', 'invalid'].includes(parseSpec(value).kind)),
      { numRuns: 2000 },
    );
  });
});

describe('parseStatus', () => {
  it.each([undefined, null, {}, 1, 'a', []])('reads %s as the status of a new object', (status) => {
    expect(parseStatus(status)).toEqual({ observedGeneration: -1, state: 'Pending' });
  });

  it('drops fields that it does not know, at any depth', () => {
    const status = { observedGeneration: 1, state: 'Transient', failure: { ...failure, note: 'x' }, phase: 'Running' };
    expect(parseStatus(status)).toEqual({ observedGeneration: 1, state: 'Transient', failure });
  });

  it('keeps the retry schedule when another field was written by someone else', () => {
    const status = { observedGeneration: 1, state: 'Transient', failure, history: [{ time: 'yesterday' }], server: 7 };
    expect(parseStatus(status)).toEqual({ observedGeneration: 1, state: 'Transient', failure });
  });

  it('takes a state that it does not know as none', () => {
    expect(parseStatus({ observedGeneration: 4, state: 'Great', failure })).toEqual({
      observedGeneration: 4,
      state: 'Pending',
      failure,
    });
  });

  it('reads times with an offset', () => {
    const lastSuccessTime = '2026-11-22T06:00:00+01:00';
    expect(parseStatus({ lastSuccessTime })).toMatchObject({ lastSuccessTime });
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (value, failed) => {
        parseStatus(value);
        parseStatus({ state: 'Denied', failure: failed });
      }),
      { numRuns: 2000 },
    );
  });
});

it('a whole object is parsed without losing its metadata', () => {
  const metadata = { namespace: 'a', name: 'b', uid: 'u', resourceVersion: '1', generation: 1 };
  expect(parseMCPServer({ metadata, spec: {}, status: undefined })).toMatchObject({ metadata, spec: { kind: 'invalid' } });
  expect(keyOf(metadata)).toBe('a/b');
});
