/**
 * Argo CD's Lua, kstatus and kubectl over the object of every row of the state table: all say what page 2 says. Lua and kstatus are the
 * real ones, in Go; where Go is not to be had they are left out with one loud line, and in CI that fails.
 */
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ACTIONS, CUSTOMIZATION, readScript } from '../../hack/gitops/argocd.ts';
import { type Oracle, prepareOracle } from '../../hack/oracle/oracle.ts';
import { PROBE_REQUESTED_AT } from '../../src/api/v1alpha1/group.ts';
import { until } from '../platform/until.ts';
import { objectOf, STATE_TABLE, type StateRow, UNWRITTEN } from '../reconcile/state-table.ts';
import { controlPlane, createNamespace, expectSuccess } from './control-plane.ts';
import { installCRDs } from './kube-client.ts';

const ROWS: readonly StateRow[] = [...UNWRITTEN, ...STATE_TABLE];

const oracle = await prepareOracle();

test('the oracle may be left out, but not in CI', () => {
  expect(oracle.kind === 'ready' || process.env['CI'] === undefined, JSON.stringify(oracle)).toBe(true);
});

if (oracle.kind === 'ready') describeOracle(oracle.judge);

type Judge = Extract<Oracle, { kind: 'ready' }>['judge'];

const load = (name: string) => parse(readFileSync(path.join(CUSTOMIZATION, name), 'utf8'));

function describeOracle(judge: Judge): void {
  const runScript = async (script: string, object: object = {}) => {
    const [answer] = await judge([{ object: { apiVersion: 'v1', kind: 'Any', metadata: { name: 'a' }, ...object }, script }]);
    return answer;
  };

  describe('the oracle', () => {
    test.each<[string, string]>([
      ['string', 'return { string.upper("a") }'],
      ['methods of strings', 'return { ("a"):upper() }'],
      ['math', 'return { math.floor(1.5) }'],
      ['io', 'return { io.open("/etc/passwd") }'],
      ['the whole of os', 'return { require("os").exit() }'],
      ['whole division', 'return { 3 // 2 }'],
    ])('refuses what Argo CD refuses: %s', async (_what, script) => {
      expect(await runScript(script)).toMatchObject({ error: expect.any(String) });
    });

    test('stops a script after a second', async () => {
      expect((await runScript('while true do end'))?.error).toContain('context deadline exceeded');
    });

    test('runs what Argo CD runs', async () => {
      expect(await runScript('local t = {"a", obj.kind} table.insert(t, tostring(1)) return t')).toMatchObject({
        lua: ['a', 'Any', '1'],
      });
    });
  });

  describe('every row of the state table', () => {
    test.each(ROWS)('$situation: Argo CD says $argo, kstatus $kstatus', async (row) => {
      const [answer] = await judge([{ object: objectOf(row), script: readScript('health.lua') }]);
      expect(answer?.error).toBeUndefined();
      expect(answer?.lua).toMatchObject({ status: row.argo });
      if (row.kstatus !== undefined) expect(answer?.kstatus?.status).toBe(row.kstatus);
    });

    test("health_test.yaml, as argo-cd's own runner reads it, holds for the files in testdata", async () => {
      const { tests } = load('health_test.yaml') as { tests: { inputPath: string; healthStatus: object }[] };
      expect(tests).toHaveLength(ROWS.length);
      const answers = await judge(tests.map(({ inputPath }) => ({ object: load(inputPath), script: readScript('health.lua') })));
      expect(answers.map(({ lua }) => lua)).toEqual(tests.map(({ healthStatus }) => healthStatus));
    });

    test.each([{}, { status: {} }, { status: { observedGeneration: 1, conditions: [] } }])(
      'a status that is not complete is Progressing, and no error: %j',
      async (partial) => {
        const object = { metadata: { name: 'a', generation: 1 }, spec: {}, ...partial };
        expect(await runScript(readScript('health.lua'), object)).toMatchObject({ lua: { status: 'Progressing' } });
      },
    );

    test('an object that is being deleted is Progressing', async () => {
      const object = objectOf(ROWS[2] ?? expect.unreachable());
      const deleted = { ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
      expect(await runScript(readScript('health.lua'), deleted)).toMatchObject({
        lua: { status: 'Progressing' },
        kstatus: { status: 'Terminating' },
      });
    });
  });

  describe('actions', () => {
    const cases = load('actions/action_test.yaml') as {
      discoveryTests: { inputPath: string; result: { name: string; disabled: boolean }[] }[];
      actionTests: { action: string; inputPath: string; expectedOutputPath: string }[];
    };

    test.each(cases.discoveryTests)('$inputPath offers the right ones', async ({ inputPath, result }) => {
      const answer = await runScript(readScript('actions/discovery.lua'), load(`actions/${inputPath}`));
      expect(answer?.lua).toEqual(Object.fromEntries(result.map(({ name, disabled }) => [name, { disabled }])));
      expect(result.map(({ name }) => name)).toEqual(ACTIONS);
    });

    test.each(cases.actionTests)('$action of $inputPath gives $expectedOutputPath and changes nothing else', async (each) => {
      const answer = await runScript(readScript(`actions/${each.action}/action.lua`), load(`actions/${each.inputPath}`));
      const expected = load(`actions/${each.expectedOutputPath}`);
      if (each.action === 'probe-now') {
        const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expected.metadata.annotations[PROBE_REQUESTED_AT] = time;
      }
      expect(answer?.lua).toEqual(expected);
    });

    test('every action has a test', () => {
      expect(cases.actionTests.map(({ action }) => action).sort()).toEqual([...ACTIONS].sort());
    });

    test('argocd-cm carries the same Lua', () => {
      const { data } = parse(readFileSync('docs/gitops/argocd/argocd-cm.yaml', 'utf8')) as { data: Record<string, string> };
      const key = 'mcpserver-operator.dev_MCPServer';
      expect(data[`resource.customizations.health.${key}`]).toBe(readScript('health.lua'));
      const actions = parse(data[`resource.customizations.actions.${key}`] ?? '');
      expect(actions['discovery.lua']).toBe(readScript('actions/discovery.lua'));
      expect(actions.definitions).toEqual(
        ACTIONS.map((name) => ({ name, 'action.lua': readScript(`actions/${name}/action.lua`) })),
      );
    });
  });
}

describe('on a real API server', () => {
  let namespace: string;
  const inNamespace = (...args: string[]) => controlPlane.kubectl(['-n', namespace, ...args]);

  beforeAll(async () => {
    await installCRDs(controlPlane);
    namespace = await createNamespace('gitops');
    const objects = STATE_TABLE.map((row) => ({ ...objectOf(row), metadata: { name: row.file }, status: undefined }));
    expectSuccess(await applyAll(objects));
    for (const row of STATE_TABLE) await writeStatus(row);
  });

  async function applyAll(objects: readonly object[]) {
    const input = objects.map((object) => JSON.stringify(object)).join('\n---\n');
    return controlPlane.kubectl(['-n', namespace, 'apply', '--server-side', '-f', '-'], { input });
  }

  /** As the operator writes it: with an update of the subresource, once the object has the row's generation. */
  async function writeStatus({ file, generation, status }: StateRow): Promise<void> {
    const read = async () => JSON.parse(expectSuccess(await inNamespace('get', 'mcpservers', file, '-o', 'json')));
    let object = await read();
    for (let edits = object.metadata.generation; edits < generation; edits++) {
      expectSuccess(await inNamespace('patch', 'mcpservers', file, '--type=merge', '-p', '{"spec":{"protocol":"Modern"}}'));
      object = await read();
    }
    expect(object.metadata.generation).toBe(generation);
    const input = JSON.stringify({ ...object, status });
    const args = ['-n', namespace, 'replace', '--subresource=status', '-f', '-'];
    expectSuccess(await controlPlane.kubectl(args, { input }));
  }

  test.each(STATE_TABLE)('$situation: kubectl wait agrees', async ({ file, kstatus, status }) => {
    const isReady = status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
    const waitFor = async (condition: string) => {
      const { code } = await inNamespace('wait', `--for=condition=${condition}`, `mcpserver/${file}`, '--timeout=0');
      return code === 0;
    };
    if (kstatus === 'Current' || kstatus === 'InProgress') expect(await waitFor('Ready')).toBe(isReady && kstatus === 'Current');
    expect(await waitFor('Stalled')).toBe(kstatus === 'Failed');
    expect(await waitFor('Reconciling')).toBe(kstatus === 'InProgress');
  });

  test.each<[string, string, RegExp | undefined]>([
    ['a healthy server', 'available', undefined],
    ['a denied one', 'denied', /status: Failed/],
    ['one with tools missing', 'tools-missing', /status: Failed/],
  ])('helm install --wait of %s ends at once, as kstatus says', async (_what, file, failure) => {
    const row = STATE_TABLE.find((each) => each.file === file) ?? expect.unreachable();
    const chart = await mkdtemp(path.join(tmpdir(), 'gitops-'));
    try {
      await mkdir(path.join(chart, 'templates'));
      const waited: StateRow = { ...row, file: `helm-${file}` };
      const object = { ...objectOf(waited), metadata: { name: waited.file }, status: undefined };
      await writeFile(path.join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: waited\nversion: 0.1.0\n');
      await writeFile(path.join(chart, 'templates/server.json'), JSON.stringify(object));
      const args = ['install', waited.file, chart, '-n', namespace, '--wait', '--timeout', '30s'];
      const startedMs = performance.now();
      const installing = controlPlane.helm(args);
      const isThere = async () => (await inNamespace('get', 'mcpservers', waited.file)).code === 0;
      await until(isThere, { what: 'helm has created it', timeoutMs: 20_000 });
      await writeStatus(waited);
      const { code, stderr } = await installing;
      expect(performance.now() - startedMs, 'it waited for its time-out').toBeLessThan(25_000);
      expect(code, stderr).toBe(failure === undefined ? 0 : 1);
      if (failure !== undefined) expect(stderr).toMatch(failure);
    } finally {
      await rm(chart, { recursive: true });
      // A release that is not there any more is not missed: the installation may be what failed.
      await controlPlane.helm(['uninstall', `helm-${file}`, '-n', namespace, '--ignore-not-found']);
    }
  });
});
