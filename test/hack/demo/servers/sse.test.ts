import { Client, SSEClientTransport } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';
import { createSSEServer } from '../../../../hack/demo/servers/sse.ts';
import { createTestbed } from '../../../probe/testbed.ts';
import { INITIALIZE, post, withServer } from './wire.ts';

test('the client of the official SDK lists its tools over HTTP+SSE', () =>
  withServer(createSSEServer, async (url) => {
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(new SSEClientTransport(new URL('/sse', url)));
    const { tools } = await client.listTools();
    await client.close();
    expect(tools.map(({ name }) => name)).toEqual(['free_slots', 'book_room']);
  }));

test('the prober detects it', () =>
  withServer(createSSEServer, async (url) => {
    const report = await createTestbed().probe({ url: new URL('/sse', url).href });
    expect(report).toMatchObject({ outcome: { finding: { transport: 'SSE', snapshot: { tools: { items: { length: 2 } } } } } });
  }));

test('it speaks no Streamable HTTP, and knows no session without a stream', () =>
  withServer(createSSEServer, async (url) => {
    expect((await post(new URL('/sse', url).href, INITIALIZE)).status).toBe(404);
    expect((await post(new URL('/messages?session=x', url).href, INITIALIZE)).status).toBe(404);
  }));

test('it bounds its streams, and a closed one makes room', () =>
  withServer(createSSEServer, async (url) => {
    const streams = await Promise.all(Array.from({ length: 64 }, () => fetch(new URL('/sse', url))));
    expect(streams.every(({ status }) => status === 200)).toBe(true);
    expect((await fetch(new URL('/sse', url))).status).toBe(503);
    await Promise.all(streams.map(({ body }) => body?.cancel()));
    await expect
      .poll(async () => (await createTestbed().probe({ url: new URL('/sse', url).href })).verdict.kind)
      .toBe('available');
  }));
