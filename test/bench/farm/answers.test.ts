import { expect, test } from 'vitest';
import { answerCall } from './answers.ts';

test('an answer bears the id of its call, whatever its type', () => {
  expect(JSON.parse(answerCall('{"id":"a","method":"tools/list"}').body)).toMatchObject({ jsonrpc: '2.0', id: 'a' });
  expect(JSON.parse(answerCall('{"id":0,"method":"nonsense"}').body)).toMatchObject({ id: 0, error: { code: -32_601 } });
});

test.each([
  ['no JSON', '{', 'unreadable', -32_700],
  ['no call', '[]', 'invalid', -32_600],
])('%s is refused as JSON-RPC says', (_what, body, rpcMethod, code) => {
  const answered = answerCall(body);
  expect(answered.rpcMethod).toBe(rpcMethod);
  expect(JSON.parse(answered.body)).toMatchObject({ id: null, error: { code } });
});
