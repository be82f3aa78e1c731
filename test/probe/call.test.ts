import { afterEach, expect, test } from 'vitest';
import { createCall, isSentOnce, nameHeaderOf } from '../../src/probe/call.ts';
import { json, legacy, modern, respond, result, rpcError } from './behaviours.ts';
import type { Behaviour } from './scripted-server.ts';
import { sse } from './sse-behaviours.ts';
import { createTestbed, reasonOf } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

const lists = { 'tools/call': { content: [{ type: 'text', text: 'done' }] } };
const PARAMS = { name: 'echo', arguments: { a: 1 } };

async function call(behaviour: Behaviour, spec: object = {}) {
  const server = await bed.serve(behaviour);
  const one = createCall('tools/call', PARAMS);
  const retry = { attempts: 2 };
  const report = await bed.probe(
    { url: server.url('/sse'), probe: { timeoutSeconds: 1 }, retry, ...spec },
    { errand: one.errand },
  );
  const times = server.calls().filter((method) => method === 'tools/call').length;
  return { server, one, report, times };
}

/** `inner`, but `answer` to the call itself. */
const butCall =
  (inner: Behaviour, answer: Behaviour): Behaviour =>
  (seen, reply) =>
    (seen.message?.method === 'tools/call' ? answer : inner)(seen, reply);

test.each([
  ['the modern era', () => modern({ lists })],
  ['the legacy era', () => legacy({ lists }).behaviour],
  ['the legacy era with answers as a stream', () => legacy({ lists, answers: 'SSE' }).behaviour],
  ['HTTP+SSE', () => sse({ lists }).behaviour],
])('one call in %s: a handshake, the call and no list', async (_, make) => {
  const { server, one, report, times } = await call(make());
  expect(one.result()?.result).toMatchObject(lists['tools/call']);
  expect(report.verdict.kind).toBe('available');
  expect(times).toBe(1);
  expect(server.calls()).not.toContain('tools/list');
  const sent = server.requests.find(({ message }) => message?.method === 'tools/call')?.message?.params;
  expect(sent).toMatchObject(PARAMS);
});

test('a session is ended after the call', async () => {
  const { behaviour, ended } = legacy({ lists });
  await call(behaviour);
  expect(ended).toEqual(['session-1']);
});

test('in the modern era a header names what is called', async () => {
  const { server } = await call(modern({ lists }));
  expect(server.requests.at(-1)?.headers['mcp-name']).toBe('echo');
});

test('an error that the tool reports is an answer', async () => {
  const { one, report } = await call(modern({ lists: { 'tools/call': { isError: true, content: [] } } }));
  expect(one.result()?.result['isError']).toBe(true);
  expect(report.verdict.kind).toBe('available');
});

test.each<[string, Behaviour]>([
  ['503', respond(503)],
  ['a broken connection', (_seen, reply) => void reply.destroy()],
  ['silence', () => {}],
  ['a redirect to the same origin', respond(307, '', { location: '/other' })],
  ['401', respond(401)],
  ['404, as of a lost session', respond(404)],
  ['−32601', (seen, reply) => json(reply, 200, rpcError(seen, -32601))],
  ['a page', respond(200, '<html>', { 'content-type': 'text/html' })],
  ['a wish for input', (seen, reply) => json(reply, 200, result(seen, { resultType: 'input_required' }))],
])('a call that was answered with %s is not sent again, in either era and transport', async (_, answer) => {
  for (const inner of [modern(), legacy().behaviour, sse().behaviour]) {
    const { one, report, times } = await call(butCall(inner, answer));
    expect(report.verdict.kind).toBe('failing');
    expect(one.result()).toBeUndefined();
    expect(one.sent()).toBe(true);
    expect(times).toBe(1);
  }
});

test('a handshake that failed leaves the call unsent, and is tried again', async () => {
  const { one, server, times } = await call(respond(503));
  expect({ sent: one.sent(), times }).toEqual({ sent: false, times: 0 });
  expect(server.requests.length).toBeGreaterThan(1);
});

test('who lets anyone initialize and refuses the call for its credentials is Denied', async () => {
  const refuse: Behaviour = (seen, reply) => json(reply, 200, rpcError(seen, 0, 'Token has expired'));
  const { report } = await call(butCall(legacy().behaviour, refuse));
  expect(report.verdict).toMatchObject({ class: 'Denied' });
  expect(reasonOf(report)).toBe('AuthenticationRequired');
});

test.each([
  ['echo', 'echo'],
  ['two words', 'two words'],
  [' padded', '=?base64?IHBhZGRlZA==?='],
  ['größe', '=?base64?Z3LDtsOfZQ==?='],
  ['a\r\nX: y', '=?base64?YQ0KWDogeQ==?='],
  ['=?base64?YQ==?=', '=?base64?PT9iYXNlNjQ/WVE9PT89?='],
])('the name %j goes into a header as %j', (name, expected) => {
  expect(nameHeaderOf('tools/call', { name })).toBe(expected);
  expect(nameHeaderOf('resources/read', { uri: name })).toBe(expected);
  expect(nameHeaderOf('tools/list', { name })).toBeUndefined();
});

test('only calls are sent once: lists and handshakes may arrive twice', () => {
  expect((['tools/call', 'resources/read', 'tools/list', 'initialize'] as const).map(isSentOnce)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
