import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import { probeVerb } from '../../src/cli/probe.ts';
import { json, modern, respond, result, TOOL } from '../probe/behaviours.ts';
import { closedPort, type Scripted, startServer } from '../probe/scripted-server.ts';
import { sse } from '../probe/sse-behaviours.ts';
import { createFakeTerminal } from './fake-terminal.ts';

let healthy: Scripted;
let guarded: Scripted;
let html: Scripted;
let directory: string;
let closed: number;

beforeAll(async () => {
  healthy = await startServer(modern());
  const inner = modern();
  guarded = await startServer((seen, reply) =>
    seen.headers.authorization === 'Bearer CANARY-good' && seen.headers['x-team'] === 'blue'
      ? inner(seen, reply)
      : respond(401, '', { 'www-authenticate': 'Bearer error="invalid_token"' })(seen, reply),
  );
  html = await startServer(respond(200, '<html>', { 'content-type': 'text/html' }));
  directory = await mkdtemp(path.join(tmpdir(), 'probe-'));
  closed = await closedPort();
});
afterAll(async () => {
  await Promise.all([healthy.close(), guarded.close(), html.close(), rm(directory, { recursive: true })]);
});

async function probe(args: string[], env: Record<string, string> = {}) {
  const terminal = createFakeTerminal(env);
  const code = await probeVerb(args.includes('--allow-loopback') ? args : [...args, '--allow-loopback'], terminal);
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() };
}

async function file(name: string, contents: string): Promise<string> {
  await writeFile(path.join(directory, name), contents);
  return path.join(directory, name);
}

const manifest = (name: string, url: string, more = '') =>
  `---\napiVersion: mcpserver-operator.dev/v1alpha1\nkind: MCPServer\nmetadata: {name: ${name}}\nspec: {url: '${url}'${more}}\n`;

describe('the exit code tells the verdict', () => {
  test('0: ready', async () => {
    const { code, stdout, stderr } = await probe([healthy.url()]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^url {7}http:\/\/127\.0\.0\.1:\d+\/mcp\nverdict {3}✓ Available\nserver {4}.+\nprotocol {2}2026-07-28 \(Modern, StreamableHTTP\)\noffers {4}1 tool\ndigest {4}sha256:[0-9a-f]{64}\ntook {6}.+1 attempt: .*http .*ms/,
    );
  });

  test('0: ready over HTTP+SSE, which need not be named', async () => {
    const server = await startServer(sse().behaviour);
    const { code, stdout } = await probe([server.url('/sse')]);
    await server.close();
    expect(code).toBe(0);
    expect(stdout).toContain('protocol  2024-11-05 (Legacy, SSE)\noffers    1 tool\n');
  });

  test('2: transient, with cause and remedy', async () => {
    const { code, stdout } = await probe([`http://127.0.0.1:${closed}/mcp`]);
    expect(code).toBe(2);
    expect(stdout).toContain('verdict   … Transient (ConnectionRefused)\ncause     Nothing listens');
    expect(stdout).toContain('where     stage connect, ECONNREFUSED\nremedy    ');
  });

  test('3: permanent', async () => {
    expect(await probe([html.url()])).toMatchObject({ code: 3, stdout: expect.stringContaining('✗ Permanent (NotMCPEndpoint)') });
  });

  test('4: denied', async () => {
    expect(await probe([guarded.url()])).toMatchObject({ code: 4, stdout: expect.stringContaining('✗ Denied (') });
  });

  test('5: available, but expected tools are missing (A13)', async () => {
    const manifests = await file('expect.yaml', manifest('a', healthy.url(), ', expect: {tools: [nothere]}'));
    const { code, stdout } = await probe(['-f', manifests]);
    expect(code).toBe(5);
    expect(stdout).toContain('✗ Available (ToolsMissing)');
    expect(stdout).toContain('nothere');
  });

  test('of several the highest, and answers in the order of the file', async () => {
    const manifests = await file(
      'several.yaml',
      manifest('a', guarded.url()) + manifest('b', healthy.url()) + manifest('c', `http://127.0.0.1:${closed}/`),
    );
    const { code, stdout } = await probe(['-f', manifests]);
    expect(code).toBe(4);
    expect(stdout.match(/^(name|verdict) +.*$/gm)).toEqual([
      'name      default/a',
      expect.stringContaining('Denied'),
      'name      default/b',
      expect.stringContaining('Available'),
      'name      default/c',
      expect.stringContaining('Transient'),
    ]);
  });
});

test('E1: a bearer token and headers come from the environment', async () => {
  const args = [guarded.url(), '--bearer-env', 'TOKEN', '--header-env', 'X-Team=TEAM'];
  expect((await probe(args, { TOKEN: 'CANARY-good', TEAM: 'blue' })).code).toBe(0);
  expect((await probe(args, { TOKEN: 'CANARY-good', TEAM: 'red' })).code).toBe(4);
});

test('Secrets and ConfigMaps come from the files', async () => {
  const manifests = await file(
    'guarded.yaml',
    manifest(
      'a',
      guarded.url(),
      ', auth: {type: Bearer, bearer: {secretKeyRef: {name: s, key: token}}}, headers: [{name: X-Team, valueFrom: {configMapKeyRef: {name: c, key: team}}}]',
    ),
  );
  const data = await file(
    'data.yaml',
    '{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {token: CANARY-good}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {team: blue}}\n',
  );
  expect((await probe(['-f', manifests, '-f', data])).code).toBe(0);
  const alone = await probe(['-f', manifests]);
  expect(alone).toMatchObject({ code: 3, stdout: expect.stringContaining('CredentialsNotFound') });
  expect(alone.stdout).toContain('nothing was sent');
});

test('E5: no output repeats a credential, in any form and for any verdict', async () => {
  const env = { TOKEN: 'CANARY-good', TEAM: 'blue' };
  const reflecting = await startServer((seen, reply) => {
    const said = String(seen.headers.authorization);
    json(
      reply,
      200,
      result(seen, {
        resultType: 'complete',
        supportedVersions: ['2026-07-28'],
        capabilities: { tools: {} },
        serverInfo: { name: said, version: said },
        tools: [{ ...TOOL, name: said }],
      }),
    );
  });
  for (const url of [reflecting.url(), guarded.url(), html.url(), `http://127.0.0.1:${closed}/?k=CANARY`]) {
    for (const output of ['table', 'json', 'yaml']) {
      const { stdout, stderr } = await probe([url, '--bearer-env', 'TOKEN', '-o', output], env);
      expect(stdout + stderr).not.toContain('CANARY');
    }
  }
  await reflecting.close();
});

describe('for scripts', () => {
  test('-o json is one status of the API for one server; several have their names with them', async () => {
    const one = JSON.parse((await probe([healthy.url(), '-o', 'json'])).stdout);
    expect(MCPServerStatus.parse(one)).toMatchObject({
      state: 'Available',
      observedGeneration: 1,
      capabilities: { tools: { count: 1 } },
    });
    const failed = JSON.parse((await probe([html.url(), '-o', 'json'])).stdout);
    expect(MCPServerStatus.parse(failed)).toMatchObject({
      state: 'Permanent',
      failure: { reason: 'NotMCPEndpoint', httpStatus: 200 },
    });
    expect(failed.failure).not.toHaveProperty('nextProbeTime');
    const manifests = await file('two.yaml', manifest('a', html.url()) + manifest('b', healthy.url()));
    const several = JSON.parse((await probe(['-f', manifests, '-o', 'json'])).stdout);
    expect(several).toMatchObject([
      { metadata: { namespace: 'default', name: 'a' }, status: { state: 'Permanent' } },
      { metadata: { namespace: 'default', name: 'b' }, status: { state: 'Available' } },
    ]);
    expect(parse((await probe(['-f', manifests, '-o', 'yaml'])).stdout)).toMatchObject([
      { metadata: { name: 'a' }, status: { state: 'Permanent' } },
      { metadata: { name: 'b' } },
    ]);
  });

  test('-o yaml says the same', async () => {
    expect(parse((await probe([html.url(), '-o', 'yaml'])).stdout)).toMatchObject({ state: 'Permanent' });
  });
});

test.each([
  [[], 'a URL or -f FILE is needed'],
  [['http://a', '-f', 'x'], 'a URL and -f FILE do not go together'],
  [['http://a', 'http://b'], 'unexpected argument "http://b"'],
  [['-f', 'x', '--timeout=5s'], '--timeout has no meaning with -f: the manifest says it'],
  [['-f', '/does/not/exist'], '/does/not/exist can not be read (ENOENT: there is no such file)'],
  [['-f', '/'], '/ can not be read (EISDIR: it is a directory: name the files in it)'],
  [['-f', ''], '--filename "": the name is empty'],
  [['http://a', '--bearer-env', 'NOT_THERE'], '--bearer-env: the environment variable that it names is not set'],
  [['http://a', '--header-env', 'Host=HOME'], expect.stringMatching(/^--header-env: /)],
  [['not a url'], expect.stringMatching(/^URL: /)],
  [['http://u:CANARY@a/'], expect.stringMatching(/^URL: (?!.*CANARY)/)],
  [['http://a', '--timeout=0s'], '--timeout "0s": expected a duration such as 10s, from 1s to 300s'],
])('bad input %j is one line and exit code 1', async (args, fault) => {
  const { code, stdout, stderr } = await probe(args, { HOME: '/root' });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  const prefix = 'mcpserver-operator probe: ';
  expect(stderr.startsWith(prefix)).toBe(true);
  expect(stderr.slice(prefix.length).trimEnd().split('\n')).toEqual([fault]);
});

test('a server on this machine is refused unless it is allowed, and the way out is told', async () => {
  const terminal = createFakeTerminal();
  expect(await probeVerb([healthy.url()], terminal)).toBe(3);
  expect(terminal.stdout()).toContain('✗ Permanent (DestinationForbidden)');
  expect(terminal.stdout()).toContain('hint      For a server on this machine pass --allow-loopback.');
});

test('--kubeconfig goes with -f alone, and one that can not be read is a sentence', async () => {
  expect(await probe([healthy.url(), '--kubeconfig', 'x'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'mcpserver-operator probe: --kubeconfig has no meaning with a URL: use -f FILE\n',
  });
  const file = path.join(directory, 'not-there.yaml');
  const { code, stderr } = await probe(['-f', file, '--kubeconfig', path.join(directory, 'none')]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^mcpserver-operator probe: --kubeconfig: .*none.*\n$/);
});
