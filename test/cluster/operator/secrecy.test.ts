/**
 * E5 on the real thing: canary credentials, shown to servers that give them back in every way that a server can, over every class of
 * failure that a server can choose, are looked for in all that the operator and the command line say.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { API_VERSION, KIND } from '../../../src/api/v1alpha1/group.ts';
import { until } from '../../platform/until.ts';
import { startRawServer, startServer } from '../../probe/scripted-server.ts';
import { controlPlane, createNamespace } from '../control-plane.ts';
import { installOperator, type OperatorProcess, startOperator, startProgram } from '../operator-process.ts';
import { CANARIES, formsOf, QUERY_CANARY, REFLECTIONS, reflectRaw } from './canaries.ts';
import { type Objects, openObjects, tokenIn } from './objects.ts';

const SECRET = {
  bearer: CANARIES.bearer,
  'api-key': CANARIES.apiKey,
  header: CANARIES.header,
  broken: `${CANARIES.header}\nX: 1`,
};

let objects: Objects;
let operator: OperatorProcess;
let specs: Record<string, object>;
let ownToken = '';
const servers: { close(): Promise<void>; requests: readonly unknown[] }[] = [];

/** Both kinds of `auth`, each beside a header from the Secret. */
const identities = (key: string) => [
  { auth: { type: 'Bearer', bearer: { secretKeyRef: { name: 'canary', key: 'bearer' } } }, ...tenantKey(key) },
  { auth: { type: 'APIKey', apiKey: { secretKeyRef: { name: 'canary', key: 'api-key' } } }, ...tenantKey(key) },
];
const tenantKey = (key: string) => ({
  headers: [{ name: 'X-Tenant-Key', valueFrom: { secretKeyRef: { name: 'canary', key } } }],
});

beforeAll(async () => {
  const namespace = await createNamespace('secrecy');
  const kubeconfig = await installOperator(controlPlane, namespace);
  ownToken = await tokenIn(kubeconfig);
  objects = await openObjects(controlPlane, namespace);
  await objects.secret('canary', SECRET);
  const urls = new Map<string, string>();
  for (const [name, behaviour] of Object.entries(REFLECTIONS)) {
    const server = await startServer(behaviour);
    servers.push(server);
    urls.set(name, server.url(`/mcp?key=${QUERY_CANARY}`));
  }
  const raw = await startRawServer(reflectRaw);
  servers.push(raw);
  urls.set('raw', raw.url(`/mcp?key=${QUERY_CANARY}`));
  const common = { probe: { timeoutSeconds: 1, deadlineSeconds: 5 }, retry: { attempts: 1 } };
  specs = Object.fromEntries(
    [...urls].flatMap(([name, url]) =>
      identities('header').map((identity, index) => [`${name}-${index}`, { url, ...common, ...identity }]),
    ),
  );
  specs['unsendable'] = { url: urls.get('unauthorized'), ...common, ...tenantKey('broken') };
  operator = await startOperator({ kubeconfig, namespace });
  await objects.apply(specs);
  await until(async () => [...(await objects.list()).values()].every(({ status }) => status.observedGeneration === 1), {
    what: 'every object has its verdict',
    timeoutMs: 20_000,
  });
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await objects?.close();
  await Promise.all(servers.map((server) => server.close()));
});

/** The forms that stand in `text`, each with what is around it. */
function leaks(text: string, canaries: readonly string[]): string[] {
  return canaries.flatMap((canary) =>
    formsOf(canary)
      .filter((form) => text.includes(form))
      .map((form) => text.slice(Math.max(0, text.indexOf(form) - 80), text.indexOf(form) + form.length + 20)),
  );
}
const secrets = () => [...Object.values(CANARIES), ownToken];
const everything = () => [...secrets(), QUERY_CANARY];

test('E1: the servers were shown the credentials, so that there was something to leak', async () => {
  for (const server of servers) expect(server.requests.length).toBeGreaterThanOrEqual(2);
  const all = await objects.list();
  for (const name of ['success-modern-0', 'success-legacy-1']) {
    expect(all.get(name)?.status).toMatchObject({ state: 'Available', server: { name: expect.stringContaining('[redacted]') } });
  }
  const classes = new Set([...all.values()].map(({ status }) => status.state));
  expect([...classes].sort()).toEqual(['Available', 'Denied', 'Permanent', 'Transient']);
  const reasons = new Set([...all.values()].map(({ status }) => status.failure?.reason));
  expect(reasons.size).toBeGreaterThanOrEqual(14);
});

describe('E5: no credential, raw, in base64 at any offset, URL-encoded or in hex, shows in', () => {
  test('any object, whole, nor the query of a URL in any status', async () => {
    expect(leaks(await objects.kubectl('get', 'mcpservers', '-o', 'yaml', '--show-managed-fields'), secrets())).toEqual([]);
    const statuses = [...(await objects.list()).values()].map(({ status }) => JSON.stringify(status)).join('\n');
    expect(leaks(statuses, everything())).toEqual([]);
    expect(leaks(await objects.kubectl('describe', 'mcpservers'), secrets())).toEqual([]);
  });

  test('any event', async () => {
    const all = await objects.list();
    const reasons = ['Available', 'TransientFailure', 'PermanentFailure', 'Denied'];
    // Each object that has a verdict has its event: then there was something to leak.
    await until(
      async () => {
        const told = await objects.kubectl('get', 'events', '-o', 'jsonpath={range .items[*]}{.involvedObject.name}{"\\n"}{end}');
        return [...all.keys()].every((name) => told.split('\n').includes(name));
      },
      { what: 'every object has its event', timeoutMs: 20_000, intervalMs: 200 },
    );
    for (const resource of ['events', 'events.events.k8s.io']) {
      const events = await controlPlane.kubectl(['get', resource, '-A', '-o', 'yaml', '--show-managed-fields']);
      for (const reason of reasons) expect(events.stdout).toContain(`reason: ${reason}\n`);
      expect(leaks(events.stdout, everything())).toEqual([]);
    }
    expect(leaks(await objects.kubectl('describe', 'mcpservers'), secrets())).toEqual([]);
  });

  test('the log, at its most talkative', () => {
    expect(operator.log().filter(({ msg }) => msg === 'credential used').length).toBeGreaterThan(servers.length);
    expect(leaks(operator.stdout() + operator.stderr(), everything())).toEqual([]);
  });

  test('the metrics', async () => {
    const metrics = await operator.metrics();
    expect(metrics).toContain('mcpserver_operator_probes_total{');
    expect(leaks(metrics, everything())).toEqual([]);
  });

  test('what mcpserver-operator probe prints, in each of its forms', async () => {
    const manifests = [
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'canary' }, stringData: SECRET },
      ...Object.entries(specs).map(([name, spec]) => ({ apiVersion: API_VERSION, kind: KIND, metadata: { name }, spec })),
    ];
    const input = manifests.map((manifest) => stringify(manifest)).join('---\n');
    const flags = ['probe', '--allow-loopback', '-f', '-', '-o'];
    const programs = await Promise.all(['json', 'yaml', 'table'].map((form) => startProgram([...flags, form], {}, input)));
    for (const program of programs) {
      expect((await program.ended).how).toBeGreaterThan(0);
      expect(program.stdout()).toContain('Permanent');
      expect(leaks(program.stdout() + program.stderr(), secrets())).toEqual([]);
    }
  });
});
