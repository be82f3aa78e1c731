import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { MCPServerSpec } from '../../src/api/v1alpha1/spec.ts';
import { LIMITS } from '../../src/probe/limits.ts';
import { until } from '../platform/until.ts';
import { json, legacy, modern, respond, result, rpcError, TOOL } from './behaviours.ts';
import { type Behaviour, closedPort } from './scripted-server.ts';
import { sse } from './sse-behaviours.ts';
import { createTestbed, dataObject, reasonOf } from './testbed.ts';
import { describeTransport } from './transport-contract.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

describeTransport('Streamable HTTP, modern', (offer) => ({ behaviour: modern(offer), spec: {} }));
describeTransport('Streamable HTTP, legacy with JSON answers', (offer) => ({ behaviour: legacy(offer).behaviour, spec: {} }));
describeTransport('Streamable HTTP, legacy with event streams', (offer) => ({
  behaviour: legacy({ ...offer, answers: 'SSE' }).behaviour,
  spec: {},
}));
describeTransport('Streamable HTTP, legacy without sessions, version 2025-03-26', (offer) => ({
  behaviour: legacy({ ...offer, sessions: false, version: '2025-03-26' }).behaviour,
  spec: { protocol: 'Legacy' },
}));
describeTransport('HTTP+SSE, pinned', (offer) => ({
  behaviour: sse(offer).behaviour,
  spec: { transport: 'SSE' },
  connections: 2,
}));
describeTransport('HTTP+SSE, detected', (offer) => ({ behaviour: sse(offer).behaviour, spec: {}, connections: 2 }));

describe('a healthy modern server', () => {
  it('is read with two requests on one connection', async () => {
    const server = await bed.serve(modern());
    const report = await bed.probe({ url: server.url() });
    expect(report).toMatchObject({
      attempts: 1,
      verdict: { kind: 'available' },
      outcome: {
        finding: {
          era: 'Modern',
          transport: 'StreamableHTTP',
          protocolVersion: '2026-07-28',
          negotiated: true,
          server: { name: 'scripted', version: '1.2.3', title: 'Scripted server' },
        },
      },
    });
    expect(server.calls()).toEqual(['server/discover', 'tools/list']);
    expect(server.connections()).toBe(1);
    await until(() => server.open() === 0, { what: 'the connection is closed' });
  });

  it('shows the URL without its query, which is sent all the same', async () => {
    const server = await bed.serve(modern());
    const report = await bed.probe({ url: server.url('/mcp?key=topsecret') });
    expect(report).toMatchObject({ outcome: { finding: { url: server.url('/mcp') } } });
    expect(server.requests[0]?.path).toBe('/mcp?key=topsecret');
    expect(JSON.stringify([report, bed.events])).not.toContain('topsecret');
  });

  it('gets neither cookies nor an Origin header, and identity encoding is asked for', async () => {
    const server = await bed.serve((seen, reply) => {
      reply.setHeader('Set-Cookie', 'a=b');
      return modern()(seen, reply);
    });
    await bed.probe({ url: server.url() });
    for (const { headers } of server.requests) {
      expect(headers).not.toHaveProperty('cookie');
      expect(headers).not.toHaveProperty('origin');
      expect(headers['accept-encoding']).toBe('identity');
      expect(headers.accept).toBe('application/json, text/event-stream');
    }
  });

  it('gets back a cursor that is not ASCII as it gave it', async () => {
    const server = await bed.serve((seen, reply) => {
      if (seen.message?.method !== 'tools/list') return modern()(seen, reply);
      const isFirst = seen.message.params['cursor'] === undefined;
      json(reply, 200, result(seen, { resultType: 'complete', tools: [], ...(isFirst && { nextCursor: 'é→𝄞' }) }));
    });
    expect(reasonOf(await bed.probe({ url: server.url() }))).toBe('Available');
    expect(server.requests.at(-1)?.message?.params['cursor']).toBe('é→𝄞');
  });

  it('is found through a Service by the name of its port', async () => {
    const server = await bed.serve(modern());
    const asked: string[] = [];
    const own = createTestbed({
      resolve: async (host) => {
        asked.push(host);
        return { kind: 'resolved', addresses: [{ address: '127.0.0.1', family: 4 }] };
      },
    });
    own.services.set('tools', { ports: [{ name: 'mcp', port: server.port }] });
    const report = await own.probe({ serviceRef: { name: 'tools', port: 'mcp' } });
    expect(reasonOf(report)).toBe('Available');
    expect(asked).toEqual(['tools.team.svc']);
    expect(server.requests[0]?.headers.host).toBe(`tools.team.svc:${server.port}`);
    expect(reasonOf(await own.probe({ serviceRef: { name: 'tools', port: 'other' } }))).toBe('ServiceNotFound');
    expect(reasonOf(await own.probe({ serviceRef: { name: 'missing', port: 80 } }))).toBe('ServiceNotFound');
  });
});

describe('statuses', () => {
  const rows: [string, number, Record<string, string>, string, string, number][] = [
    ['408', 408, {}, '', 'RequestTimeout', 3],
    ['425', 425, {}, '', 'RequestTimeout', 3],
    ['429', 429, {}, '', 'RateLimited', 1],
    ['500', 500, {}, 'boom', 'ServerError', 3],
    ['501', 501, {}, '', 'ServerError', 1],
    ['502 page', 502, { 'Content-Type': 'text/html' }, '<html>', 'ServerError', 3],
    ['503', 503, {}, '', 'ServerUnavailable', 3],
    ['503 with Retry-After', 503, { 'Retry-After': '7' }, '', 'ServerUnavailable', 1],
    ['505', 505, {}, '', 'ServerError', 1],
    ['524', 524, {}, '', 'ServerError', 3],
    ['401', 401, { 'WWW-Authenticate': 'Bearer' }, '', 'AuthenticationRequired', 1],
    ['401 with "timeout" in its body', 401, {}, 'gateway timeout', 'AuthenticationRequired', 1],
    ['402', 402, {}, '', 'AccessDenied', 1],
    ['403', 403, {}, '', 'AccessDenied', 1],
    ['403 insufficient_scope', 403, { 'WWW-Authenticate': 'Bearer error="insufficient_scope"' }, '', 'InsufficientScope', 1],
    ['403 of a gateway that timed out', 403, {}, 'upstream call timeout', 'AuthorizationTimeout', 3],
    ['403 of a host guard', 403, {}, 'Invalid Host header', 'HostNotAllowed', 1],
    ['421', 421, {}, 'Invalid Host header', 'HostNotAllowed', 1],
    ['404', 404, {}, 'not here', 'EndpointNotFound', 1],
    ['410', 410, {}, '', 'EndpointNotFound', 1],
    ['405', 405, { Allow: 'GET' }, '', 'MethodNotAllowed', 1],
    ['400', 400, {}, 'bad', 'BadRequest', 1],
    ['415', 415, {}, '', 'RequestRejected', 1],
    ['407', 407, {}, '', 'ProxyAuthenticationRequired', 1],
    ['HTML with 200', 200, { 'Content-Type': 'text/html' }, '<!doctype html><title>Sign in</title>', 'NotMCPEndpoint', 1],
    ['a page without a type', 200, {}, '<html></html>', 'NotMCPEndpoint', 1],
    ['an empty 200', 200, { 'Content-Type': 'application/json' }, '', 'NotMCPEndpoint', 1],
    ['202', 202, {}, '', 'NotMCPEndpoint', 1],
    ['204', 204, {}, '', 'NotMCPEndpoint', 1],
    ['JSON that is no JSON-RPC', 200, { 'Content-Type': 'application/json' }, '{"hello":1}', 'NotMCPEndpoint', 1],
    ['text', 200, { 'Content-Type': 'text/plain' }, 'hello', 'NotMCPEndpoint', 1],
    ['status 600', 600, {}, '', 'NotMCPEndpoint', 1],
    ['an unknown encoding', 200, { 'Content-Encoding': 'zstd', 'Content-Type': 'application/json' }, 'x', 'InvalidResponse', 1],
    ['a broken encoding', 200, { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' }, 'x', 'InvalidResponse', 1],
    ['503 with an unknown encoding', 503, { 'Content-Encoding': 'zstd', 'Retry-After': '1' }, 'x', 'ServerUnavailable', 1],
  ];
  it.each(rows)('A9: %s', async (_name, httpStatus, headers, body, reason, attempts) => {
    const server = await bed.serve(respond(httpStatus, body, headers));
    const report = await bed.probe({ url: server.url() });
    expect(reasonOf(report)).toBe(reason);
    expect(report.attempts).toBe(attempts);
    expect(server.connections()).toBe(attempts);
  });

  it('takes Retry-After along, clamped', async () => {
    const server = await bed.serve(respond(429, '', { 'Retry-After': '999999' }));
    expect(await bed.probe({ url: server.url() })).toMatchObject({ verdict: { retryAfterMs: 3_600_000 } });
  });

  it('D1: a server that lets anyone initialize and refuses tools/list in words is denied', async () => {
    for (const text of ['Missing Authorization header', 'Token has expired', 'Invalid token: bad signature']) {
      const inner = legacy().behaviour;
      const server = await bed.serve((seen, reply) => {
        if (seen.message?.method === 'tools/list') return json(reply, 200, rpcError(seen, 0, text));
        return inner(seen, reply);
      });
      const report = await bed.probe({ url: server.url() });
      expect(report.verdict).toMatchObject({ class: 'Denied', reason: 'AuthenticationRequired' });
      expect(server.calls().at(-1)).toBe('DELETE');
    }
  });

  it('A3: a list that is refused is never Ready, and no anonymous request follows', async () => {
    bed.secrets.set('token', dataObject({ t: 'abcdefgh' }));
    const server = await bed.serve((seen, reply) => {
      if (seen.message?.method === 'tools/list') return respond(403)(seen, reply);
      return modern()(seen, reply);
    });
    const report = await bed.probe({
      url: server.url(),
      auth: { type: 'Bearer', bearer: { secretKeyRef: { name: 'token', key: 't' } } },
    });
    expect(report.verdict).toMatchObject({ class: 'Denied', reason: 'AccessDenied' });
    expect(server.requests.every(({ headers }) => headers.authorization === 'Bearer abcdefgh')).toBe(true);
  });

  it('A10: a refused connection is told from what is nested in the error', async () => {
    const port = await closedPort();
    const own = createTestbed({
      resolve: async () => ({
        kind: 'resolved',
        addresses: [
          { address: '127.0.0.1', family: 4 },
          { address: '127.0.0.2', family: 4 },
        ],
      }),
    });
    const report = await own.probe({ url: `http://two.example:${port}/mcp` });
    expect(reasonOf(report)).toBe('ConnectionRefused');
    expect(report.attempts).toBe(1);
  });
});

describe('isolation', () => {
  it('A5: hostile servers beside healthy ones change and delay nothing', async () => {
    const tarpit = await bed.serveRaw(() => {});
    const flood = await bed.serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n');
      const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
      const pump = () => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', pump);
      pump();
    });
    const healthy = await Promise.all(Array.from({ length: 10 }, () => bed.serve(modern())));
    const probe = { timeoutSeconds: 2, deadlineSeconds: 3 };
    const hostile = [tarpit, flood, tarpit, flood].map((server) => bed.probe({ url: server.url(), probe }));
    const started = performance.now();
    const reports = await Promise.all(healthy.map((server) => bed.probe({ url: server.url() })));
    expect(performance.now() - started).toBeLessThan(1500);
    expect(reports.map(reasonOf)).toEqual(Array.from({ length: 10 }, () => 'Available'));
    expect((await Promise.all(hostile)).map(reasonOf)).toEqual([
      'ProbeTimeout',
      'ResponseTooLarge',
      'ProbeTimeout',
      'ResponseTooLarge',
    ]);
  });

  it('A5: answers that fill the memory of all probes give no verdict on who comes late, and take nothing from small ones', async () => {
    // 17 of them leave 4 bytes of what all probes share.
    const bytes = LIMITS.ownBytes + Math.floor(LIMITS.sharedBytes / 17);
    const hoarder = await bed.serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4194304\r\n\r\n');
      socket.write('x'.repeat(bytes));
    });
    const small = await bed.serve(modern());
    const tools = Array.from({ length: 100 }, (_, index) => ({ ...TOOL, name: `tool-${index}`, description: 'x'.repeat(1000) }));
    const large = await bed.serve(modern({ lists: { 'tools/list': { tools } } }));
    const abort = new AbortController();
    const hoarders = Array.from({ length: 17 }, () => bed.probe({ url: hoarder.url() }, {}, abort.signal));
    const isCrowded = async () => (await bed.probe({ url: large.url() })).verdict.kind === 'none';
    await until(isCrowded, { what: 'the memory to be full' });
    expect((await bed.probe({ url: large.url() })).verdict).toEqual({ kind: 'none', why: 'undecided' });
    expect(reasonOf(await bed.probe({ url: small.url() }))).toBe('Available');
    abort.abort();
    await Promise.all(hoarders);
    expect(reasonOf(await bed.probe({ url: large.url() }))).toBe('Available');
  });

  it('E4: two objects share no connection, not even to one server with one identity', async () => {
    const server = await bed.serve(modern());
    await Promise.all([bed.probe({ url: server.url() }), bed.probe({ url: server.url() })]);
    expect(server.connections()).toBe(2);
    const byConnection = server.requests.map(({ connection, message }) => `${connection} ${message?.method}`).sort();
    expect(byConnection).toEqual(['1 server/discover', '1 tools/list', '2 server/discover', '2 tools/list']);
  });

  it('D2: one URL and two identities are two snapshots', async () => {
    const server = await bed.serve((seen, reply) => {
      const tools = seen.headers.authorization === 'Bearer read-and-write' ? [TOOL, { ...TOOL, name: 'write' }] : [];
      return modern({ lists: { 'tools/list': { tools } } })(seen, reply);
    });
    bed.secrets.set('a', dataObject({ t: 'read-and-write' }));
    bed.secrets.set('b', dataObject({ t: 'nothing-at-all' }));
    const count = async (name: string) => {
      const report = await bed.probe({
        url: server.url(),
        auth: { type: 'Bearer', bearer: { secretKeyRef: { name, key: 't' } } },
      });
      return report.outcome.kind === 'succeeded' ? report.outcome.finding.snapshot.tools?.items.length : reasonOf(report);
    };
    expect([await count('a'), await count('b')]).toEqual([2, 0]);
  });
});

describe('an abort', () => {
  it('in flight ends soon as aborted and frees the socket', async () => {
    const server = await bed.serveRaw(() => {});
    const controller = new AbortController();
    const running = bed.probe({ url: server.url() }, {}, controller.signal);
    await until(() => server.requests.length === 1, { what: 'the request is there' });
    controller.abort();
    const report = await running;
    expect(report).toMatchObject({ outcome: { kind: 'aborted' }, verdict: { kind: 'none', why: 'aborted' } });
    await until(() => server.open() === 0, { what: 'the server sees the close' });
  });

  it('before the start sends nothing', async () => {
    const server = await bed.serve(modern());
    const report = await bed.probe({ url: server.url() }, {}, AbortSignal.abort());
    expect(report.outcome.kind).toBe('aborted');
    expect(server.connections()).toBe(0);
  });

  it('between attempts is no verdict', async () => {
    const server = await bed.serve(respond(500));
    const controller = new AbortController();
    const running = bed.probe({ url: server.url() }, {}, controller.signal);
    await until(() => server.requests.length === 1, { what: 'the first attempt was made' });
    controller.abort();
    expect((await running).outcome.kind).toBe('aborted');
  });

  it('in a legacy session still ends the session', async () => {
    const inner = legacy();
    const server = await bed.serve((seen, reply) =>
      seen.message?.method === 'tools/list' ? undefined : inner.behaviour(seen, reply),
    );
    const controller = new AbortController();
    const running = bed.probe({ url: server.url(), protocol: 'Legacy' }, {}, controller.signal);
    await until(() => server.calls().includes('tools/list'), { what: 'the list is asked for' });
    controller.abort();
    expect((await running).outcome.kind).toBe('aborted');
    expect(inner.ended).toEqual(['session-1']);
  });
});

describe('no verdict and no request', () => {
  it('when the API server is away: nothing was learned', async () => {
    const server = await bed.serve(modern());
    bed.away = true;
    const auth = { type: 'Bearer', bearer: { secretKeyRef: { name: 'x', key: 'y' } } } as const;
    expect(reasonOf(await bed.probe({ url: server.url(), auth }))).toBe('undecided');
    expect(reasonOf(await bed.probe({ serviceRef: { name: 'x', port: 80 } }))).toBe('undecided');
    expect(server.connections()).toBe(0);
  });

  it('for what this version can not probe', async () => {
    const server = await bed.serve(modern());
    const oauth = {
      type: 'OAuthClientCredentials',
      oauth: { issuer: 'https://issuer.example', resourceIndicator: 'Send' },
    } as const;
    const contradiction = { transport: 'SSE', protocol: 'Modern' } as const;
    for (const broken of [{ auth: oauth }, contradiction, { url: 'ftp://x/' }, { url: 'http://u:p@127.0.0.1/' }]) {
      // What an older schema let pass reaches the prober as it is.
      const spec = { ...MCPServerSpec.parse({ url: server.url() }), ...broken };
      expect(await bed.probe({ url: server.url() }, { spec })).toMatchObject({ attempts: 0, verdict: { reason: 'InvalidSpec' } });
    }
    expect(server.connections()).toBe(0);
  });
});

it('an answer that a server gives to another question is not taken', async () => {
  const server = await bed.serve((seen, reply) => json(reply, 200, { ...(result(seen, {}) as object), id: 77 }));
  expect(reasonOf(await bed.probe({ url: server.url() }))).toBe('InvalidResponse');
});

describe('E5: a credential', () => {
  const canary = 'C4nary+/=t0ken&9d1f';
  const forms = [
    canary,
    Buffer.from(canary).toString('base64'),
    Buffer.from(canary).toString('base64url'),
    Buffer.from(canary).toString('hex'),
    encodeURIComponent(canary),
  ];
  const echo = forms.join(' ');
  const reflected = { 'Content-Type': 'application/json', 'X-Echo': canary, Location: `http://evil.example/${canary}` };
  const fail = (status: number, extra: Record<string, string> = {}) => respond(status, echo, { ...reflected, ...extra });
  const inTools = modern({
    serverInfo: { name: echo, version: canary, title: `Bearer ${canary}` },
    capabilities: { tools: {}, [canary]: {} },
    lists: { 'tools/list': { tools: forms.map((name) => ({ ...TOOL, name })) } },
  });
  const fixtures: [string, Behaviour][] = [
    ...[200, 202, 302, 307, 400, 401, 402, 403, 404, 405, 408, 429, 431, 500, 503, 600].map((status): [string, Behaviour] => [
      `${status}`,
      fail(status),
    ]),
    ['401 with a challenge', fail(401, { 'WWW-Authenticate': `Bearer error="${canary}", realm="${canary}"` })],
    ['a JSON-RPC error', (seen, reply) => json(reply, 200, rpcError(seen, 0, `Invalid token: ${echo}`, { status: 401, echo }))],
    ['a version that nobody knows', (seen, reply) => json(reply, 400, rpcError(seen, -32022, echo, { supported: [canary] }))],
    ['names that reflect it', inTools],
    ['a stream', (_seen, reply) => void reply.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(`data: ${echo}\n\n`)],
    [
      'a cut answer',
      (_seen, reply) => void reply.writeHead(200, { 'Content-Length': '9999' }).write(echo, () => reply.destroy()),
    ],
  ];
  const charsets: [string, Buffer][] = [
    ['UTF-8', Buffer.from('pässwörd-ÿ€-0123456789', 'utf8')],
    ['ISO 8859-1', Buffer.from('pässwörd-ÿþ-0123456789', 'latin1')],
  ];
  it.each(charsets)(
    'E5: in %s is in no name that a server makes of it, however it reads the bytes that were sent',
    async (_charset, sent) => {
      bed.secrets.set('token', { data: new Map([['t', sent]]), annotations: {}, resourceVersion: '1' });
      const readings = [sent.toString('latin1'), sent.toString('utf8'), new TextDecoder('windows-1252').decode(sent)];
      const forms = readings.flatMap((read) => [
        read,
        encodeURIComponent(read),
        Buffer.from(read).toString('hex'),
        ...['', 'a', 'ab'].map((before) => Buffer.from(`${before}${read}`).toString('base64')),
      ]);
      const server = await bed.serve(
        modern({
          serverInfo: { name: forms.join(' ').slice(0, 250), version: readings[0], title: `Bearer ${readings[1]}` },
          capabilities: { tools: {}, ...Object.fromEntries(readings.map((read) => [read, {}])) },
          lists: { 'tools/list': { tools: forms.map((name) => ({ ...TOOL, name })) } },
        }),
      );
      const auth = { type: 'Bearer', bearer: { secretKeyRef: { name: 'token', key: 't' } } } as const;
      const report = await bed.probe({ url: server.url(), auth });
      expect(reasonOf(report)).toBe('Available');
      // Node's server reads header values byte by byte.
      expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${sent.toString('latin1')}`);
      const output = JSON.stringify([report, bed.events, bed.audit]);
      // The first and the last group of base64 may mix bytes of the secret with others; what is between may not show.
      for (const form of forms) expect(output).not.toContain(form.slice(4, -4));
    },
  );

  it.each(fixtures)('E5: is in no report and no log after %s', async (_name, behaviour) => {
    bed.secrets.set('token', dataObject({ t: canary }));
    const server = await bed.serve(behaviour);
    const report = await bed.probe({
      url: `${server.url()}?key=${encodeURIComponent(canary)}`,
      auth: { type: 'Bearer', bearer: { secretKeyRef: { name: 'token', key: 't' } } },
      headers: [{ name: 'X-Other', valueFrom: { secretKeyRef: { name: 'token', key: 't' } } }],
      retry: { attempts: 1 },
    });
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${canary}`);
    const everything = [report, bed.events, bed.audit];
    const output = JSON.stringify(everything) + inspect(everything, { depth: 99 });
    for (const form of forms) expect(output).not.toContain(form);
  });
});
