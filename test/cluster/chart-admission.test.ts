/**
 * The chart's ValidatingAdmissionPolicies on an API server of their own, because they judge requests in every namespace: each refuses what it
 * should and says what to do, takes what is good, leaves alone what is older than it, and never stands in the operator's way.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installChart } from '../../hack/chart.ts';
import { type ControlPlane, startControlPlane } from '../../hack/controlplane/start.ts';
import { makeSchema } from '../../src/api/v1alpha1/crd.ts';
import type { StructuralSchema } from '../../src/api/v1alpha1/structural-schema.ts';
import { matchesHost, normalizeHost } from '../../src/probe/egress-policy.ts';
import { until } from '../platform/until.ts';
import { expectSuccess } from './control-plane.ts';

const OPERATOR = 'operator';
const TEAM = 'team';
/** May write MCPServers in `team`, and get the Secrets `mine` and `mine-0` … `mine-24`. */
const AUTHOR = 'author@example.com';
/** May write MCPServers in `team`, and get every Secret there. */
const OWNER = 'owner@example.com';
const HOSTS = ['good.example.com', '*.wild.example.com', '*.team.svc', '192.0.2.7', '2001:db8::7'];
const GOOD = { url: 'https://good.example.com/mcp' };
const KEY = 'k';

let own: ControlPlane;
let operatorKubeconfig = '';

const enabled = { enabled: true };
const policies = (values: object = {}) => ({
  admissionPolicies: { requireTLS: enabled, allowedHosts: { ...enabled, hosts: HOSTS }, secretAccess: enabled, ...values },
});

const kubectl = async (args: readonly string[], input?: unknown) =>
  expectSuccess(await own.kubectl(args, input === undefined ? {} : { input: JSON.stringify(input) }));

const manifest = (name: string, spec: object, namespace = TEAM) => ({
  apiVersion: 'mcpserver-operator.dev/v1alpha1',
  kind: 'MCPServer',
  metadata: { name, namespace },
  spec,
});

/** What the API server says to a creation that is only tried. */
async function judge(spec: object, user?: string): Promise<string> {
  const as = user === undefined ? [] : ['--as', user];
  const args = ['create', '--dry-run=server', '-f', '-', ...as];
  const { code, stdout, stderr } = await own.kubectl(args, { input: JSON.stringify(manifest('tried', spec)) });
  return code === 0 ? `${stdout}${stderr}`.trim() : stderr.trim();
}
const ACCEPTED = 'mcpserver.mcpserver-operator.dev/tried created (server dry run)';
const policy = (name: string) => `ValidatingAdmissionPolicy 'mcpserver-operator-${name}'`;

const oauth = (fields: object) => ({
  auth: {
    type: 'OAuthClientCredentials',
    oauth: { issuer: 'https://good.example.com', clientID: 'c', clientSecretRef: ref('mine'), ...fields },
  },
});
const ref = (name: string) => ({ name, key: KEY });
const secretKeyRef = (name: string) => ({ secretKeyRef: ref(name) });
const headersFrom = (names: readonly string[]) => ({
  headers: names.map((name, index) => ({ name: `X-H-${index}`, valueFrom: secretKeyRef(name) })),
});
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `mine-${index}`);

/** Objects that are older than the policies, and break each of them. */
const OLD = { url: 'http://old.example.org/mcp', auth: { type: 'APIKey', apiKey: secretKeyRef('theirs') } };
const old = (...args: string[]) => own.kubectl(['-n', TEAM, '--as', AUTHOR, ...args]);

async function giveRights(): Promise<void> {
  const role = (name: string, user: string, ...rules: string[][]) =>
    Promise.all([
      kubectl(['create', 'role', name, '-n', TEAM, ...(rules[0] ?? [])]),
      kubectl(['create', 'rolebinding', name, '-n', TEAM, `--role=${name}`, `--user=${user}`]),
    ]);
  const mcpservers = ['--verb=*', '--resource=mcpservers.mcpserver-operator.dev'];
  const secrets = ['--verb=get', '--resource=secrets'];
  await role('author', AUTHOR, mcpservers);
  await role('author-secrets', AUTHOR, [...secrets, ...['mine', ...numbered(25)].map((name) => `--resource-name=${name}`)]);
  await role('owner', OWNER, mcpservers);
  await role('owner-secrets', OWNER, secrets);
}

beforeAll(async () => {
  own = await startControlPlane();
  await kubectl(['create', 'namespace', TEAM]);
  operatorKubeconfig = (await installChart(own, OPERATOR)).kubeconfig;
  for (const name of ['old', 'old-removed']) await kubectl(['create', '-f', '-'], manifest(name, OLD));
  await giveRights();
  await installChart(own, OPERATOR, policies());
  const active: readonly [string, object][] = [
    ['require-tls', { url: 'http://good.example.com' }],
    ['allowed-hosts', { url: 'https://bad.example.org' }],
    ['secret-access', { ...GOOD, ...headersFrom(['theirs']) }],
  ];
  for (const [name, spec] of active) {
    const what = `${name} is active`;
    await until(async () => (await judge(spec, AUTHOR)).includes(policy(name)), { what, timeoutMs: 20_000 });
  }
});
afterAll(() => own?.stop());

describe('requireTLS', () => {
  test.each<[string, object]>([
    ['spec.url must begin with https://', { url: 'http://good.example.com/mcp' }],
    ['spec.serviceRef.scheme must be https', { serviceRef: { name: 'tickets', port: 80 } }],
    ['spec.auth.oauth.issuer must begin with https://', { ...GOOD, ...oauth({ issuer: 'http://good.example.com' }) }],
    ['spec.auth.oauth.tokenURL must begin with https://', { ...GOOD, ...oauth({ tokenURL: 'http://good.example.com/t' }) }],
  ])('%s', async (words, spec) => {
    const said = await judge(spec, AUTHOR);
    expect(said).toContain(policy('require-tls'));
    expect(said).toContain(words);
  });

  test.each<[string, object]>([
    ['a URL', GOOD],
    ['a Service', { serviceRef: { name: 'tickets', port: 'https', scheme: 'https' } }],
    ['OAuth', { ...GOOD, ...oauth({ tokenURL: 'https://a.wild.example.com/token' }) }],
  ])('%s with https is taken', async (_what, spec) => {
    expect(await judge(spec, AUTHOR)).toBe(ACCEPTED);
  });
});

describe('allowedHosts', () => {
  test.each([
    'https://good.example.com/mcp',
    'https://GOOD.Example.com.:8443/mcp?x=1',
    'https://evil.example.com/good.example.com',
    'https://good.example.com.evil.example.org/',
    'https://sub.good.example.com/',
    'https://a.wild.example.com/',
    'https://a.b.wild.example.com/',
    'https://wild.example.com/',
    'https://evilwild.example.com/',
    'https://192.0.2.7:9443/',
    'https://192.0.2.70/',
    'https://[2001:DB8::7]/',
    'https://[2001:db8::8]/',
    'https://tickets.team.svc/',
    'https://tickets.other.svc/',
  ])('judges %s as the operator does', async (url) => {
    const said = await judge({ url }, AUTHOR);
    if (matchesHost(HOSTS, normalizeHost(new URL(url).hostname))) expect(said).toBe(ACCEPTED);
    else
      expect(said).toContain(
        `${policy('allowed-hosts')} with binding 'mcpserver-operator-allowed-hosts' denied request: no MCP server`,
      );
  });

  test('the message names the host and those that are allowed, and no path or query', async () => {
    const said = await judge({ url: 'https://bad.example.org/secret?token=x' }, AUTHOR);
    expect(said).toContain(
      `no MCP server may be probed at bad.example.org; allowed: ${HOSTS.join(', ')}. Use one of these, or ask the administrator`,
    );
    expect(said).not.toMatch(/\/secret|token=x/);
  });

  test.each<[string, object, boolean]>([
    ['a declared token endpoint elsewhere', { tokenURL: 'https://bad.example.org/token' }, false],
    ['an issuer elsewhere', { issuer: 'https://bad.example.org' }, false],
    [
      'an issuer elsewhere that is not asked',
      { issuer: 'https://bad.example.org', tokenURL: 'https://good.example.com/t' },
      true,
    ],
  ])('%s', async (_what, fields, accepted) => {
    const said = await judge({ ...GOOD, ...oauth(fields) }, AUTHOR);
    if (accepted) expect(said).toBe(ACCEPTED);
    else expect(said).toContain('no MCP server may be probed at bad.example.org;');
  });

  test('a Service is judged by its name in the cluster', async () => {
    await kubectl(['create', 'namespace', 'elsewhere']);
    const spec = { serviceRef: { name: 'tickets', port: 443, scheme: 'https' } };
    const { stderr } = await own.kubectl(['create', '-f', '-'], { input: JSON.stringify(manifest('x', spec, 'elsewhere')) });
    expect(stderr).toContain('no MCP server may be probed at tickets.elsewhere.svc;');
  });
});

/** A spec for each field of the schema that names a Secret; `name` is the Secret's. */
const SPECS: Readonly<Record<string, (name: string) => object>> = {
  'headers[].valueFrom.secretKeyRef': (name) => headersFrom(['mine', name]),
  'auth.bearer.secretKeyRef': (name) => ({ auth: { type: 'Bearer', bearer: secretKeyRef(name) } }),
  'auth.apiKey.secretKeyRef': (name) => ({ auth: { type: 'APIKey', apiKey: secretKeyRef(name) } }),
  'auth.oauth.clientIDFrom.secretKeyRef': (name) => oauth({ clientID: undefined, clientIDFrom: secretKeyRef(name) }),
  'auth.oauth.clientSecretRef': (name) => oauth({ clientSecretRef: ref(name) }),
  'auth.oauth.privateKeyRef': (name) => oauth({ clientSecretRef: undefined, privateKeyRef: ref(name) }),
  'tls.caBundleRef.secretKeyRef': (name) => ({ tls: { caBundleRef: secretKeyRef(name) } }),
  'tls.clientCertificateRef': (name) => ({ tls: { clientCertificateRef: { name } } }),
};

/** Paths of objects whose `name` is that of a Secret. */
function secretsBelow(node: StructuralSchema, path: string): string[] {
  const { name } = node.properties ?? {};
  if (name?.description?.startsWith('Name of the Secret') === true) return [path];
  const fields = Object.entries(node.properties ?? {}).flatMap(([field, child]) =>
    secretsBelow(child, path === '' ? field : `${path}.${field}`),
  );
  return [...fields, ...(node.items === undefined ? [] : secretsBelow(node.items, `${path}[]`))];
}

describe('secretAccess', () => {
  test('the table has every field of the schema that names a Secret', () => {
    expect(Object.keys(SPECS).toSorted()).toEqual(secretsBelow(makeSchema().properties?.['spec'] ?? {}, '').toSorted());
  });

  test.each(Object.entries(SPECS))('%s', async (_path, specWith) => {
    const said = await judge({ ...GOOD, ...specWith('theirs') }, AUTHOR);
    expect(said).toContain(policy('secret-access'));
    expect(said).toContain('you may not read the Secret "theirs" of this namespace, so no spec of yours may use it.');
    expect(await judge({ ...GOOD, ...specWith('mine') }, AUTHOR)).toBe(ACCEPTED);
    expect(await judge({ ...GOOD, ...specWith('theirs') }, OWNER)).toBe(ACCEPTED);
  });

  test('a ConfigMap is not judged', async () => {
    const configMapKeyRef = ref('theirs');
    expect(await judge({ ...GOOD, tls: { caBundleRef: { configMapKeyRef } } }, AUTHOR)).toBe(ACCEPTED);
  });

  test('the last of 24 Secrets is looked at like the first, a 25th is too many, and each counts once', async () => {
    expect(await judge({ ...GOOD, ...headersFrom(numbered(24)) }, AUTHOR)).toBe(ACCEPTED);
    expect(await judge({ ...GOOD, ...headersFrom([...numbered(23), 'theirs']) }, AUTHOR)).toContain('the Secret "theirs"');
    expect(await judge({ ...GOOD, ...headersFrom(numbered(25)) }, AUTHOR)).toContain('24 Secrets at most');
    expect(await judge({ ...GOOD, ...headersFrom([...numbered(24), ...numbered(8)]) }, AUTHOR)).toBe(ACCEPTED);
  });

  test('who may read all Secrets may name as many as a spec can hold', async () => {
    const most = { ...headersFrom(numbered(32)), ...SPECS['auth.oauth.clientIDFrom.secretKeyRef']?.('one') };
    const tls = { caBundleRef: secretKeyRef('two'), clientCertificateRef: { name: 'three' } };
    expect(await judge({ ...GOOD, ...most, tls }, OWNER)).toBe(ACCEPTED);
  });
});

describe('what is older than the policies', () => {
  test.each<[string, string[]]>([
    ['labelled', ['label', 'mcpserver', 'old', 'a=b', '--overwrite']],
    ['suspended', ['patch', 'mcpserver', 'old', '--type=merge', '-p', '{"spec":{"suspend":true}}']],
    ['resumed', ['patch', 'mcpserver', 'old', '--type=merge', '-p', '{"spec":{"suspend":false}}']],
    ['probed less often', ['patch', 'mcpserver', 'old', '--type=merge', '-p', '{"spec":{"probe":{"periodSeconds":999}}}']],
    ['given a finalizer', ['patch', 'mcpserver', 'old', '--type=merge', '-p', '{"metadata":{"finalizers":["example.com/f"]}}']],
    ['rid of it', ['patch', 'mcpserver', 'old', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']],
    ['removed', ['delete', 'mcpserver', 'old-removed', '--timeout=10s']],
  ])('can be %s', async (_what, args) => {
    expectSuccess(await old(...args));
  });

  test.each<[string, object, RegExp]>([
    // Each of the three refuses it; which one is told is not said.
    ['to another place', { url: 'http://old.example.org/other' }, /-(?:require-tls|allowed-hosts|secret-access)' denied/],
    ['by another header', headersFrom(['mine']), /-secret-access' denied/],
    ['by other authorities', { tls: { caBundleRef: secretKeyRef('mine') } }, /-secret-access' denied/],
  ])('is judged when it is changed to connect %s', async (_what, spec, words) => {
    const { stderr } = await old('patch', 'mcpserver', 'old', '--type=merge', '-p', JSON.stringify({ spec }));
    expect(stderr).toMatch(words);
  });

  test('gets its status from the operator', async () => {
    const read = await kubectl(['get', 'mcpserver', 'old', '-n', TEAM, '-o', 'json']);
    const input = JSON.stringify({ ...JSON.parse(read), status: { observedGeneration: 1, state: 'Denied' } });
    expectSuccess(await own.kubectl(['replace', '--subresource=status', '-f', '-'], { kubeconfig: operatorKubeconfig, input }));
    expect(await kubectl(['get', 'mcpserver', 'old', '-n', TEAM, '-o', 'jsonpath={.status.state}'])).toBe('Denied');
  });
});

test('Warn tells, and lets pass; namespaceSelector says where', async () => {
  const requireTLS = { ...enabled, validationActions: ['Warn', 'Audit'] };
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': TEAM } };
  await installChart(own, OPERATOR, policies({ requireTLS, namespaceSelector }));
  const warned = await until(
    async () => {
      const said = await judge({ url: 'http://good.example.com/' }, AUTHOR);
      return said.startsWith(ACCEPTED) && said.includes('Warning') ? said : undefined;
    },
    { what: 'the action is Warn', timeoutMs: 20_000 },
  );
  expect(warned).toContain(`Validation failed for ${policy('require-tls')}`);
  const free = JSON.stringify(manifest('free', { url: 'http://bad.example.org' }, OPERATOR));
  expectSuccess(await own.kubectl(['create', '--dry-run=server', '-f', '-'], { input: free }));
});
