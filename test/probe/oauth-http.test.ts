import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { createByteBudget } from '../../src/probe/byte-budget.ts';
import { DEFAULT_EGRESS_POLICY } from '../../src/probe/egress-policy.ts';
import { createLifeline } from '../../src/probe/lifeline.ts';
import { createOAuthHTTP, type OAuthHTTPDeps, Unanswered } from '../../src/probe/oauth-http.ts';
import { createSystemResolver } from '../../src/probe/resolve.ts';
import { until } from '../platform/until.ts';
import { respond } from './behaviours.ts';
import { createTestbed } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

function open(more: Partial<OAuthHTTPDeps> = {}) {
  return createOAuthHTTP({
    clock: systemClock,
    lifeline: createLifeline(systemClock, 10_000),
    budget: createByteBudget(),
    policy: { ...DEFAULT_EGRESS_POLICY, allowLoopback: true },
    resolve: createSystemResolver(systemClock),
    tls: {},
    timeoutMs: 5000,
    userAgent: 'probe/1',
    ...more,
  });
}

const GET = { method: 'GET', headers: {} } as const;

/** The fact or kind that a request ended with. */
async function endOf(request: Promise<unknown>) {
  const error = await request.then(
    () => new Error('it was answered'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Unanswered)) throw error;
  return error.ending.kind === 'refused' ? error.ending.fact : error.ending.kind;
}

describe('a request', () => {
  it('bears our own headers, and of the library’s only those that carry the question', async () => {
    const server = await bed.serve(respond(200, '{"a":1}'));
    const http = open();
    expect(http.sent()).toBe(false);
    const body = new URLSearchParams({ a: 'ü' });
    const headers = { 'user-agent': 'library', cookie: 'a=b', authorization: 'Basic eDp5', 'content-type': 'text/x' };
    const response = await http.request(server.url('/token?x=1'), { method: 'POST', headers, body });
    expect(await response.json()).toEqual({ a: 1 });
    expect(http.sent()).toBe(true);
    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        path: '/token?x=1',
        body: 'a=%C3%BC',
        headers: {
          host: `127.0.0.1:${server.port}`,
          'user-agent': 'probe/1',
          accept: 'application/json',
          'accept-encoding': 'identity',
          authorization: 'Basic eDp5',
          'content-type': 'text/x',
          'content-length': '8',
        },
      },
    ]);
    expect(server.requests[0]?.headers).not.toHaveProperty('cookie');
    http.close();
  });

  it('shares its connection with the next one to the same origin, until it is closed', async () => {
    const server = await bed.serve(respond(200, '{}', { 'Content-Length': '2' }));
    const http = open();
    for (const path of ['/a', '/b', '/c']) await http.request(server.url(path), GET);
    expect([server.connections(), server.requests.map(({ path }) => path)]).toEqual([1, ['/a', '/b', '/c']]);
    http.close();
    http.close();
    await until(() => server.open() === 0, { what: 'the connection is closed' });
  });

  it('for metadata goes out again where the server ended the idle connection, and one for a token has a connection of its own', async () => {
    let served = new Set<number>();
    const server = await bed.serve((seen, reply) => {
      if (served.has(seen.connection)) {
        reply.socket?.resetAndDestroy();
        return;
      }
      served.add(seen.connection);
      return respond(200, '{}')(seen, reply);
    });
    const http = open();
    for (const path of ['/a', '/b']) await http.request(server.url(path), GET);
    served = new Set();
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    await http.request(server.url('/token'), { method: 'POST', headers: {}, body });
    const came = server.requests.map(({ path, connection }) => `${path} ${connection}`);
    expect(came).toEqual(['/a 1', '/b 1', '/b 2', '/token 3']);
    http.close();
  });

  it('reads an answer of 64 KiB, and no byte more', async () => {
    const whole = `{"a":"${'x'.repeat(65_536 - 8)}"}`;
    const server = await bed.serve((seen, reply) => void reply.end(seen.path === '/edge' ? whole : `${whole} `));
    const http = open();
    expect((await (await http.request(server.url('/edge'), GET)).text()).length).toBe(65_536);
    expect(await endOf(http.request(server.url('/beyond'), GET))).toMatchObject({ problem: 'misconfigured' });
    http.close();
  });

  it('is refused without a packet where no credential may go, or nothing may', async () => {
    const asked: string[] = [];
    const resolve: OAuthHTTPDeps['resolve'] = async (host) => {
      asked.push(host);
      return {
        kind: 'resolved',
        addresses: [
          { address: '10.0.0.1', family: 4 },
          { address: '169.254.169.254', family: 4 },
        ],
      };
    };
    const http = open({ resolve });
    expect(await endOf(http.request('http://issuer.example/', GET))).toMatchObject({ detail: 'plainHTTP' });
    expect(asked).toEqual([]);
    // One address that is refused is enough.
    expect(await endOf(http.request('https://issuer.example/', GET))).toEqual({ kind: 'forbidden', stage: 'policy' });
    expect(await endOf(http.request('https://[fe80::1]/', GET))).toEqual({ kind: 'forbidden', stage: 'policy' });
    expect(http.sent()).toBe(false);
  });

  it('may use plain http to a Service of the cluster, or where the administrator allows it', async () => {
    const server = await bed.serve(respond(200, '{}'));
    const resolve: OAuthHTTPDeps['resolve'] = async () => ({
      kind: 'resolved',
      addresses: [{ address: '127.0.0.1', family: 4 }],
    });
    await open({ resolve }).request(`http://idp.auth.svc:${server.port}/`, GET);
    const policy = { ...DEFAULT_EGRESS_POLICY, allowLoopback: true, allowPlaintextCredentials: true };
    await open({ resolve, policy }).request(`http://idp.example:${server.port}/`, GET);
    expect(server.requests.map(({ headers }) => headers.host)).toEqual([
      `idp.auth.svc:${server.port}`,
      `idp.example:${server.port}`,
    ]);
  });

  it('follows no redirect', async () => {
    const server = await bed.serve(respond(307, '', { Location: '/elsewhere' }));
    expect(await endOf(open().request(server.url('/token'), GET))).toMatchObject({
      problem: 'misconfigured',
      detail: 'redirect',
    });
    expect(server.requests.length).toBe(1);
  });

  it('ends with its probe, and says so', async () => {
    const server = await bed.serve(() => {});
    const controller = new AbortController();
    const ending = endOf(open({ lifeline: createLifeline(systemClock, 10_000, controller.signal) }).request(server.url(), GET));
    await until(() => server.requests.length === 1, { what: 'the request is there' });
    controller.abort();
    expect(await ending).toBe('aborted');
    expect(await endOf(open({ lifeline: createLifeline(systemClock, 50) }).request(server.url(), GET))).toMatchObject({
      problem: 'unavailable',
      timedOut: true,
    });
    expect(await endOf(open({ timeoutMs: 50 }).request(server.url(), GET))).toMatchObject({
      problem: 'unavailable',
      timedOut: true,
    });
    await until(() => server.open() === 0, { what: 'the connections are closed' });
  });
});
