import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createCounter, createGauge, createHistogram } from '../../src/telemetry/instruments.ts';

test('label values that would join to the same text are different series', async () => {
  const registry = new Registry();
  const count = createCounter(registry, 'c_total', 'h', ['a', 'b']);
  count(['x', 'y']);
  count(['x', 'y']);
  count(['x|y', '']);
  count(['x', 'y|']);
  expect((await registry.metrics()).split('\n').filter((line) => line.startsWith('c_total'))).toEqual([
    'c_total{a="x",b="y"} 2',
    'c_total{a="x|y",b=""} 1',
    'c_total{a="x",b="y|"} 1',
  ]);
});

test('a duration is recorded in seconds, and one that ran backwards as 0', async () => {
  const registry = new Registry();
  const time = createHistogram(registry, 'd_seconds', 'h', ['stage']);
  time(['http'], 1500);
  time(['http'], -5);
  expect(await registry.metrics()).toContain('d_seconds_sum{stage="http"} 1.5\nd_seconds_count{stage="http"} 2');
});

test('a gauge is asked when somebody scrapes', async () => {
  const registry = new Registry();
  let value = 1;
  createGauge(registry, 'g', 'h', { name: 'q' }, () => value);
  value = 2;
  expect(await registry.metrics()).toContain('g{name="q"} 2');
});
