/**
 * The official conformance suite against the prober, once for each revision of the protocol, whole sets at a time. What a read-only
 * prober can pass must pass. The suite's own comparison with the baseline leaves out the scenarios that it does not score (extensions,
 * among them OAuth client credentials), so the comparison of scenarios is made here for all of them; its exit code speaks for single checks.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../hack/controlplane/run.ts';

const SUITE = path.resolve(import.meta.dirname, '../../node_modules/@modelcontextprotocol/conformance/dist/index.js');
const DRIVER = path.join(import.meta.dirname, 'driver.ts');
const BASELINE = path.join(import.meta.dirname, 'baseline.yaml');
/** The suite starts all of its 25 to 39 scenarios at once, each a process: 8 s on two idle cores, more than a minute on two busy ones. */
const SCENARIO_TIMEOUT_MS = 200_000;
const SUITE_TIMEOUT_MS = 240_000;

/** What the prober is for: never to be found in the baseline. */
const MUST_PASS: Readonly<Record<string, readonly string[]>> = {
  '2026-07-28': [
    'request-metadata',
    'http-standard-headers',
    'json-schema-ref-no-deref',
    'auth/client-credentials-basic',
    'auth/client-credentials-jwt',
  ],
  '2025-11-25': ['initialize', 'auth/client-credentials-basic', 'auth/client-credentials-jwt'],
};

/** Scenario, or scenario and check, to the reason why it is expected to fail. */
const baseline = new Map(
  [...readFileSync(BASELINE, 'utf8').matchAll(/^ {2}- (\S+)(?: # (.+))?$/gm)].map(([, entry = '', reason = '']) => [
    entry,
    reason,
  ]),
);
const excused = new Set([...baseline.keys()].map((entry) => entry.split(':')[0] ?? ''));
const ran = new Set<string>();

for (const [revision, mustPass] of Object.entries(MUST_PASS)) {
  describe(`conformance ${revision}`, () => {
    const output = mkdtempSync(path.join(tmpdir(), 'mcpserver-operator-conformance-'));
    const results = new Map<string, 'passed' | 'failed'>();
    let code: number;
    let log: string;

    beforeAll(async () => {
      const driver = path.join(output, 'driver.mjs');
      await bundleDriver(driver);
      const command = `"${process.execPath}" "${driver}"`;
      const options = ['--requirements', revision, '--expected-failures', BASELINE, '--timeout', String(SCENARIO_TIMEOUT_MS)];
      const args = ['client', '--command', command, ...options, '-o', output];
      const result = await run(process.execPath, [SUITE, ...args], { timeoutMs: SUITE_TIMEOUT_MS });
      ({ code } = result);
      log = `${result.stdout}${result.stderr}`.slice(-8_000);
      const [, summary = ''] = result.stdout.split('=== SUITE SUMMARY ===');
      for (const [, mark, name = ''] of summary.matchAll(/^([✓✗]) (\S+): \d+ passed, \d+ failed/gm)) {
        results.set(name, mark === '✓' ? 'passed' : 'failed');
        ran.add(name);
      }
    }, SUITE_TIMEOUT_MS + 10_000);
    afterAll(() => rmSync(output, { recursive: true, force: true }));

    const named = (state: 'passed' | 'failed') => [...results].filter(([, each]) => each === state).map(([name]) => name);

    it('every scenario that fails stands in the baseline, and no other check of it fails', () => {
      expect(named('failed').filter((name) => !excused.has(name))).toEqual([]);
      expect(code, log).toBe(0);
    });

    it('no scenario of the baseline passes', () => {
      expect(named('passed').filter((name) => excused.has(name))).toEqual([]);
    });

    it(`a prober passes ${mustPass.join(', ')}`, () => {
      expect(
        mustPass.filter((name) => results.get(name) !== 'passed'),
        log,
      ).toEqual([]);
    });
  });
}

/** One file instead of 200: a driver starts in a third of the time. */
async function bundleDriver(outfile: string): Promise<void> {
  const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };
  await build({ entryPoints: [DRIVER], bundle: true, platform: 'node', format: 'esm', outfile, banner, logLevel: 'error' });
}

describe('the baseline', () => {
  it('gives a reason for each entry', () => {
    expect([...baseline].filter(([, reason]) => reason === '').map(([entry]) => entry)).toEqual([]);
  });

  it('names scenarios that exist', () => {
    expect([...excused].filter((name) => !ran.has(name))).toEqual([]);
  });
});
