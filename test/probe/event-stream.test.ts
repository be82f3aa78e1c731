import { afterEach, describe, expect, it } from 'vitest';
import { createByteBudget } from '../../src/probe/byte-budget.ts';
import { readAnswerStream } from '../../src/probe/event-stream.ts';
import { LIMITS } from '../../src/probe/limits.ts';
import { legacy, modern } from './behaviours.ts';
import type { Behaviour } from './scripted-server.ts';
import { createTestbed, reasonOf } from './testbed.ts';

const answer = '{"jsonrpc":"2.0","id":0,"result":{"x":"ä€😀"}}';

/** Feeds bytes in slices of `size`; gives the first step that was not `more`, and the stream. */
function feed(text: string, size = text.length) {
  const stream = readAnswerStream(200, createByteBudget());
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    const step = stream.write(bytes.subarray(at, at + size));
    if (step !== 'more') return { step, stream };
  }
  return { step: 'more' as const, stream };
}

describe('a stream of events', () => {
  it.each([
    ['LF', `data: ${answer}\n\n`],
    ['CRLF', `event: message\r\ndata: ${answer}\r\n\r\n`],
    ['CR', `data: ${answer}\r\rdata: x\r\r`],
    ['a byte order mark', `\ufeffdata: ${answer}\n\n`],
    ['no space after the colon', `data:${answer}\n\n`],
    ['a priming event', `id: 1\nretry: 5\ndata:\n\ndata: ${answer}\n\n`],
    ['comments', `: hello\n\n: again\n\ndata: ${answer}\n\n`],
    ['a notification before', `data: {"jsonrpc":"2.0","method":"m"}\n\ndata: ${answer}\n\n`],
    ['a request before, which is not answered', `data: {"jsonrpc":"2.0","id":0,"method":"ping"}\n\ndata: ${answer}\n\n`],
    ['an event of another type', `event: endpoint\ndata: /x\n\ndata: ${answer}\n\n`],
    ['data in two lines', `data: {"jsonrpc":"2.0","id":0,\ndata: "result":{"x":"ä€😀"}}\n\n`],
  ])('with %s is read, wherever its bytes are split', (_name, text) => {
    for (const size of [1, 2, 3, 7, 1000]) {
      const { step, stream } = feed(text, size);
      expect(step).toBe('enough');
      expect(stream.answer()).toMatchObject({ kind: 'result', id: 0, result: { x: 'ä€😀' } });
    }
  });

  it('remembers the id of the last event', () => {
    expect(feed('id: a\ndata:\n\nid: b\ndata:\n\n').stream.lastEventID()).toBe('b');
    expect(feed('id: \u00e4\ndata:\n\n').stream.lastEventID()).toBe(undefined);
  });

  it('with broken JSON, or JSON that is no JSON-RPC, is told', () => {
    expect(feed('data: {\n\n').step).toMatchObject({ problem: 'brokenStream' });
    expect(feed('data: {}\n\n').step).toMatchObject({ problem: 'notJSONRPC' });
  });

  it('an event of 4 MiB is read, one byte more is too large', () => {
    const padded = answer + ' '.repeat(LIMITS.eventBytes - Buffer.byteLength(answer));
    expect(feed(`data: ${padded}\n\n`, 65_536).step).toBe('enough');
    expect(feed(`data: ${padded} \n\n`, 65_536).step).toMatchObject({ kind: 'limit', limit: 'event' });
  });

  it('a line or an event without an end is too large as soon as it is', () => {
    expect(feed(`data: ${'x'.repeat(LIMITS.eventBytes + 100)}`, 65_536).step).toMatchObject({ limit: 'event' });
    expect(feed(`data: ${'x'.repeat(1000)}\n`.repeat(5000), 65_536).step).toMatchObject({ limit: 'event' });
  });

  it('100,000 lines without an event are read, more are too many: the parser keeps each line of data', () => {
    const comments = (count: number) => `${':\n'.repeat(count)}data: ${answer}\n\n`;
    expect(feed(comments(LIMITS.eventLines - 2), 4096).step).toBe('enough');
    expect(feed(comments(LIMITS.eventLines + 5_000), 4096).step).toMatchObject({ limit: 'event' });
    expect(feed('data:\r'.repeat(LIMITS.eventLines + 1), 4096).step).toMatchObject({ limit: 'event' });
  });

  it('1,000 events are passed over, one more is too many', () => {
    const notification = 'data: {"jsonrpc":"2.0","method":"m"}\n\n';
    expect(feed(`${notification.repeat(LIMITS.events - 1)}data: ${answer}\n\n`, 4096).step).toBe('enough');
    expect(feed(`${notification.repeat(LIMITS.events)}data: ${answer}\n\n`, 4096).step).toMatchObject({ limit: 'events' });
  });

  it('nesting beyond 64 is refused', () => {
    const deep = (depth: number) =>
      `data: {"jsonrpc":"2.0","id":0,"result":{"x":${'['.repeat(depth - 2)}${']'.repeat(depth - 2)}}}\n\n`;
    expect(feed(deep(64)).step).toBe('enough');
    expect(feed(deep(65)).step).toMatchObject({ limit: 'depth' });
  });
});

describe('a stream on the wire', () => {
  let bed = createTestbed();
  afterEach(async () => {
    await bed.close();
    bed = createTestbed();
  });
  const once = { retry: { attempts: 1 }, probe: { timeoutSeconds: 1 } };
  const streamOf = (write: (reply: Parameters<Behaviour>[1]) => void): Behaviour => {
    return (_seen, reply) => {
      reply.writeHead(200, { 'Content-Type': 'text/event-stream' });
      write(reply);
    };
  };

  it('of comments without an end costs what a probe may read and nothing else', async () => {
    const server = await bed.serve(
      streamOf((reply) => {
        const pump = () => {
          while (!reply.destroyed && reply.write(`: ${'x'.repeat(60_000)}\n\n`));
        };
        reply.on('drain', pump);
        pump();
      }),
    );
    const before = process.memoryUsage().rss;
    // The bytes are to end it, on a busy machine too.
    const report = await bed.probe({ url: server.url(), ...once, probe: { timeoutSeconds: 10 } });
    expect(report.verdict).toMatchObject({ reason: 'ResponseTooLarge', stage: 'payload' });
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 2 ** 20);
  });

  it('that ends without the answer is incomplete', async () => {
    const server = await bed.serve(streamOf((reply) => reply.end(': bye\n\n')));
    expect(reasonOf(await bed.probe({ url: server.url(), ...once }))).toBe('IncompleteResponse');
  });

  it('that stays open after its answer is left, and the next request goes on a new connection', async () => {
    const inner = modern();
    const server = await bed.serve((seen, reply) => {
      if (seen.message?.method !== 'server/discover') return inner(seen, reply);
      const value = { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } };
      reply.writeHead(200, { 'Content-Type': 'text/event-stream' });
      reply.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: seen.message.id, result: value })}\n\n`);
    });
    const report = await bed.probe({ url: server.url(), ...once });
    expect(reasonOf(report)).toBe('Available');
    expect(report.durationMs).toBeLessThan(900);
    expect(server.connections()).toBe(2);
  });

  it('that breaks off is taken up again once with the id of its last event, by legacy clients only', async () => {
    const inner = legacy();
    const server = await bed.serve((seen, reply) => {
      if (seen.method === 'GET') {
        reply.writeHead(200, { 'Content-Type': 'text/event-stream' });
        reply.end(`data: {"jsonrpc":"2.0","id":1,"result":{"tools":[]}}\n\n`);
        return;
      }
      if (seen.message?.method !== 'tools/list') return inner.behaviour(seen, reply);
      reply.writeHead(200, { 'Content-Type': 'text/event-stream' });
      reply.end('id: e-7\ndata:\n\n');
    });
    expect(reasonOf(await bed.probe({ url: server.url(), protocol: 'Legacy', ...once }))).toBe('Available');
    const resumed = server.requests.find(({ method }) => method === 'GET');
    expect(resumed?.headers).toMatchObject({ 'last-event-id': 'e-7', 'mcp-session-id': 'session-1' });
    server.become((seen, reply) => {
      if (seen.method !== 'GET' && seen.message?.method !== 'tools/list') return inner.behaviour(seen, reply);
      reply.writeHead(200, { 'Content-Type': 'text/event-stream' });
      reply.end('id: e-7\ndata:\n\n');
    });
    server.requests.length = 0;
    expect(reasonOf(await bed.probe({ url: server.url(), protocol: 'Legacy', ...once }))).toBe('IncompleteResponse');
    expect(server.calls().filter((call) => call === 'GET').length).toBe(1);
  });

  it('that breaks off is not taken up again before the time that the server named, nor at all when that is too late', async () => {
    const inner = legacy();
    let brokenMs = 0;
    let resumedMs = 0;
    const breaking = (retry: string) =>
      bed.serve((seen, reply) => {
        if (seen.method !== 'GET' && seen.message?.method !== 'tools/list') return inner.behaviour(seen, reply);
        reply.writeHead(200, { 'Content-Type': 'text/event-stream' });
        if (seen.method === 'GET') {
          resumedMs = performance.now();
          return void reply.end(`data: {"jsonrpc":"2.0","id":1,"result":{"tools":[]}}\n\n`);
        }
        brokenMs = performance.now();
        reply.end(`id: e-7\nretry: ${retry}\ndata:\n\n`);
      });
    const patient = await breaking('300');
    expect(reasonOf(await bed.probe({ url: patient.url(), protocol: 'Legacy', ...once }))).toBe('Available');
    expect(resumedMs - brokenMs).toBeGreaterThan(280);
    for (const retry of ['1001', '999999999999999999']) {
      const late = await breaking(retry);
      const report = await bed.probe({ url: late.url(), protocol: 'Legacy', ...once });
      expect([reasonOf(report), late.calls().includes('GET')]).toEqual(['IncompleteResponse', false]);
    }
  });
});
