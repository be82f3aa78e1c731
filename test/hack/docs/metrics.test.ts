import { expect, test } from 'vitest';
import { readMetricFamilies, renderMetrics } from '../../../hack/docs/metrics.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const families = await readMetricFamilies();

test('every metric that the operator prints is found, with its type and help', async () => {
  let exposition = '';
  for await (const chunk of createMetrics({ version: 'x', objectMetrics: true }).render()) exposition += chunk;
  const printed = [...exposition.matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, name, type]) => [name, type]);
  expect(families.map(({ name, type }) => [name, type])).toEqual(printed);
  expect(families.filter(({ help }) => help === '')).toEqual([]);
});

test('labels are those of a real series, without the bounds of a histogram', () => {
  const labelsOf = (name: string) => families.find((family) => family.name === name)?.labels;
  expect(labelsOf('mcpserver_operator_probes_total')).toEqual(['verdict', 'reason', 'transport']);
  expect(labelsOf('mcpserver_operator_probe_duration_seconds')).toEqual(['stage']);
  expect(labelsOf('mcpserver_operator_state')).toEqual(['namespace', 'name', 'state']);
  expect(labelsOf('mcpserver_operator_retries_in_flight')).toEqual([]);
});

test('the page lists what is ours, and nothing that differs from machine to machine', async () => {
  const text = await renderMetrics();
  const ours = families.filter(({ name }) => !/^(?:process|nodejs)_/.test(name));
  for (const { name, type } of ours) expect(text).toContain(`| \`${name}\` | ${type} |`);
  expect(text).not.toMatch(/^\| `(?:process|nodejs)_/m);
});
