/**
 * The workflows of GitHub Actions: nothing of others runs there but what is pinned to a commit, with as few rights as will do, and the checks
 * are the ones that anybody can run.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { run as execute } from '../../hack/controlplane/run.ts';
import type { FoundProgram } from '../../hack/go-program.ts';
import { prepareActionlint } from './actionlint.ts';
import { prepareShellcheck } from './shellcheck.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const FOLDER = path.join(ROOT, '.github', 'workflows');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
}
interface Workflow {
  readonly permissions: Record<string, string>;
  readonly jobs: Record<
    string,
    { readonly 'timeout-minutes'?: number; readonly permissions?: Record<string, string>; readonly steps: Step[] }
  >;
}

const files = readdirSync(FOLDER).sort();
const workflows = files.map((file) => {
  const text = readFileSync(path.join(FOLDER, file), 'utf8');
  const workflow = parse(text) as Workflow;
  return { file, text, workflow, steps: Object.values(workflow.jobs).flatMap(({ steps }) => steps) };
});

test('there is one for every change and one for releases', () => {
  expect(files).toEqual(['ci.yaml', 'release.yaml']);
});

describe.each(workflows)('$file', ({ text, workflow, steps }) => {
  test('every action is pinned to a commit, and says which full version that is', () => {
    const lines = text.match(/^\s*(?:- )?uses: .*$/gm) ?? [];
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('it may read the source, and only a job that publishes may do more', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const more = Object.entries(workflow.jobs).filter(([, { permissions }]) => permissions !== undefined);
    expect(more.map(([name]) => name)).toEqual(text.includes('gh release create') ? ['publish'] : []);
    for (const { uses, with: inputs } of steps.filter(({ uses: name }) => name?.startsWith('actions/checkout'))) {
      expect(inputs, uses).toMatchObject({ 'persist-credentials': false });
    }
  });

  test('every job ends, and nothing that a stranger can write is pasted into a script', () => {
    for (const job of Object.values(workflow.jobs)) expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
    for (const { run } of steps) expect(run ?? '').not.toContain('${{');
  });

  test('the checks are .ci/run, and every script that it calls exists', () => {
    expect(steps.map(({ run }) => run)).toContain('.ci/run');
    for (const { run = '' } of steps) {
      for (const [script] of run.matchAll(/(?<![\w/])(?:\.ci|hack)\/[\w./-]+/g))
        expect(existsSync(path.join(ROOT, script)), script).toBe(true);
    }
  });
});

describe('actionlint, with shellcheck for what the steps run', () => {
  let actionlint: FoundProgram;
  let shellcheck = '';
  beforeAll(async () => {
    actionlint = await prepareActionlint();
    const found = await prepareShellcheck();
    shellcheck = found.kind === 'ready' ? found.command : '';
  }, 240_000);

  /** What it says of a workflow; nothing where it is not to be had. */
  async function findingsIn(text: string): Promise<string> {
    if (actionlint.kind === 'absent') return '';
    const args = ['-no-color', '-oneline', `-shellcheck=${shellcheck}`, '-pyflakes=', '-'];
    const { code, stdout, stderr } = await execute(actionlint.command, args, { cwd: ROOT, input: text });
    return code === 0 ? '' : stdout + stderr || `exit code ${code}`;
  }

  test('it may be left out, but not in CI', () => {
    expect(actionlint.kind === 'ready' || process.env['CI'] === undefined, JSON.stringify(actionlint)).toBe(true);
  });

  test.each(workflows)('finds nothing in $file', async ({ text }) => {
    expect(await findingsIn(text)).toBe('');
  });

  test('finds a key that jobs do not have, a context that is not there, and a careless script', async () => {
    if (actionlint.kind === 'absent') return;
    const [{ text } = expect.unreachable()] = workflows;
    expect(await findingsIn(text.replace('timeout-minutes', 'timeout-minuts'))).toContain('timeout-minuts');
    expect(await findingsIn(text.replace('github.ref', 'github.reff'))).toContain('"reff" is not defined');
    if (shellcheck !== '') expect(await findingsIn(text.replace('run: .ci/run', 'run: rm -r $HOME/x'))).toContain('SC2086');
  });
});

test('the versions of program and chart are one', () => {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const chart = parse(readFileSync(path.join(ROOT, 'charts/mcpserver-operator/Chart.yaml'), 'utf8')) as Record<string, unknown>;
  expect(chart).toMatchObject({ version, appVersion: version });
});
