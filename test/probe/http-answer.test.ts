import { describe, expect, it } from 'vitest';
import { createByteBudget } from '../../src/probe/byte-budget.ts';
import type { Call } from '../../src/probe/conversation.ts';
import { mediaType, readBody, readRefusal } from '../../src/probe/http-answer.ts';

const call: Call = { method: 'tools/list', params: {}, era: 'Legacy', session: 's' };
const head = (httpStatus: number, headers: Record<string, string> = {}) => ({ httpStatus, headers });
const framed = head(200, { 'content-length': '9' });

describe('a body of 2xx', () => {
  const read = (text: string, truncated = false) => readBody(call, 3, framed, { text, truncated }, createByteBudget());

  it('with our id is the answer, with another it is not', () => {
    expect(read('{"jsonrpc":"2.0","id":3,"result":{"a":1}}')).toEqual({ kind: 'result', result: { a: 1 } });
    expect(read('{"jsonrpc":"2.0","id":"3","result":{}}')).toMatchObject({ trouble: { fact: { problem: 'otherID' } } });
    expect(read('{"jsonrpc":"2.0","id":4,"error":{"code":1,"message":""}}')).toMatchObject({
      trouble: { fact: { problem: 'otherID' } },
    });
  });

  it('with an error that could not read our id is taken', () => {
    expect(read('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":""}}')).toMatchObject({
      trouble: { fact: { kind: 'rpcError', rpc: { rpcCode: -32700 } } },
    });
  });

  it('that was truncated is not parsed', () => {
    expect(read('{"jsonrpc":"2.0","id":3,"result":{}}', true)).toMatchObject({ trouble: { fact: { problem: 'truncated' } } });
  });

  it('without a length that begins like JSON was cut off', () => {
    expect(readBody(call, 3, head(200), { text: ' {"a"', truncated: false }, createByteBudget())).toMatchObject({
      trouble: { fact: { problem: 'truncated' } },
    });
    expect(readBody(call, 3, head(200), { text: 'hello', truncated: false }, createByteBudget())).toMatchObject({
      trouble: { fact: { problem: 'notJSON' } },
    });
  });

  it('says which call failed and whether it bore a session', () => {
    expect(read('')).toMatchObject({ trouble: { method: 'tools/list', sessionSent: true } });
  });
});

describe('a refusal', () => {
  it('keeps status, challenge, code, mark and delay, and no text', () => {
    const refused = readRefusal(
      call,
      head(401, { 'www-authenticate': 'Bearer error="invalid_token", realm="hush"', 'retry-after': '3' }),
      '{"jsonrpc":"2.0","id":3,"error":{"code":-32001,"message":"Invalid token: hush","data":{"status":401}}}',
      0,
    );
    expect(refused).toMatchObject({
      trouble: {
        jsonBody: true,
        fact: {
          kind: 'httpStatus',
          httpStatus: 401,
          challenge: { bearer: true, error: 'invalid_token' },
          rpc: { rpcCode: -32001, dataStatus: 401, mark: 'credentials' },
          retryAfterMs: 3000,
        },
      },
    });
    expect(JSON.stringify(refused)).not.toContain('hush');
  });

  it('with a text body is no evidence of JSON', () => {
    expect(readRefusal(call, head(404), 'not found', 0)).toMatchObject({ trouble: { jsonBody: false } });
  });
});

it.each([
  ['application/json; charset=utf-8', 'application/json'],
  ['Text/Event-Stream', 'text/event-stream'],
  ['', ''],
])('the media type of %j is %j', (type, expected) => {
  expect(mediaType(head(200, { 'content-type': type }))).toBe(expected);
});
