import { afterEach, describe, expect, it } from 'vitest';
import { json, legacy, MODERN, modern, respond, result, rpcError } from './behaviours.ts';
import type { Behaviour, Seen } from './scripted-server.ts';
import { createTestbed, reasonOf } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

const rememberedLegacy = { transport: 'StreamableHTTP', era: 'Legacy', protocolVersion: '2025-11-25' } as const;
const rememberedModern = { transport: 'StreamableHTTP', era: 'Modern', protocolVersion: MODERN } as const;

/** A legacy server whose answer to `server/discover` is scripted. */
function legacyThatAnswers(discover: Behaviour): Behaviour {
  const { behaviour } = legacy({ sessions: false });
  return (seen, reply) => (seen.message?.method === 'server/discover' ? discover(seen, reply) : behaviour(seen, reply));
}

const eraOf = (report: Awaited<ReturnType<typeof bed.probe>>) =>
  report.outcome.kind === 'succeeded' ? report.outcome.finding.era : reasonOf(report);

describe('with `protocol: Auto`', () => {
  it.each<[string, Behaviour]>([
    [
      'a DiscoverResult with legacy versions only',
      (seen, reply) => json(reply, 200, result(seen, { supportedVersions: ['2025-11-25'], capabilities: {} })),
    ],
    ['a JSON-RPC error with 200', (seen, reply) => json(reply, 200, rpcError(seen, -32601))],
    ['404 with −32601', (seen, reply) => json(reply, 404, rpcError(seen, -32601))],
    ['400 with −32000', (seen, reply) => json(reply, 400, rpcError(seen, -32000))],
    ['404 as text', respond(404, 'nope')],
    ['405', respond(405)],
    ['406', respond(406)],
    [
      '−32022 with legacy versions',
      (seen, reply) => json(reply, 400, rpcError(seen, -32022, 'no', { supported: ['2025-06-18'] })),
    ],
    ['−32020', (seen, reply) => json(reply, 400, rpcError(seen, -32020))],
    ['401 with a JSON body and no challenge', (_seen, reply) => json(reply, 401, { error: 'who are you' })],
    ['an answer to something else', (seen, reply) => json(reply, 200, result(seen, {}))],
  ])('%s leads to initialize', async (_name, discover) => {
    const server = await bed.serve(legacyThatAnswers(discover));
    expect(eraOf(await bed.probe({ url: server.url() }))).toBe('Legacy');
    expect(server.calls()).toEqual(['server/discover', 'initialize', 'notifications/initialized', 'tools/list']);
    expect(server.connections()).toBe(1);
  });

  it.each([
    ['401 with a challenge', 401, { 'WWW-Authenticate': 'Bearer' }],
    ['401 as text', 401, {}],
    ['403', 403, {}],
    ['407', 407, {}],
    ['429', 429, {}],
    ['501', 501, {}],
    ['503 with Retry-After', 503, { 'Retry-After': '5' }],
  ] as [string, number, Record<string, string>][])('%s is no evidence: one request', async (_name, httpStatus, headers) => {
    const server = await bed.serve(legacyThatAnswers(respond(httpStatus, 'no', headers)));
    await bed.probe({ url: server.url() });
    expect(server.calls()).toEqual(['server/discover']);
  });

  it('−32022 with a version of ours repeats once', async () => {
    let count = 0;
    const inner = modern();
    const server = await bed.serve((seen, reply) => {
      count += 1;
      return count === 1 ? json(reply, 400, rpcError(seen, -32022, 'no', { supported: [MODERN] })) : inner(seen, reply);
    });
    expect(eraOf(await bed.probe({ url: server.url() }))).toBe('Modern');
    expect(server.calls()).toEqual(['server/discover', 'server/discover', 'tools/list']);
    server.become((seen, reply) => json(reply, 400, rpcError(seen, -32022, 'no', { supported: [MODERN] })));
    server.requests.length = 0;
    await bed.probe({ url: server.url() });
    expect(server.calls()).toEqual(['server/discover', 'server/discover']);
  });

  it('no common version is told, and nothing else is tried', async () => {
    const server = await bed.serve((seen, reply) =>
      json(reply, 400, rpcError(seen, -32022, 'no', { supported: ['2030-01-01'] })),
    );
    expect(eraOf(await bed.probe({ url: server.url() }))).toBe('UnsupportedProtocolVersion');
    server.become((seen, reply) => json(reply, 200, result(seen, { supportedVersions: ['2030-01-01'], capabilities: {} })));
    expect(eraOf(await bed.probe({ url: server.url() }))).toBe('UnsupportedProtocolVersion');
    expect(server.calls()).toEqual(['server/discover', 'server/discover']);
  });

  it('a version that initialize does not know is told, and its session is ended', async () => {
    const inner = legacy({ version: '2031-01-01' });
    const server = await bed.serve(inner.behaviour);
    expect(eraOf(await bed.probe({ url: server.url() }))).toBe('UnsupportedProtocolVersion');
    expect(inner.ended).toEqual(['session-1']);
  });

  it.each([
    ['−32020 and a refused initialize', -32020, 'HeaderMismatch', []],
    ['−32021 and a refused initialize', -32021, 'ClientCapabilityRequired', []],
    ['−32601 twice', -32601, 'ProtocolError', ['GET']],
  ])('%s', async (_name, code, reason, more) => {
    const server = await bed.serve((seen: Seen, reply) => {
      json(reply, 400, rpcError(seen, seen.message?.method === 'server/discover' ? code : -32601));
    });
    expect(eraOf(await bed.probe({ url: server.url() }))).toBe(reason);
    expect(server.calls()).toEqual(['server/discover', 'initialize', ...more]);
  });
});

describe('a pinned era', () => {
  it('Legacy is not asked for another', async () => {
    const server = await bed.serve(legacy().behaviour);
    expect(eraOf(await bed.probe({ url: server.url(), protocol: 'Legacy' }))).toBe('Legacy');
    expect(server.calls()[0]).toBe('initialize');
    server.become(modern());
    expect(await bed.probe({ url: server.url(), protocol: 'Legacy' })).toMatchObject({ verdict: { class: 'Permanent' } });
    expect(server.calls().filter((call) => call === 'server/discover')).toEqual([]);
  });

  it('Modern does not fall back', async () => {
    const server = await bed.serve(legacy().behaviour);
    expect(await bed.probe({ url: server.url(), protocol: 'Modern' })).toMatchObject({ verdict: { kind: 'failing' } });
    expect(server.calls()).toEqual(['server/discover']);
  });
});

describe('a remembered era', () => {
  it('is used first and is not called negotiated', async () => {
    const server = await bed.serve(legacy().behaviour);
    const report = await bed.probe({ url: server.url() }, { remembered: rememberedLegacy });
    expect(report).toMatchObject({ outcome: { finding: { era: 'Legacy', negotiated: false } } });
    expect(server.calls()[0]).toBe('initialize');
    server.become(modern());
    const again = await bed.probe({ url: server.url() }, { remembered: rememberedModern });
    expect(again).toMatchObject({ outcome: { finding: { era: 'Modern', negotiated: false } } });
  });

  it('that is wrong is detected anew in the same attempt', async () => {
    const server = await bed.serve(modern());
    const report = await bed.probe({ url: server.url() }, { remembered: rememberedLegacy });
    expect(report).toMatchObject({ attempts: 1, outcome: { finding: { era: 'Modern', negotiated: true } } });
    server.become(legacy().behaviour);
    const again = await bed.probe({ url: server.url() }, { remembered: rememberedModern });
    expect(again).toMatchObject({ attempts: 1, outcome: { finding: { era: 'Legacy', negotiated: true } } });
  });

  it('is not doubted by an overloaded server', async () => {
    const server = await bed.serve(respond(429));
    await bed.probe({ url: server.url() }, { remembered: rememberedLegacy });
    expect(server.calls()).toEqual(['initialize']);
  });
});
