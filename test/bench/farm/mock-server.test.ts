import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../platform/until.ts';
import { type MockServer, openMockServer } from './mock-server.ts';
import { createTally, type Tally } from './tally.ts';

let tally: Tally;
let server: MockServer;
let agent: Agent;

beforeEach(async () => {
  tally = createTally();
  server = await openMockServer(0, { host: '127.0.0.1', port: 0 }, tally);
  agent = new Agent({ connections: 1 });
});
afterEach(async () => {
  await agent.destroy();
  await server.close();
});

async function call(method: string, headers: Record<string, string> = {}) {
  const { origin, pathname: path } = new URL(server.url);
  const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method });
  const { statusCode, body: answer } = await agent.request({ origin, path, method: 'POST', body, headers });
  return { statusCode, answer: JSON.parse(await answer.text()) };
}

describe('a healthy server', () => {
  test('answers discovery and lists five tools, on one connection', async () => {
    const discovered = await call('server/discover');
    expect(discovered.answer).toMatchObject({
      id: 7,
      result: { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
    });
    expect((await call('tools/list')).answer.result.tools).toHaveLength(5);
    expect(tally.read()).toMatchObject({ requests: { 'server/discover': 1, 'tools/list': 1 }, probes: 1, peakConnections: 1 });
  });

  test('knows no other era', async () => {
    expect((await call('initialize')).answer.error.code).toBe(-32_601);
  });
});

test('a healthy server of the legacy era issues a session, takes notifications and deletes, and lists the same tools', async () => {
  await server.become({ kind: 'legacy' });
  const { origin, pathname: path } = new URL(server.url);
  const send = async (method: 'POST' | 'GET' | 'DELETE', message?: object) => {
    const body = message === undefined ? null : JSON.stringify({ jsonrpc: '2.0', ...message });
    const { statusCode, headers, body: answer } = await agent.request({ origin, path, method, body });
    return { statusCode, session: headers['mcp-session-id'], text: await answer.text() };
  };
  const opened = await send('POST', { id: 0, method: 'initialize' });
  expect(opened).toMatchObject({ statusCode: 200, session: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(JSON.parse(opened.text).result).toMatchObject({ protocolVersion: '2025-11-25', capabilities: { tools: {} } });
  expect(await send('POST', { method: 'notifications/initialized' })).toMatchObject({ statusCode: 202, text: '' });
  expect(JSON.parse((await send('POST', { id: 1, method: 'tools/list' })).text).result.tools).toHaveLength(5);
  expect(JSON.parse((await send('POST', { id: 2, method: 'server/discover' })).text).error.code).toBe(-32_601);
  expect(await send('DELETE')).toMatchObject({ statusCode: 200, text: '' });
  expect(await send('GET')).toMatchObject({ statusCode: 405 });
});

describe('a server that changes', () => {
  test('to refused has no listener, and is back on the same port', async () => {
    const { url } = server;
    await call('server/discover');
    await server.become({ kind: 'refused' });
    await agent.destroy();
    agent = new Agent({ connections: 1 });
    await expect(call('server/discover')).rejects.toThrow(/ECONNREFUSED/);
    await server.become({ kind: 'healthy' });
    expect(server.url).toBe(url);
    expect((await call('server/discover')).statusCode).toBe(200);
  });

  test('to unavailable answers 503 after a while, and the second time counts as a retry', async () => {
    await server.become({ kind: 'unavailable', delayMs: 1 });
    expect((await call('server/discover')).statusCode).toBe(503);
    expect(tally.read()).toMatchObject({ retries: 0, peakFailing: 1 });
    await call('server/discover');
    expect(tally.read()).toMatchObject({ retries: 1, peakRetries: 1 });
  });

  test('to a tar-pit hangs, and a client that gives up frees its place', async () => {
    await server.become({ kind: 'tarpit' });
    const hanging = call('server/discover');
    await until(() => tally.read().peakFailing === 1, { what: 'the request has arrived' });
    await agent.destroy();
    await expect(hanging).rejects.toThrow();
    agent = new Agent();
    const countOpen = () => {
      tally.reset();
      return tally.read().peakFailing;
    };
    await until(() => countOpen() === 0, { what: 'nothing is open' });
  });

  test('hangs up on who is connected', async () => {
    await server.become({ kind: 'tarpit' });
    const hanging = expect(call('server/discover')).rejects.toThrow();
    await until(() => tally.read().peakFailing === 1, { what: 'the request has arrived' });
    await server.become({ kind: 'healthy' });
    await hanging;
  });
});
