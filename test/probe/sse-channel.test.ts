import { afterEach, describe, expect, it } from 'vitest';
import type { Resolution } from '../../src/probe/resolve.ts';
import { until } from '../platform/until.ts';
import { json, respond, TOOL } from './behaviours.ts';
import type { Scripted } from './scripted-server.ts';
import { answersInBody, messageEvent, type SSEOptions, sse, type TakePost } from './sse-behaviours.ts';
import { createTestbed, dataObject, reasonOf } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

const pinned = { transport: 'SSE', retry: { attempts: 1 }, probe: { timeoutSeconds: 1, deadlineSeconds: 10 } } as const;
const closed = (server: Scripted) => until(() => server.open() === 0, { what: 'the connections are closed' });

async function visit(options: SSEOptions, spec: object = {}) {
  const sessions = sse(options);
  const server = await bed.serve(sessions.behaviour);
  const report = await bed.probe({ url: server.url('/sse'), ...pinned, ...spec });
  await closed(server);
  return { sessions, server, report, reason: reasonOf(report) };
}

/** A POST that is taken with this status and body, and answered on the stream. */
const taken =
  (httpStatus: number, body = '', type = 'text/plain'): TakePost =>
  (_seen, reply, stream, answer) => {
    reply.writeHead(httpStatus, { 'Content-Type': type }).end(body);
    if (answer !== undefined) stream.write(messageEvent(JSON.stringify(answer)));
  };

describe('a POST', () => {
  it.each([
    ['202', 202, 'Accepted', 'text/plain'],
    ['200 and nothing', 200, '', 'text/plain'],
    ['200 and JSON that is no answer', 200, '{"ok":true}', 'application/json'],
    ['200 and broken JSON', 200, '{', 'application/json'],
    ['204', 204, '', 'text/plain'],
  ])('may be taken with %s', async (_name, httpStatus, body, type) => {
    expect((await visit({ post: taken(httpStatus, body, type) })).reason).toBe('Available');
  });

  it('may be answered in its body instead of the stream, and in both', async () => {
    expect((await visit({ post: answersInBody })).reason).toBe('Available');
    const both: TakePost = (seen, reply, stream, answer) => {
      answersInBody(seen, reply, stream, answer);
      if (answer !== undefined) stream.write(messageEvent(JSON.stringify(answer)));
    };
    expect((await visit({ post: both })).reason).toBe('Available');
  });

  it('whose 202 comes after the answer keeps its connection, and one that never comes is not waited for', async () => {
    const late: TakePost = (_seen, reply, stream, answer) => {
      if (answer !== undefined) stream.write(messageEvent(JSON.stringify(answer)));
      setTimeout(() => reply.writeHead(202).end(), 5);
    };
    const kept = await visit({ post: late });
    expect([kept.reason, kept.server.connections()]).toEqual(['Available', 2]);
    const never: TakePost = (_seen, reply, stream, answer) => {
      if (answer === undefined) reply.writeHead(202).end();
      else stream.write(messageEvent(JSON.stringify(answer)));
    };
    const left = await visit({ post: never });
    expect(left.reason).toBe('Available');
    expect(left.report.durationMs).toBeLessThan(900);
  });

  it('is never sent, nor sent again, once its answer was there and its connection was given up', async () => {
    const unanswered: TakePost = (seen, reply, stream, answer) => {
      if (seen.message?.method === 'tools/list') stream.write(messageEvent(JSON.stringify(answer)));
      else taken(202)(seen, reply, stream, answer);
    };
    const left = await visit({ post: unanswered });
    expect(left.reason).toBe('Available');
    expect(left.server.calls()).toEqual(['GET', 'initialize', 'notifications/initialized', 'tools/list']);
  });

  it('whose way is still being looked for when its answer is there is not sent after that', async () => {
    const told: Resolution = { kind: 'resolved', addresses: [{ address: '127.0.0.1', family: 4 }] };
    const lookUps: { give(): void }[] = [];
    const slow = createTestbed({
      resolve: () => new Promise((resolve) => void lookUps.push({ give: () => resolve(told) })),
    });
    const server = await slow.serve(async (seen, reply) => {
      if (seen.method !== 'GET') return void reply.writeHead(202).end();
      reply.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('event: endpoint\ndata: /message\n\n');
      await until(() => lookUps.length === 2, { what: 'the place of the POST is looked for' });
      reply.write(messageEvent('{"jsonrpc":"2.0","id":0,"error":{"code":-32603,"message":"no"}}'));
    });
    const probing = slow.probe({ url: `http://server.test:${server.port}/sse`, ...pinned });
    await until(() => lookUps.length === 1, { what: 'the server is looked for' });
    lookUps[0]?.give();
    expect(reasonOf(await probing)).toBe('ServerReportedError');
    lookUps[1]?.give();
    // What would still be on its way gets there before this.
    await (await fetch(server.url('/after'), { method: 'DELETE' })).text();
    expect(server.calls()).toEqual(['GET', 'DELETE']);
    await slow.close();
  });

  it.each([
    ['400', 400, 'BadRequest'],
    ['401', 401, 'AuthenticationRequired'],
    ['403', 403, 'AccessDenied'],
    ['413', 413, 'RequestRejected'],
    ['500', 500, 'ServerError'],
    ['503', 503, 'ServerUnavailable'],
  ])('refused with %s is judged by that', async (_name, httpStatus, reason) => {
    const refused = await visit({ post: (_seen, reply) => void reply.writeHead(httpStatus).end('no') });
    expect(refused.reason).toBe(reason);
    expect(refused.server.calls()).toEqual(['GET', 'initialize']);
  });

  it('refused in JSON-RPC, in its body or on the stream, is the server’s own word', async () => {
    const error = { error: { code: -32603, message: 'broken' } };
    const refuse =
      (where: 'body' | 'stream'): TakePost =>
      (seen, reply, stream) => {
        const answer = { jsonrpc: '2.0', id: seen.message?.id, ...error };
        if (where === 'body') return json(reply, 200, answer);
        reply.writeHead(202).end();
        stream.write(messageEvent(JSON.stringify(answer)));
      };
    expect((await visit({ post: refuse('body') })).reason).toBe('ServerReportedError');
    expect((await visit({ post: refuse('stream') })).reason).toBe('ServerReportedError');
  });

  it('is not followed to another origin', async () => {
    const elsewhere: TakePost = (_seen, reply) => void reply.writeHead(307, { Location: 'http://127.0.0.1:1/' }).end();
    expect((await visit({ post: elsewhere })).reason).toBe('RedirectNotFollowed');
  });
});

describe('a session', () => {
  const forgetful = (from: number): TakePost => {
    let lists = 0;
    return (seen, reply, stream, answer) => {
      if (seen.message?.method === 'tools/list') {
        lists += 1;
        if (lists >= from) return void respond(404, 'Could not find session')(seen, reply);
      }
      reply.writeHead(202).end();
      if (answer !== undefined) stream.write(messageEvent(JSON.stringify(answer)));
    };
  };

  it('that is lost is begun anew once, with a stream of its own', async () => {
    let first = true;
    const lost = await visit({
      post(seen, reply, stream, answer) {
        if (seen.message?.method === 'tools/list' && first) {
          first = false;
          return void respond(404, 'Could not find session')(seen, reply);
        }
        reply.writeHead(202).end();
        if (answer !== undefined) stream.write(messageEvent(JSON.stringify(answer)));
      },
    });
    expect(lost.reason).toBe('Available');
    expect(lost.server.calls().filter((call) => call === 'GET')).toHaveLength(2);
    expect(lost.sessions.ended).toEqual(['1', '2']);
  });

  it('that is lost again is told as lost, and so is one that another replica does not know', async () => {
    expect((await visit({ post: forgetful(1) })).reason).toBe('SessionLost');
    const replica = await visit({ post: (seen, reply) => void respond(404, 'Could not find session')(seen, reply) });
    expect(replica.reason).toBe('SessionLost');
    expect(replica.server.calls()).toEqual(['GET', 'initialize', 'GET', 'initialize']);
    const other = await visit({ post: (seen, reply) => void respond(400, 'No transport found for sessionId')(seen, reply) });
    expect(other.reason).toBe('SessionLost');
  });

  it('never outlives its probe: an abort at any moment closes the stream', async () => {
    for (const method of ['GET', 'initialize', 'notifications/initialized', 'tools/list']) {
      const controller = new AbortController();
      const sessions = sse();
      const server = await bed.serve((seen, reply) => {
        if ((seen.message?.method ?? seen.method) === method) {
          if (method === 'GET') void sessions.behaviour(seen, reply);
          controller.abort();
          return;
        }
        return sessions.behaviour(seen, reply);
      });
      const report = await bed.probe({ url: server.url('/sse'), ...pinned }, {}, controller.signal);
      expect(reasonOf(report)).toBe('aborted');
      await closed(server);
      expect(sessions.alive.size, method).toBe(0);
    }
  });

  it('ends with the deadline of the probe', async () => {
    const { report, sessions } = await visit({ frame: () => ': ping\n\n' }, { probe: { timeoutSeconds: 1, deadlineSeconds: 1 } });
    expect(['RequestTimeout', 'ProbeTimeout']).toContain(reasonOf(report));
    expect(sessions.ended).toEqual(['1']);
  });
});

it('credentials and declared headers go with the GET and with each POST', async () => {
  bed.secrets.set('token', dataObject({ token: 'CANARY' }));
  const { server, reason } = await visit(
    {},
    {
      auth: { type: 'Bearer', bearer: { secretKeyRef: { name: 'token', key: 'token' } } },
      headers: [{ name: 'X-Team', value: 'blue' }],
    },
  );
  expect(reason).toBe('Available');
  expect(server.requests.map(({ headers }) => [headers.authorization, headers['x-team']])).toEqual(
    Array.from({ length: 4 }, () => ['Bearer CANARY', 'blue']),
  );
});

it('the session in the endpoint’s query is no part of what is told', async () => {
  const { report } = await visit({
    endpoint: (_seen, session) => `/message?session=${session}&key=CANARY`,
    frame: () => messageEvent('{'),
  });
  expect(JSON.stringify([report, bed.events])).not.toContain('CANARY');
});

it('a list of many pages comes over one stream', async () => {
  let page = 0;
  const paged = await visit({
    post(seen, reply, stream, answer) {
      reply.writeHead(202).end();
      if (answer === undefined) return;
      const { id, method } = seen.message ?? {};
      if (method === 'tools/list') page += 1;
      const tools = [{ ...TOOL, name: `tool-${page}` }];
      const listed = { jsonrpc: '2.0', id, result: { tools, ...(page < 60 ? { nextCursor: `c${page}` } : {}) } };
      stream.write(messageEvent(JSON.stringify(method === 'tools/list' ? listed : answer)));
    },
  });
  expect(paged.report).toMatchObject({ outcome: { finding: { snapshot: { tools: { items: { length: 60 } } } } } });
  expect(paged.server.connections()).toBe(2);
});
