import { afterEach, describe, expect, it } from 'vitest';
import { legacy, modern, respond } from './behaviours.ts';
import { createTestbed, reasonOf } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

describe('requests of the modern era', () => {
  it('name version and method in headers and version, capabilities and client in _meta', async () => {
    const server = await bed.serve(modern());
    await bed.probe({ url: server.url() });
    expect(server.requests.map(({ headers }) => [headers['mcp-protocol-version'], headers['mcp-method']])).toEqual([
      ['2026-07-28', 'server/discover'],
      ['2026-07-28', 'tools/list'],
    ]);
    for (const { message, headers } of server.requests) {
      expect(headers['content-type']).toBe('application/json');
      expect(message?.params['_meta']).toEqual({
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
        'io.modelcontextprotocol/clientInfo': { name: 'mcpserver-operator', version: '0.0.0-test' },
      });
    }
  });
});

describe('requests of the legacy era', () => {
  it('name no method in a header and never open the GET stream', async () => {
    const server = await bed.serve(legacy({ answers: 'SSE' }).behaviour);
    await bed.probe({ url: server.url(), protocol: 'Legacy' });
    expect(server.requests.every(({ headers }) => headers['mcp-method'] === undefined)).toBe(true);
    expect(server.requests.some(({ method }) => method === 'GET')).toBe(false);
  });

  it.each([200, 202, 204])('a notification is answered well by %i, with any body', async (httpStatus) => {
    const inner = legacy();
    const server = await bed.serve((seen, reply) =>
      seen.message?.method === 'notifications/initialized'
        ? respond(httpStatus, httpStatus === 204 ? '' : 'whatever')(seen, reply)
        : inner.behaviour(seen, reply),
    );
    expect(reasonOf(await bed.probe({ url: server.url(), protocol: 'Legacy' }))).toBe('Available');
  });

  it('a notification whose answer never ends is not waited for', async () => {
    const inner = legacy();
    const server = await bed.serve((seen, reply) => {
      if (seen.message?.method !== 'notifications/initialized') return inner.behaviour(seen, reply);
      reply.writeHead(200, { 'Content-Type': 'text/event-stream' });
      reply.flushHeaders();
    });
    const report = await bed.probe({ url: server.url(), protocol: 'Legacy' });
    expect(reasonOf(report)).toBe('Available');
    expect(report.durationMs).toBeLessThan(1000);
  });
});
