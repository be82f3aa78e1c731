import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../platform/until.ts';
import { json, legacy, MODERN, modern, respond, rpcError } from './behaviours.ts';
import type { Behaviour } from './scripted-server.ts';
import { sse } from './sse-behaviours.ts';
import { createTestbed, reasonOf } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

const quick = { retry: { attempts: 1 }, probe: { timeoutSeconds: 1, deadlineSeconds: 10 } } as const;
const rememberedSSE = { transport: 'SSE', era: 'Legacy', protocolVersion: '2024-11-05' } as const;

/** One behaviour for POST, another for GET. */
const split =
  (post: Behaviour, get: Behaviour): Behaviour =>
  (seen, reply) =>
    (seen.method === 'GET' ? get : post)(seen, reply);
const rpcRefusal =
  (httpStatus: number, code: number): Behaviour =>
  (seen, reply) =>
    json(reply, httpStatus, rpcError(seen, code));
const openStream: Behaviour = (_seen, reply) => {
  reply.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
};
const SSE_CALLS = ['GET', 'initialize', 'notifications/initialized', 'tools/list'];

async function visit(behaviour: Behaviour, spec: object = {}, remembered?: typeof rememberedSSE) {
  const server = await bed.serve(behaviour);
  const report = await bed.probe({ url: server.url('/sse'), ...quick, ...spec }, remembered === undefined ? {} : { remembered });
  await until(() => server.open() === 0, { what: 'the connections are closed' });
  return { server, report, reason: reasonOf(report), calls: server.calls() };
}

describe('with `transport: Auto`', () => {
  it.each([400, 404, 405])('%i to initialize leads to HTTP+SSE at the same URL, on the same connection', async (httpStatus) => {
    const inner = sse().behaviour;
    const { report, calls, server } = await visit((seen, reply) =>
      seen.method === 'POST' && seen.path === '/sse' ? respond(httpStatus, 'no')(seen, reply) : inner(seen, reply),
    );
    expect(report).toMatchObject({ attempts: 1, outcome: { finding: { transport: 'SSE', era: 'Legacy', negotiated: true } } });
    expect(calls).toEqual(['server/discover', 'initialize', ...SSE_CALLS]);
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 1, 1, 2, 2, 2]);
  });

  it('and `protocol: Legacy` goes to initialize at once', async () => {
    const { calls } = await visit(sse().behaviour, { protocol: 'Legacy' });
    expect(calls).toEqual(['initialize', ...SSE_CALLS]);
  });

  it.each<[string, Behaviour, object]>([
    ['a pinned modern era', respond(404), { protocol: 'Modern' }],
    ['a pinned Streamable HTTP', respond(404), { transport: 'StreamableHTTP' }],
    ['401', respond(401), {}],
    ['403', respond(403), {}],
    ['410', respond(410), {}],
    ['429', respond(429), {}],
    ['503', respond(503), {}],
    ['a page', respond(200, '<html>'), {}],
    ['−32020', rpcRefusal(400, -32020), {}],
    ['−32021', rpcRefusal(400, -32021), {}],
    ['−32022', rpcRefusal(400, -32022), {}],
    ['−32020 to initialize alone', rpcRefusal(400, -32020), { protocol: 'Legacy' }],
  ])('%s does not lead to a GET', async (_name, behaviour, spec) => {
    expect((await visit(behaviour, spec)).calls).not.toContain('GET');
  });

  it('a healthy server of the other transport never sees a GET', async () => {
    expect((await visit(modern())).calls).not.toContain('GET');
    expect((await visit(legacy().behaviour)).calls).not.toContain('GET');
  });
});

describe('when neither transport works', () => {
  it.each<[string, Behaviour, Behaviour, string]>([
    ['404 and 404', respond(404), respond(404), 'EndpointNotFound'],
    ['404 and 405', respond(404), respond(405), 'EndpointNotFound'],
    ['404 and a page', respond(404), respond(200, '<html>', { 'Content-Type': 'text/html' }), 'EndpointNotFound'],
    ['405 and 405', respond(405), respond(405), 'MethodNotAllowed'],
    ['405 and 404', respond(405), respond(404), 'MethodNotAllowed'],
    ['405 and a page', respond(405), respond(200, '<html>', { 'Content-Type': 'text/html' }), 'MethodNotAllowed'],
    ['405 and 501', respond(405), respond(501), 'MethodNotAllowed'],
    ['405 and 204', respond(405), respond(204), 'MethodNotAllowed'],
    ['405 and a redirect elsewhere', respond(405), respond(308, '', { Location: 'http://x.example/' }), 'MethodNotAllowed'],
    ['400 and 400', respond(400, 'bad'), respond(400), 'BadRequest'],
    ['400 in JSON-RPC and 405', rpcRefusal(400, -32601), respond(405), 'ProtocolError'],
    ['404 in JSON-RPC and 404', rpcRefusal(404, -32601), respond(404), 'ProtocolError'],
    ['400 in JSON-RPC and a stream without an endpoint', rpcRefusal(400, -32600), openStream, 'ProtocolError'],
    ['405 and a stream without an endpoint', respond(405), openStream, 'RequestTimeout'],
    ['405 and 401', respond(405), respond(401, '', { 'WWW-Authenticate': 'Bearer' }), 'AuthenticationRequired'],
    ['404 and 403', respond(404), respond(403), 'AccessDenied'],
    ['400 in JSON-RPC and 403', rpcRefusal(400, -32000), respond(403), 'AccessDenied'],
    ['405 and a login page', respond(405), respond(302, '', { Location: 'https://login.example/' }), 'LoginRedirect'],
    ['405 and 429', respond(405), respond(429), 'RateLimited'],
    ['404 and 503', respond(404), respond(503), 'ServerUnavailable'],
    ['405 and a reset', respond(405), (_seen, reply) => void reply.socket?.resetAndDestroy(), 'ConnectionReset'],
    ['405 and silence', respond(405), () => {}, 'RequestTimeout'],
  ])('%s', async (_name, post, get, reason) => {
    const visited = await visit(split(post, get));
    expect(visited.reason).toBe(reason);
    // A reset of a connection that served the POST before is no verdict on the GET, which goes out once more.
    expect(visited.calls.filter((call) => call === 'GET')).toHaveLength(reason === 'ConnectionReset' ? 2 : 1);
  });
});

it.each<[string, Parameters<typeof sse>[0], string]>([
  ['a request refused there', { post: (_seen, reply) => void reply.writeHead(413).end() }, 'RequestRejected'],
  ['an answer that never comes', { frame: () => ': ping\n\n' }, 'RequestTimeout'],
])('once an endpoint was told, what goes wrong behind it is told: %s', async (_name, options, reason) => {
  const inner = sse(options).behaviour;
  const refused = rpcRefusal(400, -32000);
  const { reason: told } = await visit((seen, reply) =>
    seen.method === 'POST' && seen.path === '/sse' ? refused(seen, reply) : inner(seen, reply),
  );
  expect(told).toBe(reason);
});

describe('a pinned HTTP+SSE', () => {
  it('is negotiated by the first probe alone', async () => {
    const first = await visit(sse().behaviour, { transport: 'SSE' });
    expect(first.report).toMatchObject({ outcome: { finding: { negotiated: true } } });
    const second = await visit(sse().behaviour, { transport: 'SSE' }, rememberedSSE);
    expect(second.report).toMatchObject({ outcome: { finding: { negotiated: false } } });
  });

  it('is asked for nothing else, whatever the GET is answered with', async () => {
    const { calls, reason } = await visit(modern(), { transport: 'SSE' });
    expect([calls, reason]).toEqual([['GET'], 'MethodNotAllowed']);
  });
});

describe('a remembered HTTP+SSE', () => {
  it('is used first and is not called negotiated', async () => {
    const { calls, report } = await visit(sse().behaviour, {}, rememberedSSE);
    expect(calls).toEqual(SSE_CALLS);
    expect(report).toMatchObject({ outcome: { finding: { transport: 'SSE', negotiated: false } } });
  });

  it.each<[string, Behaviour]>([
    ['405', respond(405)],
    ['404', respond(404)],
    ['a page', respond(200, '<html>', { 'Content-Type': 'text/html' })],
    ['a stream without an endpoint', openStream],
  ])('whose GET is answered with %s is detected anew in the same attempt', async (_name, get) => {
    const { report } = await visit(split(modern(), get), {}, rememberedSSE);
    expect(report).toMatchObject({
      attempts: 1,
      outcome: { finding: { transport: 'StreamableHTTP', protocolVersion: MODERN, negotiated: true } },
    });
    const old = await visit(split(legacy({ sessions: false }).behaviour, get), {}, rememberedSSE);
    expect(old.report).toMatchObject({ outcome: { finding: { transport: 'StreamableHTTP', era: 'Legacy' } } });
  });

  it('is not doubted by a wall, an overload, or a lost session', async () => {
    expect((await visit(respond(401), {}, rememberedSSE)).calls).toEqual(['GET']);
    expect((await visit(respond(503), {}, rememberedSSE)).calls).toEqual(['GET']);
    const forgetful = sse({ post: (_seen, reply) => void reply.writeHead(404).end() });
    const lost = await visit(forgetful.behaviour, {}, rememberedSSE);
    expect([lost.calls, lost.reason]).toEqual([['GET', 'initialize', 'GET', 'initialize'], 'SessionLost']);
  });

  it('that is gone, with nothing in its place, is asked once and told as the POST was refused', async () => {
    const { calls, reason } = await visit(respond(404), {}, rememberedSSE);
    expect([calls, reason]).toEqual([['GET', 'server/discover', 'initialize'], 'EndpointNotFound']);
  });

  it.each([{ transport: 'StreamableHTTP' }, { protocol: 'Modern' }])(
    'does not outlive a pin of something else: %o',
    async (spec) => {
      const { calls } = await visit(modern(), spec, rememberedSSE);
      expect(calls).toEqual(['server/discover', 'tools/list']);
    },
  );
});
