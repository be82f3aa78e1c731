import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeRpcError, markOfBody, markOfRpcError } from '../../src/probe/text-mark.ts';

describe('markOfBody', () => {
  const gateway = [
    ['upstream call timeout', 'upstreamCallTimeout'],
    ['Authorization service unavailable', 'authorizationServiceUnavailable'],
    ['external authorization failed', 'externalAuthorizationFailed'],
  ] as const;

  for (const [text, mark] of gateway) {
    it(`A8: "${text}" counts only as the whole trimmed text of a 403`, () => {
      for (const body of [text, `  ${text}\r\n`, JSON.stringify({ error: text }), JSON.stringify({ message: ` ${text}` })]) {
        expect(markOfBody(403, body)).toBe(mark);
      }
      expect(markOfBody(403, JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -1, message: text } }))).toBe(mark);
      for (const body of [`${text}.`, `the ${text}`, text.toUpperCase(), `<p>${text}</p>`, JSON.stringify({ detail: text })]) {
        expect(markOfBody(403, body)).toBe('none');
      }
      for (const status of [200, 400, 401, 404, 407, 500, 503]) expect(markOfBody(status, text)).toBe('none');
    });
  }

  it('row 30: a host guard is known by how its text begins, on a 403', () => {
    for (const text of [
      'Invalid Host header',
      'Invalid Origin header: https://x',
      'Invalid Host: a.example',
      'Access is only allowed at localhost:1',
    ]) {
      expect(markOfBody(403, text)).toBe('hostGuard');
      expect(markOfBody(403, JSON.stringify({ error: { message: text } }))).toBe('hostGuard');
      expect(markOfBody(400, text)).toBe('none');
    }
    for (const text of ['invalid host header', 'Sorry: Invalid Host header', 'Invalid Hosting plan'])
      expect(markOfBody(403, text)).toBe('none');
  });

  it('row 36: a lost session is known by how its text begins, in any case, on 2xx, 400 and 404', () => {
    for (const text of [
      'session not found\n',
      'Session not found',
      'SESSION NOT FOUND: 1',
      'No valid session ID provided',
      'Bad Request: No valid session ID provided',
      'No transport found for sessionId',
    ]) {
      for (const status of [200, 400, 404]) expect(markOfBody(status, text)).toBe('sessionNotFound');
      for (const status of [401, 403, 500]) expect(markOfBody(status, text)).toBe('none');
    }
    expect(markOfBody(404, JSON.stringify({ error: 'Session not found' }))).toBe('sessionNotFound');
    for (const text of ['page not found', 'your session not found', 'sessions']) expect(markOfBody(404, text)).toBe('none');
  });

  it('A9: the word "timeout" marks nothing', () => {
    for (const status of [200, 400, 401, 403, 404, 500])
      expect(markOfBody(status, 'session timeout, upstream timeout')).toBe('none');
  });

  it('reads no more than the prober keeps of an error body', () => {
    expect(markOfBody(403, `Invalid Host header${' '.repeat(64 * 1024)}`)).toBe('none');
  });

  it('never throws and never reads inherited or odd members', () => {
    for (const body of [
      '{',
      '{}',
      'null',
      '[]',
      '{"error":null}',
      '{"error":{"message":1}}',
      '{"__proto__":{"error":"upstream call timeout"}}',
      '',
    ]) {
      expect(markOfBody(403, body)).toBe('none');
    }
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), fc.nat(999), (body, status) => markOfBody(status, body) === 'none'));
  });
});

describe('markOfRpcError', () => {
  const refusals = [
    'Missing Authorization header',
    'Invalid Authorization header format',
    'Token has expired',
    'Invalid token: bad',
    'invalid scope',
    'Access denied',
    'Permission denied for tool',
    'Unauthorized',
    'FORBIDDEN',
  ];

  it('D1: knows the beginnings of a refusal, in any case', () => {
    for (const message of refusals) expect(markOfRpcError({ message: ` ${message} ` })).toBe('credentials');
  });

  it('does not know them in the middle of a text', () => {
    for (const message of refusals) expect(markOfRpcError({ message: `Error: ${message}` })).toBe('none');
    expect(markOfRpcError({ message: 'tokens' })).toBe('none');
  });

  it('knows a lost session', () => {
    expect(markOfRpcError({ message: 'Session not found' })).toBe('sessionNotFound');
  });

  it('takes anything', () => {
    for (const error of [undefined, null, 'Unauthorized', [], { message: 7 }, { message: ['Unauthorized'] }]) {
      expect(markOfRpcError(error)).toBe('none');
    }
  });
});

describe('describeRpcError', () => {
  it('D3: keeps code, mark and a 401 or 403 in data, and nothing else', () => {
    expect(describeRpcError({ code: -32_001, message: 'Unauthorized: tok3n', data: { status: 401, token: 'tok3n' } })).toEqual({
      rpcCode: -32_001,
      dataStatus: 401,
      mark: 'credentials',
    });
  });

  it('finds the status in data, data.status, data.statusCode and data.code, as a number only', () => {
    for (const data of [403, { status: 403 }, { statusCode: 403 }, { code: 403 }])
      expect(describeRpcError({ data }).dataStatus).toBe(403);
    for (const data of ['403', { status: '403' }, { http: 403 }, 404, null, [403]])
      expect(describeRpcError({ data })).not.toHaveProperty('dataStatus');
  });

  it('has no code when it is no int32', () => {
    for (const code of [2 ** 31, -(2 ** 31) - 1, 1.5, '0', null, Number.NaN, Infinity])
      expect(describeRpcError({ code })).not.toHaveProperty('rpcCode');
    for (const code of [0, 2 ** 31 - 1, -(2 ** 31)]) expect(describeRpcError({ code }).rpcCode).toBe(code);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.anything(), (error) => describeRpcError(error).mark === 'none'));
  });
});
