import { describe, expect, test } from 'vitest';
import { createRequestReader } from './request-reader.ts';

const POST = 'POST /mcp HTTP/1.1\r\nHost: a\r\ncontent-length: 7\r\n\r\n{"ü":1';

describe('a request', () => {
  test('is complete with the last byte of its body, however it is cut', () => {
    const bytes = Buffer.from(POST);
    for (let at = 1; at < bytes.length; at++) {
      const reader = createRequestReader();
      expect(reader.push(bytes.subarray(0, at))).toEqual([]);
      expect(reader.push(bytes.subarray(at))).toEqual([{ method: 'POST', body: '{"ü":1', isLast: false }]);
    }
  });

  test('that closes the connection says so', () => {
    const reader = createRequestReader();
    const [request] = reader.push(Buffer.from('GET / HTTP/1.1\r\nConnection: close\r\n\r\n'));
    expect(request).toEqual({ method: 'GET', body: '', isLast: true });
  });

  test('may follow another on the same connection', () => {
    const reader = createRequestReader();
    expect(reader.push(Buffer.from(POST + POST))).toHaveLength(2);
    expect(reader.push(Buffer.from(POST))).toHaveLength(1);
  });
});

test.each([
  ['a chunked body', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['a head without end', `GET / HTTP/1.1\r\nA: ${'a'.repeat(70_000)}`],
  ['an endless body', `POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n${'a'.repeat(70_000)}`],
])('%s is not read', (_what, text) => {
  expect(createRequestReader().push(Buffer.from(text))).toBe('broken');
});
