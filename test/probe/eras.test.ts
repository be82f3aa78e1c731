import { afterEach, describe, expect, it } from 'vitest';
import { json, legacy, modern, respond, result, rpcError } from './behaviours.ts';
import { createTestbed, reasonOf } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

const pinned = { protocol: 'Legacy', retry: { attempts: 1 } } as const;

describe('legacy sessions', () => {
  it('are begun as the specification says, and ended', async () => {
    const inner = legacy();
    const server = await bed.serve(inner.behaviour);
    expect(reasonOf(await bed.probe({ url: server.url(), ...pinned }))).toBe('Available');
    expect(server.calls()).toEqual(['initialize', 'notifications/initialized', 'tools/list', 'DELETE']);
    const [initialize, initialized, list, end] = server.requests.map(({ headers }) => headers);
    expect(initialize).not.toHaveProperty('mcp-protocol-version');
    expect(initialize).not.toHaveProperty('mcp-session-id');
    for (const headers of [initialized, list, end]) {
      expect(headers).toMatchObject({ 'mcp-protocol-version': '2025-11-25', 'mcp-session-id': 'session-1' });
    }
    expect(server.requests[0]?.message?.params).toMatchObject({ protocolVersion: '2025-11-25', capabilities: {} });
    expect(inner.alive.size).toBe(0);
  });

  it.each([
    ['a list that is refused', (method: string) => method === 'tools/list', respond(403), 'AccessDenied'],
    ['a list that breaks', (method: string) => method === 'tools/list', respond(500), 'ServerError'],
    ['a list that never comes', (method: string) => method === 'tools/list', () => {}, 'RequestTimeout'],
    ['a refused notification', (method: string) => method === 'notifications/initialized', respond(400), 'BadRequest'],
  ] as const)('are ended after %s', async (_name, hits, instead, reason) => {
    const inner = legacy();
    const server = await bed.serve((seen, reply) =>
      hits(seen.message?.method ?? '') ? instead(seen, reply) : inner.behaviour(seen, reply),
    );
    const report = await bed.probe({ url: server.url(), ...pinned, probe: { timeoutSeconds: 1 } });
    expect(reasonOf(report)).toBe(reason);
    expect(inner.ended).toEqual(['session-1']);
  });

  it.each([
    ['unusable', '{"jsonrpc":'],
    ['of another kind', '<html>'],
  ])('are ended when the body that came with them is %s', async (_name, body) => {
    const inner = legacy();
    const server = await bed.serve((seen, reply) =>
      seen.message?.method === 'initialize'
        ? respond(200, body, { 'Mcp-Session-Id': 'early' })(seen, reply)
        : inner.behaviour(seen, reply),
    );
    expect(reasonOf(await bed.probe({ url: server.url(), ...pinned }))).toBe('NotMCPEndpoint');
    expect(inner.ended).toEqual(['early']);
  });

  it('are not taken from a refusal, nor when they can not be sent back', async () => {
    const server = await bed.serve(respond(400, '', { 'Mcp-Session-Id': 'no' }));
    await bed.probe({ url: server.url(), ...pinned });
    expect(server.calls()).toEqual(['initialize', 'GET']);
    const inner = legacy({ sessions: false });
    server.become((seen, reply) => {
      if (seen.message?.method === 'initialize') reply.setHeader('Mcp-Session-Id', 'a b');
      return inner.behaviour(seen, reply);
    });
    expect(reasonOf(await bed.probe({ url: server.url(), ...pinned }))).toBe('Available');
    expect(server.requests.at(-1)?.headers).not.toHaveProperty('mcp-session-id');
  });

  it('a DELETE that is never answered costs 2 s and no verdict', async () => {
    const inner = legacy();
    const server = await bed.serve((seen, reply) => (seen.method === 'DELETE' ? undefined : inner.behaviour(seen, reply)));
    const report = await bed.probe({ url: server.url(), ...pinned });
    expect(reasonOf(report)).toBe('Available');
    expect(report.durationMs).toBeGreaterThan(1900);
    expect(report.durationMs).toBeLessThan(3000);
  });

  it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])('version %s is accepted and sent', async (version) => {
    const server = await bed.serve(legacy({ version }).behaviour);
    expect(await bed.probe({ url: server.url(), ...pinned })).toMatchObject({
      outcome: { finding: { protocolVersion: version } },
    });
  });
});

describe('D4: a lost session', () => {
  /** Two replicas behind a balancer that sends every request to the next one. */
  const replicas = () => {
    const both = [legacy(), legacy()];
    let turn = 0;
    return (...args: Parameters<ReturnType<typeof legacy>['behaviour']>) => both[turn++ % 2]?.behaviour(...args);
  };

  it('D4: two replicas without affinity are Transient SessionLost after one more initialize', async () => {
    const server = await bed.serve(replicas());
    const report = await bed.probe({ url: server.url(), ...pinned });
    expect(report.verdict).toMatchObject({ class: 'Transient', reason: 'SessionLost' });
    expect(server.calls().filter((call) => call === 'initialize').length).toBe(2);
  });

  it('D4: lost once, it is begun anew in the same attempt', async () => {
    const inner = legacy();
    let lost = false;
    const server = await bed.serve((seen, reply) => {
      if (seen.message?.method === 'tools/list' && !lost) {
        lost = true;
        inner.alive.clear();
      }
      return inner.behaviour(seen, reply);
    });
    expect(await bed.probe({ url: server.url(), ...pinned })).toMatchObject({ attempts: 1, verdict: { kind: 'available' } });
    expect(server.calls().filter((call) => call === 'initialize').length).toBe(2);
  });

  it.each([
    ['404 as text', respond(404, '404 session not found')],
    ['400 that says so', respond(400, '{"error":{"message":"No valid session ID provided"}}')],
    ['200 that says so', respond(200, '{"error":"Session not found"}')],
  ])('D4: %s is one too', async (_name, instead) => {
    const inner = legacy();
    const server = await bed.serve((seen, reply) =>
      seen.message?.method === 'tools/list' ? instead(seen, reply) : inner.behaviour(seen, reply),
    );
    expect(reasonOf(await bed.probe({ url: server.url(), ...pinned }))).toBe('SessionLost');
  });

  it('a 404 without a session of ours is a wrong endpoint', async () => {
    const inner = legacy({ sessions: false });
    const server = await bed.serve((seen, reply) =>
      seen.message?.method === 'tools/list' ? respond(404)(seen, reply) : inner.behaviour(seen, reply),
    );
    expect(reasonOf(await bed.probe({ url: server.url(), ...pinned }))).toBe('EndpointNotFound');
  });
});

describe('a server that introduces itself', () => {
  it('is shown sanitized and clamped', async () => {
    const serverInfo = { name: `a\u202eb\u200b${'x'.repeat(400)}`, version: 7, title: '' };
    const server = await bed.serve(modern({ serverInfo }));
    const report = await bed.probe({ url: server.url() });
    const shown = report.outcome.kind === 'succeeded' ? report.outcome.finding.server : undefined;
    expect(shown?.name.startsWith('abxxx')).toBe(true);
    expect(shown?.name.length).toBe(256);
    expect(shown).toMatchObject({ version: '' });
    expect(shown).not.toHaveProperty('title');
  });

  it('with a result that does not fit the schema is InvalidResponse', async () => {
    const server = await bed.serve((seen, reply) => json(reply, 200, result(seen, { protocolVersion: 7, capabilities: {} })));
    expect(reasonOf(await bed.probe({ url: server.url(), ...pinned }))).toBe('InvalidResponse');
  });

  it('with an internal error is transient', async () => {
    const server = await bed.serve((seen, reply) => json(reply, 200, rpcError(seen, -32603)));
    expect(await bed.probe({ url: server.url(), ...pinned })).toMatchObject({
      verdict: { class: 'Transient', reason: 'ServerReportedError', rpcCode: -32603 },
    });
  });
});
