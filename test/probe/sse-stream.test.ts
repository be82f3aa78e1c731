import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/probe/limits.ts';
import { until } from '../platform/until.ts';
import { respond } from './behaviours.ts';
import { type Behaviour, startServer } from './scripted-server.ts';
import { messageEvent, type SSEOptions, sse } from './sse-behaviours.ts';
import { createTestbed, reasonOf } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

const once = { transport: 'SSE', retry: { attempts: 1 }, probe: { timeoutSeconds: 1, deadlineSeconds: 10 } } as const;

/** Probes a server; gives its reason when it has seen every connection close. */
async function visit(behaviour: Behaviour, path = '/sse') {
  const server = await bed.serve(behaviour);
  const report = await bed.probe({ url: server.url(path), ...once });
  await until(() => server.open() === 0, { what: 'the connections are closed' });
  return { server, report, reason: reasonOf(report) };
}
const reasonWith = async (options: SSEOptions) => (await visit(sse(options).behaviour)).reason;

describe('the GET', () => {
  it('accepts events only, and is what a whole probe has beside one connection for its POSTs', async () => {
    const { server, report } = await visit(sse().behaviour);
    expect(server.calls()).toEqual(['GET', 'initialize', 'notifications/initialized', 'tools/list']);
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 2, 2, 2]);
    expect(server.requests[0]?.headers.accept).toBe('text/event-stream');
    expect(report).toMatchObject({
      outcome: { finding: { transport: 'SSE', era: 'Legacy', protocolVersion: '2024-11-05', url: server.url('/sse') } },
    });
  });

  it('outlives the deadline of a request, which holds until the endpoint is told', async () => {
    const slow = sse({
      post(_seen, reply, stream, answer) {
        reply.writeHead(202).end();
        // Two answers of 0.7 s each go beyond 1 s of stream.
        if (answer !== undefined) setTimeout(() => stream.write(messageEvent(JSON.stringify(answer))), 700);
      },
    });
    const { reason, report } = await visit(slow.behaviour);
    expect(reason).toBe('Available');
    expect(report.durationMs).toBeGreaterThan(1300);
  });

  it.each<[string, Behaviour, string]>([
    ['a page', respond(200, '<html>', { 'Content-Type': 'text/html' }), 'NotMCPEndpoint'],
    ['JSON', respond(200, '{}', { 'Content-Type': 'application/json' }), 'NotMCPEndpoint'],
    ['nothing', respond(200), 'NotMCPEndpoint'],
    ['204', respond(204), 'NotMCPEndpoint'],
    ['404', respond(404, 'no'), 'EndpointNotFound'],
    ['405', respond(405), 'MethodNotAllowed'],
    ['401', respond(401, '', { 'WWW-Authenticate': 'Bearer' }), 'AuthenticationRequired'],
    ['403', respond(403, 'RBAC: access denied'), 'AccessDenied'],
    ['403 of a host guard', respond(403, 'Invalid Host header'), 'HostNotAllowed'],
    ['429', respond(429, '', { 'Retry-After': '3' }), 'RateLimited'],
    ['503', respond(503), 'ServerUnavailable'],
    ['a login page elsewhere', respond(302, '', { Location: 'https://login.example/' }), 'LoginRedirect'],
    ['a redirect to another host', respond(308, '', { Location: 'https://other.example/' }), 'RedirectNotFollowed'],
  ])('answered with %s is judged by that', async (_name, behaviour, reason) => {
    expect((await visit(behaviour)).reason).toBe(reason);
  });

  it('follows a redirect of its origin, and the endpoint is relative to where that led', async () => {
    const inner = sse({ endpoint: (_seen, session) => `message?session=${session}` });
    const { server, reason } = await visit(
      (seen, reply) =>
        seen.path === '/sse' ? respond(307, '', { Location: '/v1/sse' })(seen, reply) : inner.behaviour(seen, reply),
      '/sse',
    );
    expect(reason).toBe('Available');
    expect(server.requests.map(({ path }) => path).slice(0, 3)).toEqual(['/sse', '/v1/sse', '/v1/message?session=1']);
  });
});

describe('the endpoint', () => {
  it.each<[string, (authority: string, session: string) => string, string]>([
    ['relative to the root', (_, session) => `/message?session=${session}`, 'Available'],
    ['relative to the path', (_, session) => `message?session=${session}`, 'Available'],
    ['a query alone', (_, session) => `?session=${session}`, 'Available'],
    ['absolute', (authority, session) => `http://${authority}/message?session=${session}`, 'Available'],
    ['with a fragment, which is not sent', (_, session) => `/message?session=${session}#x`, 'Available'],
    ['on another port', () => 'http://127.0.0.1:1/message?session=1', 'InvalidResponse'],
    ['on another scheme', (authority, session) => `https://${authority}/message?session=${session}`, 'InvalidResponse'],
    ['with user info', (authority, session) => `http://a:b@${authority}/message?session=${session}`, 'InvalidResponse'],
    ['without a scheme, elsewhere', () => '//169.254.169.254/latest', 'InvalidResponse'],
    ['no URL', () => 'http://[', 'InvalidResponse'],
    ['of a kind that claims an origin', (authority) => `blob:http://${authority}/message`, 'InvalidResponse'],
    ['longer than a request line', () => `/${'x'.repeat(LIMITS.endpointBytes)}`, 'ResponseTooLarge'],
    ['as large as no event may be', () => `/${'x'.repeat(LIMITS.eventBytes)}`, 'ResponseTooLarge'],
  ])('%s', async (_name, endpoint, reason) => {
    const { behaviour } = sse({ endpoint: (seen, session) => endpoint(seen.headers.host ?? '', session) });
    expect((await visit(behaviour)).reason).toBe(reason);
  });

  it.each(['//', '/.//', '//other.example/sse', '/sse'])(
    'is relative to the stream of path %s, be that a host or none',
    async (path) => {
      const inner = sse();
      const { server, reason } = await visit(
        (seen, reply) =>
          seen.path === '/sse' ? respond(307, '', { Location: '/.//' })(seen, reply) : inner.behaviour(seen, reply),
        path,
      );
      expect(reason).toBe('Available');
      expect(server.calls().slice(-3)).toEqual(['initialize', 'notifications/initialized', 'tools/list']);
    },
  );

  it('on another origin gets no packet', async () => {
    const other = await startServer(respond(200));
    expect(await reasonWith({ endpoint: () => other.url('/message') })).toBe('InvalidResponse');
    expect(other.connections()).toBe(0);
    await other.close();
  });

  it('that never comes is a time-out, whatever else comes', async () => {
    expect(await reasonWith({ endpoint: () => undefined })).toBe('RequestTimeout');
    expect(
      await reasonWith({ endpoint: () => undefined, preamble: `: hi\n\n${messageEvent('{"jsonrpc":"2.0","method":"m"}')}` }),
    ).toBe('RequestTimeout');
  });

  it('comes once: a second one is passed over', async () => {
    const seen = await visit(
      sse({ frame: (text) => `event: endpoint\ndata: http://127.0.0.1:1/\n\n${messageEvent(text)}` }).behaviour,
    );
    expect(seen.reason).toBe('Available');
  });
});

describe('the stream', () => {
  const halves = (text: string) => {
    const bytes = Buffer.from(messageEvent(text.replace('Says it again.', 'Sägt es 😀.')));
    return Array.from({ length: Math.ceil(bytes.length / 3) }, (_, index) => bytes.subarray(index * 3, index * 3 + 3));
  };
  it.each<[string, SSEOptions]>([
    ['CRLF', { frame: (text) => messageEvent(text, '\r\n') }],
    ['CR', { frame: (text) => `${messageEvent(text, '\r')}: \r` }],
    ['no event name', { frame: (text) => `data: ${text}\n\n` }],
    ['data in several lines', { frame: (text) => messageEvent(text.replace(/,"/, ',\ndata: "')) }],
    ['a byte order mark and comments', { preamble: '\ufeff: hello\n\n' }],
    ['a priming event', { preamble: 'id: 0\nretry: 100\ndata:\n\n' }],
    ['pings before the answer', { frame: (text) => `: ping\n\nevent: ping\ndata: 7\n\n${messageEvent(text)}` }],
    ['characters split over chunks', { frame: halves }],
    [
      'notifications and requests before the answer',
      {
        frame: (text) =>
          messageEvent('{"jsonrpc":"2.0","method":"notifications/message","params":{}}').repeat(200) +
          messageEvent('{"jsonrpc":"2.0","id":0,"method":"roots/list"}') +
          messageEvent(text),
      },
    ],
    [
      'the answer to an earlier request told again',
      {
        frame: (text) =>
          messageEvent('{"jsonrpc":"2.0","id":0,"result":{}}').repeat(text.includes('"id":0') ? 0 : 2) + messageEvent(text),
      },
    ],
    ['every answer told twice', { frame: (text) => messageEvent(text).repeat(2) }],
  ])('with %s is read', async (_name, options) => {
    const { reason, server } = await visit(sse(options).behaviour);
    expect(reason).toBe('Available');
    // Nothing that the server asks is answered.
    expect(server.calls()).toEqual(['GET', 'initialize', 'notifications/initialized', 'tools/list']);
  });

  it.each<[string, SSEOptions, string]>([
    ['broken JSON', { frame: () => messageEvent('{') }, 'IncompleteResponse'],
    ['no JSON-RPC', { frame: () => messageEvent('{}') }, 'NotMCPEndpoint'],
    ['an answer to another question', { frame: (text) => messageEvent(text.replace('"id":0', '"id":77')) }, 'InvalidResponse'],
    ['an event of more than 4 MiB', { frame: () => messageEvent('x'.repeat(LIMITS.eventBytes + 1)) }, 'ResponseTooLarge'],
    [
      'more than 1,000 events',
      { frame: (text) => messageEvent('{"jsonrpc":"2.0","method":"m"}').repeat(LIMITS.events) + messageEvent(text) },
      'ResponseTooLarge',
    ],
    ['JSON nested too deep', { frame: () => messageEvent('['.repeat(1000)) }, 'ResponseTooLarge'],
    ['an answer that never comes', { frame: () => ': ping\n\n' }, 'RequestTimeout'],
  ])('with %s is judged so', async (_name, options, reason) => {
    expect(await reasonWith(options)).toBe(reason);
  });

  it('of comments without an end is cut where a probe has read enough', async () => {
    const chunk = `: ${'x'.repeat(65_000)}\n`;
    const inner = sse({
      post(_seen, reply, stream) {
        reply.writeHead(202).end();
        const pour = () => {
          while (!stream.destroyed && stream.write(chunk));
          if (!stream.destroyed) stream.once('drain', pour);
        };
        pour();
      },
    });
    expect((await visit(inner.behaviour)).reason).toBe('ResponseTooLarge');
  });

  it.each(['end', 'destroy'] as const)('that is over (%s) before a list is answered is incomplete', async (how) => {
    const inner = sse({
      post(seen, reply, stream, answer) {
        reply.writeHead(202).end();
        if (seen.message?.method === 'tools/list') stream[how]();
        else if (answer !== undefined) stream.write(messageEvent(JSON.stringify(answer)));
      },
    });
    expect((await visit(inner.behaviour)).reason).toBe('IncompleteResponse');
  });

  it('that is over before the next request is incomplete, and the request is not sent', async () => {
    const inner = sse({
      async post(seen, reply, stream, answer) {
        if (seen.message?.method === 'notifications/initialized') {
          stream.end();
          await until(() => stream.closed, { what: 'the stream is closed' });
          // The client has its end before it has this answer.
          setTimeout(() => reply.writeHead(202).end(), 50);
          return;
        }
        reply.writeHead(202).end();
        stream.write(messageEvent(JSON.stringify(answer)));
      },
    });
    const { reason, server } = await visit(inner.behaviour);
    expect(reason).toBe('IncompleteResponse');
    expect(server.calls()).not.toContain('tools/list');
  });
});
