import { expect, test } from 'vitest';
import { createLegacyServer, createModernServer } from '../../../../hack/demo/servers/healthy.ts';
import { type Answer, INITIALIZE, MODERN_VERSION, post, postModern, toolsOf, withServer } from './wire.ts';

test('the modern server is discovered and lists its tools, without a session', () =>
  withServer(createModernServer, async (url) => {
    const discovered = await postModern(url, 'server/discover');
    expect([discovered.status, discovered.headers.get('mcp-session-id')]).toEqual([200, null]);
    expect(discovered.text).toContain(MODERN_VERSION);
    expect(Object.keys(toolsOf(await postModern(url, 'tools/list')))).toEqual(['current_weather', 'forecast', 'warnings']);
  }));

test('the modern server refuses initialize', () =>
  withServer(createModernServer, async (url) => {
    const answer = await post(url, INITIALIZE);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('-32022');
  }));

test('the legacy server opens a session, lists its tools in it, and ends it', () =>
  withServer(createLegacyServer, async (url) => {
    const opened = await post(url, INITIALIZE);
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '', 'mcp-protocol-version': '2025-11-25' };
    expect([opened.status, session['mcp-session-id']]).toEqual([200, expect.stringMatching(/^[\da-f-]{36}$/)]);
    expect((await post(url, { method: 'notifications/initialized' }, session)).status).toBe(202);
    expect(Object.keys(toolsOf(await post(url, { id: 2, method: 'tools/list' }, session)))).toEqual([
      'find_ticket',
      'read_ticket',
    ]);
    expect((await fetch(url, { method: 'DELETE', headers: session })).status).toBe(200);
    expect((await post(url, { id: 3, method: 'tools/list' }, session)).status).toBe(404);
  }));

test('the legacy server knows no discovery and lists nothing without a session', () =>
  withServer(createLegacyServer, async (url) => {
    expect((await postModern(url, 'server/discover')).status).toBe(400);
    expect((await post(url, { id: 1, method: 'tools/list' })).status).toBe(400);
  }));

test('the legacy server bounds its sessions, and an ended one makes room', () =>
  withServer(createLegacyServer, async (url) => {
    const answers: Answer[] = [];
    for (let count = 0; count < 65; count++) answers.push(await post(url, INITIALIZE));
    expect([new Set(answers.slice(0, 64).map(({ status }) => status)), answers[64]?.status]).toEqual([new Set([200]), 503]);
    const id = answers[0]?.headers.get('mcp-session-id') ?? '';
    await fetch(url, { method: 'DELETE', headers: { 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' } });
    expect((await post(url, INITIALIZE)).status).toBe(200);
  }));
