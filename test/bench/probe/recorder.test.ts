import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import { startServer } from '../../probe/scripted-server.ts';
import { readRequests, recordRequests, withoutPort } from './recorder.ts';

test('a recording holds what was sent, byte for byte, and counts the connections', async () => {
  const server = await startServer((_seen, reply) => void reply.end('ok'));
  try {
    const body = '{"ü":1}';
    const recording = await recordRequests(server.url('/mcp'), async (url) => {
      const dispatcher = new Agent({ connections: 1 });
      const sent = await request(url, { dispatcher, method: 'POST', body, headers: { 'x-one': 'a: b' } });
      expect(await sent.body.text()).toBe('ok');
      await (await request(url, { dispatcher, method: 'DELETE' })).body.text();
      await dispatcher.destroy();
    });
    expect(recording.connections).toBe(1);
    const [post, last] = readRequests(recording.sent);
    expect(post).toMatchObject({ method: 'POST', path: '/mcp', body });
    expect(post?.headers.join('|')).toMatch(/^(?=.*\|x-one\|a: b)(?=.*host\|127)(?!.*connection)/);
    expect(last).toMatchObject({ method: 'DELETE', body: '' });
    expect(server.requests.map((seen) => seen.body)).toEqual([body, '']);
  } finally {
    await server.close();
  }
});

test('two recordings of the same requests differ in nothing but the port', () => {
  const sent = (port: number) => ({
    connections: 1,
    sent: `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nA: 127.0.0.1:1\r\n\r\n`,
  });
  expect(withoutPort(sent(1))).toBe(withoutPort(sent(65_535)));
  expect(withoutPort(sent(1))).toContain('A: 127.0.0.1:1');
});

test('a request that was cut off is no request', () => {
  expect(() => readRequests('GET / HTTP/1.1\r\nHost: a')).toThrow('cut off');
});
