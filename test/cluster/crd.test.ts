/**
 * The CRD on a real API server: it is accepted with room to spare, it refuses and takes the same specs as the runtime does, it serves
 * the defaults, and it reads well in kubectl.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { makeCRD } from '../../src/api/v1alpha1/crd.ts';
import { API_VERSION, KIND } from '../../src/api/v1alpha1/group.ts';
import { parseSpec, parseStatus } from '../../src/api/v1alpha1/mcpserver.ts';
import { DEFAULT_TIMEOUT_SECONDS, MCPServerSpec } from '../../src/api/v1alpha1/spec.ts';
import type { StructuralSchema } from '../../src/api/v1alpha1/structural-schema.ts';
import { ALLOWED, MAXIMAL_SPEC, REFUSED, specWith } from '../api/v1alpha1/spec-vectors.ts';
import { applyManifest, controlPlane, createNamespace, expectSuccess } from './control-plane.ts';

const CRD_FILE = join(import.meta.dirname, '../../crds/mcpservers.yaml');
const RESOURCE = 'mcpservers.mcpserver-operator.dev';
const Served = z.object({ metadata: z.object({ name: z.string() }), spec: z.unknown(), status: z.unknown() });

let namespace = '';
const kubectl = async (args: readonly string[], input?: string) =>
  expectSuccess(await controlPlane.kubectl(['-n', namespace, ...args], input === undefined ? {} : { input }));
const manifestOf = (name: string, spec: unknown) => ({
  apiVersion: API_VERSION,
  kind: KIND,
  metadata: { name, namespace },
  spec,
});
const listOf = (specs: readonly unknown[]) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items: specs.map((spec, index) => manifestOf(`v${index}`, spec)) });
const read = async (name: string) => Served.parse(JSON.parse(await kubectl(['get', RESOURCE, name, '-o', 'json'])));
const patchStatus = (name: string, status: unknown) =>
  kubectl(['patch', RESOURCE, name, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })]);

/** What the API server says to each spec, by index: the words of its refusal, or undefined where it takes it. Nothing is stored. */
async function judgeOnServer(specs: readonly unknown[]): Promise<(string | undefined)[]> {
  const { stdout, stderr } = await controlPlane.kubectl(
    ['create', '--dry-run=server', '--validate=false', '-o', 'name', '-f', '-'],
    {
      input: listOf(specs),
    },
  );
  const taken = new Set(stdout.split('\n').map((line) => line.replace(/^.*\//, '')));
  const refused = new Map(
    stderr
      .split(/^(?=Error from server|The MCPServer ")/m)
      .map((text) => [/MCPServer[a-z.-]* "(v\d+)" is invalid/.exec(text)?.[1], text]),
  );
  return specs.map((_, index) => {
    const words = refused.get(`v${index}`);
    if (words === undefined && !taken.has(`v${index}`)) throw new Error(`no answer for v${index}: ${stderr.slice(0, 2000)}`);
    return words;
  });
}

beforeAll(async () => {
  namespace = await createNamespace('crd');
  await applyManifest(readFileSync(CRD_FILE, 'utf8'));
  await kubectl(['wait', '--for=condition=Established', `crd/${RESOURCE}`, '--timeout=30s']);
});

describe('the API server takes the CRD', () => {
  it('as structural, with its names accepted', async () => {
    const conditions = await kubectl([
      'get',
      'crd',
      RESOURCE,
      '-o',
      'jsonpath={range .status.conditions[*]}{.type}={.status} {end}',
    ]);
    expect(conditions).toContain('NamesAccepted=True');
    expect(conditions).toContain('Established=True');
    expect(conditions).not.toContain('NonStructuralSchema=True');
  });

  it('and would take rules that cost ten times as much, each and all together', async () => {
    const dear = (node: StructuralSchema): StructuralSchema => ({
      ...node,
      ...(node['x-kubernetes-validations'] && {
        'x-kubernetes-validations': node['x-kubernetes-validations'].map((validation) => ({
          ...validation,
          rule: Array.from({ length: 10 }, () => `(${validation.rule})`).join(' && '),
        })),
      }),
      ...(node.properties && {
        properties: Object.fromEntries(Object.entries(node.properties).map(([name, child]) => [name, dear(child)])),
      }),
      ...(node.items && { items: dear(node.items) }),
    });
    const crd = structuredClone(makeCRD());
    for (const version of crd.spec.versions) version.schema.openAPIV3Schema = dear(version.schema.openAPIV3Schema);
    await kubectl(['apply', '--server-side', '--dry-run=server', '--force-conflicts', '-f', '-'], JSON.stringify(crd));
  });
});

describe('the API server and parseSpec agree', () => {
  it('on every spec that is refused: where, and what is allowed', async () => {
    const verdicts = await judgeOnServer(REFUSED.map(({ spec }) => spec));
    const wrong = REFUSED.flatMap(({ title, field, says }, index) => {
      const words = verdicts[index] ?? 'taken';
      return (words.includes(`${field}:`) || words.includes(`${field}[`)) && words.toLowerCase().includes(says.toLowerCase())
        ? []
        : [`${title}: ${words.slice(0, 1000)}`];
    });
    expect(wrong).toEqual([]);
  });

  it('on every spec that is allowed, the largest among them', async () => {
    const verdicts = await judgeOnServer(ALLOWED.map(({ spec }) => spec));
    expect(
      ALLOWED.flatMap(({ title }, index) => (verdicts[index] === undefined ? [] : [`${title}: ${verdicts[index]}`])),
    ).toEqual([]);
  });

  it('on random URLs, headers and combinations', async () => {
    const scheme = fc.constantFrom('http://', 'https://', 'https://', 'http:/', 'ftp://', '');
    const part = fc.constantFrom(
      'a',
      'b-c',
      '1',
      '127',
      '0x7f',
      '256',
      '[::1]',
      '[1::2]',
      '.',
      '_',
      '%20',
      'é',
      'a.b',
      '1.2.3.4',
      ' ',
    );
    const host = fc.array(part, { minLength: 0, maxLength: 3 }).map((parts) => parts.join(''));
    const port = fc.constantFrom('', '', '', ':', ':80', ':65536', ':x');
    const tail = fc.constantFrom(
      '',
      '/',
      '/mcp',
      '/a/../b',
      '?q=[1]',
      '/%zz',
      '/%2F?a@b',
      '#x',
      '/@',
      '\\',
      '@b',
      '/ ',
      '/{a}',
      '?{a}',
    );
    const url = fc.tuple(scheme, host, port, tail).map((parts) => parts.join(''));
    const ref = { name: 'a', key: 'b' };
    const source = fc.constantFrom(
      {},
      { secretKeyRef: ref },
      { configMapKeyRef: ref },
      { secretKeyRef: ref, configMapKeyRef: ref },
    );
    const header = fc.record(
      {
        name: fc.constantFrom(
          'X-A',
          'x-a',
          'Authorization',
          'X-API-Key',
          'Host',
          'mcp-param-a',
          'My-Token',
          'X B',
          'Cookie2',
          'TE',
        ),
        value: fc.constantFrom('', 'a', 'a\nb', '\ta ~', 'ü'),
        valueFrom: source,
      },
      { requiredKeys: ['name'] },
    );
    const auth = fc.record(
      {
        type: fc.constantFrom('None', 'Bearer', 'APIKey', 'OAuthClientCredentials'),
        bearer: fc.constant({ secretKeyRef: ref }),
        apiKey: fc.constantFrom(
          { secretKeyRef: ref },
          { header: 'X-A', secretKeyRef: ref },
          { header: 'host', secretKeyRef: ref },
        ),
      },
      { requiredKeys: [] },
    );
    const seconds = fc.integer({ min: 1, max: 40 });
    const other = fc.record(
      {
        url: fc.constant('http://a/mcp'),
        serviceRef: fc.record({
          name: fc.constant('a'),
          port: fc.oneof(fc.integer({ min: -1, max: 66_000 }), fc.constantFrom('a', '1', 'a--b', 'A', '')),
        }),
        headers: fc.array(header, { maxLength: 2 }),
        auth,
        tls: fc.record({ systemRoots: fc.boolean(), caBundleRef: source }, { requiredKeys: [] }),
        probe: fc.record({ timeoutSeconds: seconds, deadlineSeconds: seconds }, { requiredKeys: [] }),
        retry: fc.record({ initialBackoffSeconds: seconds, maxBackoffSeconds: seconds }, { requiredKeys: [] }),
        drift: fc.record(
          { policy: fc.constantFrom('Report', 'Require'), digest: fc.constant(`sha256:${'0'.repeat(64)}`) },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    );
    // One field at a time beside a URL, so that enough of them are allowed.
    const single = fc
      .tuple(other, fc.nat(7))
      .map(([spec, index]) => specWith(Object.fromEntries(Object.entries(spec).slice(index, index + 1))));
    const specs = [
      ...fc.sample(
        url.map((text) => ({ url: text })),
        { numRuns: 200, seed: 1 },
      ),
      ...fc.sample(fc.oneof(other, single, single), { numRuns: 300, seed: 2 }),
    ];
    const verdicts = await judgeOnServer(specs);
    const ours = specs.map((spec) => parseSpec(spec).kind === 'valid');
    expect(
      specs.filter((_, index) => ours[index] !== (verdicts[index] === undefined)).map((spec) => JSON.stringify(spec)),
    ).toEqual([]);
    const allowed = ours.filter((valid) => valid).length;
    expect(allowed).toBeGreaterThan(100);
    expect(specs.length - allowed).toBeGreaterThan(100);
  });

  it('on fields that the schema does not know: kubectl refuses them, the API server drops them', async () => {
    const spec = specWith({ urll: 'http://b' });
    const strict = await controlPlane.kubectl(['create', '--dry-run=server', '-f', '-'], {
      input: JSON.stringify(manifestOf('strict', spec)),
    });
    expect(strict.stderr).toContain('unknown field "spec.urll"');
    await kubectl(['create', '--validate=false', '-f', '-'], JSON.stringify(manifestOf('pruned', spec)));
    expect((await read('pruned')).spec).not.toHaveProperty('urll');
  });

  it('E5: a refused URL with a password is not repeated', async () => {
    const [words] = await judgeOnServer([{ url: 'https://user:canary@example.com/' }]);
    expect(words).toContain('url must not hold a user name or password');
    expect(words).not.toContain('canary');
  });
});

describe('the API server serves', () => {
  it('every default of the spec, the same as parseSpec', async () => {
    await applyManifest(JSON.stringify(manifestOf('defaults', { url: 'http://a/mcp' })));
    const { spec } = await read('defaults');
    expect(spec).toEqual(MCPServerSpec.parse({ url: 'http://a/mcp' }));
    expect(parseSpec(spec)).toEqual({ kind: 'valid', value: spec });
    await applyManifest(
      JSON.stringify(
        manifestOf('defaults-inside', {
          serviceRef: { name: 'a', port: 80 },
          probe: { periodSeconds: 60 },
          auth: { type: 'APIKey', apiKey: { secretKeyRef: { name: 'a', key: 'b' } } },
        }),
      ),
    );
    expect((await read('defaults-inside')).spec).toMatchObject({
      serviceRef: { path: '/mcp', scheme: 'http' },
      probe: { periodSeconds: 60, timeoutSeconds: DEFAULT_TIMEOUT_SECONDS, deadlineSeconds: 30 },
      auth: { apiKey: { header: 'X-API-Key' } },
    });
  });

  it('A1: a time-out of 10 s by default, and another where one is declared', async () => {
    await applyManifest(JSON.stringify(manifestOf('timeout', specWith({ probe: { timeoutSeconds: 5 } }))));
    expect((await read('timeout')).spec).toMatchObject({ probe: { timeoutSeconds: 5 } });
    await applyManifest(JSON.stringify(manifestOf('timeout', specWith({}))));
    expect((await read('timeout')).spec).toMatchObject({ probe: { timeoutSeconds: 10 } });
  });

  it('Pending and generation -1 at creation, before anybody has written a status', async () => {
    await kubectl(['create', '-f', '-'], JSON.stringify(manifestOf('fresh', specWith({}))));
    expect((await read('fresh')).status).toEqual({ observedGeneration: -1, state: 'Pending' });
  });

  it('a maximal spec and a status of 64 KiB, and parses both back', async () => {
    await applyManifest(JSON.stringify(manifestOf('maximal', MAXIMAL_SPEC)));
    const item = (index: number) => ({ name: `${'a'.repeat(200)}${index}`, digest: '0123456789abcdef' });
    const list = {
      count: 10_000,
      invalid: 3,
      digest: `sha256:${'0'.repeat(64)}`,
      items: Array.from({ length: 128 }, (_, index) => item(index)),
      truncated: true,
    };
    const time = '2026-11-22T05:00:00Z';
    const status = {
      observedGeneration: 1,
      state: 'Transient',
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          observedGeneration: 1,
          lastTransitionTime: time,
          reason: 'ConnectionRefused',
          message: 'é'.repeat(512),
        },
      ],
      endpoint: { url: 'http://a', transport: 'SSE', era: 'Legacy', protocolVersion: '2024-11-05', negotiatedAt: time },
      server: { name: '😀'.repeat(256), version: '', title: '' },
      capabilities: {
        digest: list.digest,
        capturedAt: time,
        previousDigest: list.digest,
        features: ['tools'],
        tools: list,
        resources: list,
        prompts: list,
      },
      failure: {
        class: 'Transient',
        reason: 'ConnectionRefused',
        message: 'm'.repeat(1024),
        stage: 'connect',
        httpStatus: 503,
        rpcCode: -32603,
        errorCode: 'ECONNREFUSED',
        since: time,
        consecutive: 1,
        attempts: 3,
        nextProbeTime: time,
      },
      lastFailure: { class: 'Denied', reason: 'AccessDenied', time },
      lastSuccessTime: time,
      history: Array.from({ length: 10 }, () => ({
        time,
        from: 'Available',
        to: 'Transient',
        reason: 'ConnectionRefused',
        probeID: 'p'.repeat(64),
      })),
      lastHandledProbeRequest: 'x'.repeat(1024),
    };
    expect(JSON.stringify(status).length).toBeGreaterThan(64 * 1024);
    await patchStatus('maximal', status);
    const served = await read('maximal');
    expect(served.status).toEqual(status);
    expect(parseStatus(served.status)).toEqual(status);
    expect(parseSpec(served.spec)).toMatchObject({ kind: 'valid' });
  });

  it('lists that two appliers share, merged by header name and condition type', async () => {
    const apply = (manager: string, name: string) =>
      kubectl(
        ['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'],
        JSON.stringify(manifestOf('shared', specWith({ headers: [{ name, value: manager }] }))),
      );
    await apply('one', 'X-One');
    await apply('two', 'X-Two');
    expect((await read('shared')).spec).toMatchObject({
      headers: [
        { name: 'X-One', value: 'one' },
        { name: 'X-Two', value: 'two' },
      ],
    });
    await apply('one', 'X-Three');
    expect((await read('shared')).spec).toMatchObject({ headers: expect.not.arrayContaining([{ name: 'X-One', value: 'one' }]) });
  });
});

describe('kubectl', () => {
  const columns = (text: string) =>
    text.split('\n').map((line) =>
      line
        .split(/ {2,}/)
        .map((cell) => cell.trim())
        .filter(Boolean),
    );

  beforeAll(async () => {
    await applyManifest(JSON.stringify(manifestOf('weather', specWith({ transport: 'SSE', suspend: true }))));
    await applyManifest(JSON.stringify(manifestOf('by-service', { serviceRef: { name: 'weather', port: 'mcp' } })));
    const time = new Date(Date.now() - 120_000).toISOString();
    await patchStatus('weather', {
      observedGeneration: 1,
      state: 'Available',
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          observedGeneration: 1,
          lastTransitionTime: time,
          reason: 'Available',
          message: 'It answers.',
        },
      ],
      endpoint: {
        url: 'https://example.com/mcp',
        transport: 'SSE',
        era: 'Legacy',
        protocolVersion: '2024-11-05',
        negotiatedAt: time,
      },
      server: { name: 'weather-server', version: '1' },
      capabilities: { digest: '', capturedAt: time, features: [], tools: { count: 13, invalid: 0, digest: '', items: [] } },
      lastSuccessTime: time,
    });
  });

  it('get shows whether, how and why, in five columns', async () => {
    const [header, row] = columns(await kubectl(['get', RESOURCE, 'weather']));
    expect(header).toEqual(['NAME', 'READY', 'STATE', 'REASON', 'TOOLS', 'AGE']);
    expect(row?.slice(0, 5)).toEqual(['weather', 'True', 'Available', 'Available', '13']);
  });

  it('get -o wide shows where, what and the message too', async () => {
    const [header, row] = columns(await kubectl(['get', 'mcpsvr', 'weather', '-o', 'wide']));
    expect(header?.slice(6)).toEqual(['URL', 'PROTOCOL', 'SERVER', 'LAST-SUCCESS', 'MESSAGE']);
    expect(row?.slice(6)).toEqual([
      'https://example.com/mcp',
      '2024-11-05',
      'weather-server',
      expect.stringMatching(/^2m/),
      'It answers.',
    ]);
  });

  it('get -o wide shows a declared Service in the column URL', async () => {
    const text = await kubectl(['get', RESOURCE, 'by-service', '-o', 'wide']);
    expect(text).toContain('{"name":"weather","path":"/mcp","port":"mcp","scheme":"http"}');
  });

  it('explain tells what a field means, its default and its values', async () => {
    const explain = await kubectl(['explain', 'mcpservers.spec.probe', `--api-version=${API_VERSION}`]);
    expect(explain).toContain('The names are those of Pod probes.');
    expect(explain).toMatch(/timeoutSeconds\s+<integer>/);
    expect(await kubectl(['explain', 'mcpservers.spec.transport', `--api-version=${API_VERSION}`])).toMatch(
      /ENUM:\s+Auto\s+StreamableHTTP\s+SSE/,
    );
  });

  it('selects by state, transport and suspend', async () => {
    const names = async (selector: string) =>
      (await kubectl(['get', RESOURCE, '-o', 'name', `--field-selector=${selector}`])).trim();
    for (const selector of ['status.state=Available', 'spec.transport=SSE', 'spec.suspend=true,metadata.name=weather']) {
      expect(await names(selector)).toBe('mcpserver.mcpserver-operator.dev/weather');
    }
    expect(await names('status.state=Pending')).toContain('/by-service');
  });
});
