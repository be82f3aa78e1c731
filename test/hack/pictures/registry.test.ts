import { expect, it } from 'vitest';
import { readRegistry } from '../../../hack/pictures/registry.ts';
import { STATES } from '../../../src/api/v1alpha1/status.ts';

it("reads metrics, labels and words of the API from the code's own registry", async () => {
  const registry = await readRegistry();
  const labels = (name: string) => [...(registry.get(name)?.keys() ?? [])].sort();
  expect(labels('mcpserver_operator_state')).toEqual(['name', 'namespace', 'state']);
  expect(registry.get('mcpserver_operator_state')?.get('state')).toEqual(new Set(STATES));
  expect(labels('mcpserver_operator_probe_duration_seconds_bucket')).toEqual(['le', 'stage']);
  expect(labels('mcpserver_operator_probes_total')).toEqual(['reason', 'transport', 'verdict']);
  expect(registry.get('workqueue_depth')?.get('name')).toEqual(new Set(['mcpserver']));
  expect(registry.has('process_resident_memory_bytes')).toBe(true);
});

it('every series that is declared is recorded: none is left out of the exposition', async () => {
  const { createMetrics } = await import('../../../src/telemetry/metrics.ts');
  const declared = new Set<string>();
  for await (const chunk of createMetrics({ version: '0', objectMetrics: true }).render()) {
    for (const [, name = ''] of chunk.matchAll(/^# TYPE (\S+)/gm)) declared.add(name);
  }
  const registry = await readRegistry();
  const missing = [...declared].filter((name) => !registry.has(name) && !registry.has(`${name}_bucket`));
  // Some of Node's own have samples only while something is open.
  expect(missing.filter((name) => !name.startsWith('nodejs_'))).toEqual([]);
});
