/**
 * The alerts: every expression uses what the operator exposes, and promtool proves each with a situation in which it fires and one in which
 * it does not. Where promtool is not to be had that proof is left out with one loud line; in CI that fails.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { run } from '../../../hack/controlplane/run.ts';
import { ALERTS, type Alert, type Example } from '../../../hack/pictures/alerts.ts';
import { SECTIONS } from '../../../hack/pictures/panels.ts';
import { resolvePromQL } from '../../../hack/pictures/promql.ts';
import { preparePromtool } from '../../../hack/pictures/promtool.ts';
import { readRegistry } from '../../../hack/pictures/registry.ts';
import { RUNBOOKS, renderRules, renderRunbooks } from '../../../hack/pictures/rules.ts';
import { concrete } from './variables.ts';

const registry = await readRegistry();
const promtool = await preparePromtool();

describe('every alert', () => {
  it.each(ALERTS)('$name resolves against the registry of the code, and names what it is about', ({ expression, summary }) => {
    const labels = resolvePromQL(expression, registry);
    for (const [, label = ''] of summary.matchAll(/\$labels\.(\w+)/g)) expect(labels, label).toContain(label);
  });

  it.each(ALERTS)('$name links to its run-book', ({ name }) => {
    const { groups } = parse(renderRules()) as { groups: { rules: { alert: string; annotations: Record<string, string> }[] }[] };
    const rule = groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === name);
    expect(rule?.annotations['runbook_url']).toBe(`${RUNBOOKS}#${name.toLowerCase()}`);
    expect(renderRunbooks()).toContain(`\n## ${name}\n`);
  });

  it('links of the run-books lead somewhere', async () => {
    const text = renderRunbooks();
    const anchorsOf = (markdown: string) =>
      [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
    for (const [, file = '', anchor = ''] of text.matchAll(/\]\(([^)#]*)#([^)]+)\)/g)) {
      const target = file === '' ? text : await readFile(path.join('docs', file), 'utf8');
      expect(anchorsOf(target), `${file}#${anchor}`).toContain(anchor);
    }
  });

  it.each(ALERTS)('$name has an example in which it fires, and one in which it does not', ({ examples }) => {
    expect(examples.some(({ fires }) => fires.length > 0) && examples.some(({ fires }) => fires.length === 0)).toBe(true);
  });
});

it('promtool may be left out, but not in CI', () => {
  expect(promtool.kind === 'ready' || process.env['CI'] === undefined, JSON.stringify(promtool)).toBe(true);
});

if (promtool.kind === 'ready') describePromtool(promtool.command);

function describePromtool(command: string): void {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'alerts-'));
    await writeFile(path.join(folder, 'rules.yaml'), renderRules());
  });
  afterAll(() => rm(folder, { recursive: true }));

  const prove = async (name: string, file: object) => {
    await writeFile(path.join(folder, `${name}.yaml`), stringify(file));
    return run(command, ['test', 'rules', `${name}.yaml`], { cwd: folder });
  };

  describe('promtool', () => {
    it('finds nothing wrong with the rules', async () => {
      const { code, stdout, stderr } = await run(command, ['check', 'rules', '--lint-fatal', 'rules.yaml'], { cwd: folder });
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toContain(`${ALERTS.length} rules found`);
    });

    it('reads every query of the dashboard', async () => {
      const queries = SECTIONS.flatMap(({ panels }) => panels).flatMap(({ queries }) => queries);
      const rules = queries.map(({ expression }, index) => ({ record: `query_${index}`, expr: concrete(expression) }));
      await writeFile(path.join(folder, 'queries.yaml'), stringify({ groups: [{ name: 'queries', rules }] }));
      const { code, stdout, stderr } = await run(command, ['check', 'rules', 'queries.yaml'], { cwd: folder });
      expect(code, stdout + stderr).toBe(0);
    });

    it('proves that the table of servers that are not Ready names those, with state and failures', async () => {
      const { queries } =
        SECTIONS.flatMap(({ panels }) => panels).find(({ title }) => title === 'Not Ready now') ?? expect.unreachable();
      const of = (metric: string, name: string, more = '') => `mcpserver_operator_${metric}{namespace="n",name="${name}"${more}}`;
      const samples: [string, string][] = [
        [of('up', 'good'), '1'],
        [of('state', 'good', ',state="Available"'), '1'],
        [of('consecutive_failures', 'good'), '0'],
        [of('up', 'bad'), '0'],
        [of('state', 'bad', ',state="Denied"'), '1'],
        [of('consecutive_failures', 'bad'), '4'],
        [of('up', 'unmet'), '0'],
        [of('state', 'unmet', ',state="Available"'), '1'],
        [of('consecutive_failures', 'unmet'), '0'],
      ];
      const row = (name: string, state: string, value: number) => ({
        labels: `{namespace="n",name="${name}",state="${state}"}`,
        value,
      });
      const test = {
        interval: '1m',
        input_series: samples.map(([series, value]) => ({ series, values: `${value}x5` })),
        promql_expr_test: queries.map(({ expression }) => ({
          expr: concrete(expression),
          eval_time: '2m',
          exp_samples: [row('bad', 'Denied', 4), row('unmet', 'Available', 0)],
        })),
      };
      const { code, stdout, stderr } = await prove('not-ready', { rule_files: [], tests: [test] });
      expect(code, stdout + stderr).toBe(0);
    });

    it.each(ALERTS)('proves that $name fires when it must, and only then', async (alert) => {
      const { code, stdout, stderr } = await prove(alert.name, proofOf(alert, alert.examples));
      expect(code, stdout + stderr).toBe(0);
    });

    it('would see an alert that does not fire', async () => {
      const [alert = expect.unreachable()] = ALERTS;
      const wrong = alert.examples.map((example) => ({ ...example, fires: example.fires.length > 0 ? [] : example.fires }));
      expect((await prove('wrong', proofOf(alert, wrong))).code).toBe(1);
    });
  });
}

/** A test file for promtool. It compares annotations as well, so the expected ones are made as Prometheus makes them. */
function proofOf(alert: Alert, examples: readonly Example[]) {
  const { groups } = parse(renderRules()) as { groups: { rules: { alert: string; annotations: Record<string, string> }[] }[] };
  const annotations = groups.flatMap(({ rules }) => rules).find((rule) => rule.alert === alert.name)?.annotations ?? {};
  const expand = (labels: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(annotations).map(([key, text]) => [
        key,
        text.replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? ''),
      ]),
    );
  return {
    rule_files: ['rules.yaml'],
    evaluation_interval: '1m',
    tests: examples.map(({ series, atMinute, fires }) => ({
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      alert_rule_test: [
        {
          eval_time: `${atMinute}m`,
          alertname: alert.name,
          exp_alerts: fires.map((labels) => ({
            exp_labels: { ...labels, severity: alert.severity },
            exp_annotations: expand(labels),
          })),
        },
      ],
    })),
  };
}
