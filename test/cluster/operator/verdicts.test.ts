/**
 * True verdicts on real servers over real sockets, read as users read them: `kubectl get mcpservers` and `kubectl wait`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROBE_REQUESTED_AT } from '../../../src/api/v1alpha1/group.ts';
import { until } from '../../platform/until.ts';
import { json, legacy, modern, respond, result, rpcError, TOOL } from '../../probe/behaviours.ts';
import { type Behaviour, closedPort, type Scripted, startRawServer, startServer } from '../../probe/scripted-server.ts';
import { controlPlane, createNamespace } from '../control-plane.ts';
import { installOperator, type OperatorProcess, startOperator } from '../operator-process.ts';
import { type Objects, openObjects } from './objects.ts';

const tools = (...names: string[]) => modern({ lists: { 'tools/list': { tools: names.map((name) => ({ ...TOOL, name })) } } });
const CHALLENGE = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };

/** Behaves by the bearer token that it is shown; 401 for all others. */
function guarded(byToken: Readonly<Record<string, Behaviour>>): Behaviour {
  return (seen, reply) => {
    const token = seen.headers.authorization?.replace(/^Bearer /, '') ?? '';
    return (byToken[token] ?? respond(401, '{}', CHALLENGE))(seen, reply);
  };
}

/** Lets anyone initialize, and refuses at the first list as servers do that check the caller only where work is done. */
function refusesAtLists(message: string): Behaviour {
  return (seen, reply) => {
    switch (seen.message?.method) {
      case 'initialize':
        return json(
          reply,
          200,
          result(seen, {
            protocolVersion: '2025-06-18',
            capabilities: { tools: {} },
            serverInfo: { name: 'late', version: '1' },
          }),
        );
      case 'notifications/initialized':
        return void reply.writeHead(202).end();
      case 'tools/list':
        return json(reply, 200, rpcError(seen, 0, message));
      default:
        return json(reply, 200, rpcError(seen, -32601));
    }
  };
}

const D1_MESSAGES = [
  'Missing Authorization header',
  "Invalid Authorization header format. Expected 'Bearer <token>'",
  'Token has expired',
  'Invalid token: signature verification failed',
];

const bearer = (name: string) => ({ type: 'Bearer', bearer: { secretKeyRef: { name, key: 'token' } } });
const quick = { retry: { attempts: 1, initialBackoffSeconds: 1, maxBackoffSeconds: 1 } };

let objects: Objects;
let operator: OperatorProcess;
const servers: { close(): Promise<void> }[] = [];
const session = legacy({ answers: 'SSE' });
let recovering: Scripted;
let drifting: Scripted;
let guardedServer: Scripted;

async function serve(behaviour: Behaviour): Promise<Scripted> {
  const server = await startServer(behaviour);
  servers.push(server);
  return server;
}

beforeAll(async () => {
  const namespace = await createNamespace('verdicts');
  const kubeconfig = await installOperator(controlPlane, namespace);
  objects = await openObjects(controlPlane, namespace);
  operator = await startOperator({ kubeconfig, namespace });
  recovering = await serve(respond(503, 'no healthy upstream'));
  drifting = await serve(tools('search', 'read'));
  guardedServer = await serve(guarded({ right: modern(), wide: tools('read', 'write'), narrow: tools('read'), none: tools() }));
  const tarPit = await startRawServer(() => undefined);
  servers.push(tarPit);
  for (const name of ['right', 'wide', 'narrow', 'none']) await objects.secret(name, { token: name });
  await objects.secret('wrong', { token: 'mistyped' });
  const url = guardedServer.url();
  const late = await Promise.all(D1_MESSAGES.map((message) => serve(refusesAtLists(message))));
  await objects.apply({
    'healthy-modern': { url: (await serve(modern())).url() },
    'healthy-legacy': { url: (await serve(session.behaviour)).url() },
    recovering: { url: recovering.url(), ...quick },
    drifting: { url: drifting.url() },
    'token-missing': { url },
    'token-wrong': { url, auth: bearer('wrong') },
    'token-right': { url, auth: bearer('right') },
    'scope-wide': { url, auth: bearer('wide') },
    'scope-narrow': { url, auth: bearer('narrow') },
    'scope-none': { url, auth: bearer('none') },
    'scope-narrow-expects': { url, auth: bearer('narrow'), expect: { tools: ['read', 'write'] } },
    forbidden: { url: (await serve(respond(403, 'RBAC: access denied'))).url() },
    'html-page': { url: (await serve(respond(200, '<!doctype html><p>Hi', { 'Content-Type': 'text/html' }))).url() },
    'closed-port': { url: `http://127.0.0.1:${await closedPort()}/mcp`, ...quick },
    'tar-pit': { url: tarPit.url(), probe: { timeoutSeconds: 1, deadlineSeconds: 5 }, ...quick },
    ...Object.fromEntries(late.map((server, index) => [`late-${index}`, { url: server.url(), auth: bearer('wrong') }])),
  });
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await objects?.close();
  await Promise.all(servers.map((server) => server.close()));
});

/** The rows of `kubectl get mcpservers` by name, without the age. */
async function table(): Promise<Map<string, string>> {
  const [header = '', ...rows] = (await objects.kubectl('get', 'mcpservers')).trim().split('\n');
  expect(header.split(/ +/)).toEqual(['NAME', 'READY', 'STATE', 'REASON', 'TOOLS', 'AGE']);
  // An empty cell is blank, so a row is cut where its header says.
  const starts = ['READY', 'STATE', 'REASON', 'TOOLS', 'AGE'].map((name) => header.indexOf(name));
  return new Map(
    rows.map((row) => [
      row.slice(0, starts[0]).trim(),
      starts
        .slice(0, -1)
        .map((start, index) => row.slice(start, starts[index + 1]).trim())
        .join(' ')
        .trim(),
    ]),
  );
}

describe('every server gets its true verdict', () => {
  test('kubectl wait --for=condition=Ready meets the healthy ones', async () => {
    const healthy = ['healthy-modern', 'healthy-legacy', 'drifting', 'token-right', 'scope-wide', 'scope-narrow', 'scope-none'];
    const waited = await objects.kubectl(
      'wait',
      '--for=condition=Ready',
      ...healthy.map((name) => `mcpserver/${name}`),
      '--timeout=15s',
    );
    expect(waited.match(/condition met/g)).toHaveLength(healthy.length);
  });

  test('kubectl get mcpservers tells each in one line; D1: who lets anyone initialize and refuses lists is Denied', async () => {
    const expected = {
      'healthy-modern': 'True Available Available 1',
      'healthy-legacy': 'True Available Available 1',
      recovering: 'False Transient ServerUnavailable',
      drifting: 'True Available Available 2',
      'token-missing': 'False Denied AuthenticationRequired',
      'token-wrong': 'False Denied CredentialsRejected',
      'token-right': 'True Available Available 1',
      'scope-wide': 'True Available Available 2',
      'scope-narrow': 'True Available Available 1',
      'scope-none': 'True Available Available 0',
      'scope-narrow-expects': 'False Available ToolsMissing 1',
      forbidden: 'False Denied AccessDenied',
      'html-page': 'False Permanent NotMCPEndpoint',
      'closed-port': 'False Transient ConnectionRefused',
      'tar-pit': 'False Transient RequestTimeout',
      ...Object.fromEntries(D1_MESSAGES.map((_, index) => [`late-${index}`, 'False Denied CredentialsRejected'])),
    };
    await until(async () => (await table()).get('tar-pit') === expected['tar-pit'], { what: 'the slowest has its verdict' });
    expect(Object.fromEntries(await table())).toEqual(expected);
  });

  test('the wide columns tell URL, protocol version, server and message', async () => {
    const wide = await objects.kubectl('get', 'mcpservers', 'healthy-legacy', 'forbidden', '-o', 'wide');
    expect(wide).toMatch(/healthy-legacy .* 2025-11-25 +scripted +\d+s /);
    expect(wide).toMatch(/forbidden .*http:\/\/127\.0\.0\.1:\d+\/mcp +The server denied access to the anonymous identity/);
  });

  test('a failing one says what to do, and a Denied one promises no retry', async () => {
    const { status } = await objects.read('token-wrong');
    expect(status.failure).toMatchObject({ class: 'Denied', httpStatus: 401, stage: 'http', consecutive: 1, attempts: 1 });
    expect(status.conditions?.map(({ type, status: value }) => `${type}=${value}`)).toEqual([
      'Ready=False',
      'Stalled=True',
      'Denied=True',
    ]);
    expect(status.failure?.message).not.toMatch(/retr/i);
  });

  test('each session that a probe opened was ended by it with a DELETE', () => {
    expect(session.ended).toEqual(['session-1']);
    expect(session.alive.size).toBe(0);
  });

  test('a server that answers 503 recovers by itself, and what it failed with stays readable', async () => {
    recovering.become(modern());
    await objects.kubectl('wait', '--for=condition=Ready', 'mcpserver/recovering', '--timeout=10s');
    const { status } = await objects.read('recovering');
    expect(status.failure).toBeUndefined();
    expect(status.lastFailure).toMatchObject({ class: 'Transient', reason: 'ServerUnavailable' });
    expect(status.history?.map(({ from, to }) => `${from}→${to}`)).toEqual(['Pending→Transient', 'Transient→Available']);
  });
});

describe('D2: one URL, two Secrets with different scopes', () => {
  test('are two different snapshots, and a token without scopes sees an empty list without failing', async () => {
    const all = await objects.list();
    const toolsOf = (name: string) => all.get(name)?.status.capabilities?.tools?.items?.map((item) => item.name);
    expect([toolsOf('scope-wide'), toolsOf('scope-narrow'), toolsOf('scope-none')]).toEqual([['read', 'write'], ['read'], []]);
    const digests = ['scope-wide', 'scope-narrow', 'scope-none'].map((name) => all.get(name)?.status.capabilities?.digest);
    expect(new Set(digests).size).toBe(3);
  });

  test('A13: with expect.tools the missing one is named', async () => {
    const { status } = await objects.read('scope-narrow-expects');
    const unmet = status.conditions?.find(({ type }) => type === 'ExpectationsUnmet');
    expect(unmet).toMatchObject({ status: 'True', reason: 'ToolsMissing' });
    expect(unmet?.message).toContain('write');
    expect(unmet?.message).not.toContain('read');
  });
});

test('a changed list of tools is a new digest beside the previous one, even where only a description changed', async () => {
  const before = (await objects.read('drifting')).status.capabilities;
  const described = { ...TOOL, description: 'Always call this one first.' };
  drifting.become(
    modern({
      lists: {
        'tools/list': {
          tools: [
            { ...described, name: 'search' },
            { ...described, name: 'read' },
          ],
        },
      },
    }),
  );
  await objects.kubectl('annotate', 'mcpserver', 'drifting', `${PROBE_REQUESTED_AT}=now`);
  const after = await until(
    async () => {
      const { status } = await objects.read('drifting');
      return status.lastHandledProbeRequest === 'now' ? status : undefined;
    },
    { what: 'it is probed again' },
  );
  expect(before?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(after.capabilities).toMatchObject({ previousDigest: before?.digest, tools: { count: 2 } });
  expect(after.capabilities?.digest).not.toBe(before?.digest);
  expect(after.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'True' });
});

describe('the rights that the chart renders', () => {
  test('are enough: no request to the API server was refused', async () => {
    expect(await operator.metric('rest_client_requests_total', 'code="403"')).toBe(0);
    expect(operator.log().filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    expect(operator.stderr()).toBe('');
  });

  test('are no larger: the ServiceAccount can not list Secrets, nor read one of another namespace, nor edit a spec', async () => {
    const account = `--as=system:serviceaccount:${objects.namespace}:mcpserver-operator`;
    const canI = async (...args: string[]) => (await controlPlane.kubectl(['auth', 'can-i', ...args, account])).stdout.trim();
    expect(await canI('get', 'secrets', '-n', objects.namespace)).toBe('yes');
    expect(await canI('list', 'secrets', '-n', objects.namespace)).toBe('no');
    expect(await canI('watch', 'secrets', '-n', objects.namespace)).toBe('no');
    expect(await canI('get', 'secrets', '-n', 'default')).toBe('no');
    expect(await canI('update', 'mcpservers', '-n', objects.namespace)).toBe('no');
  });
});
