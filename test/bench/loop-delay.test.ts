import { expect, test } from 'vitest';
import { boundLoopDelay, readLoopDelay } from './loop-delay.ts';
import { holds } from './report.ts';

const scrape = (upTo10: number, upTo20: number, all: number) => {
  const name = 'mcpserver_operator_event_loop_delay_seconds_bucket';
  return `${name}{le="0.01"} ${upTo10}\n${name}{le="0.02"} ${upTo20}\n${name}{le="0.05"} ${all}\n${name}{le="+Inf"} ${all}\n`;
};

test('the bound holds exactly when 99 of 100 samples are within 20 ms', () => {
  const good = readLoopDelay(scrape(90, 99, 100));
  const bad = readLoopDelay(scrape(90, 98, 100));
  expect(good).toMatchObject({ shareWithin20Ms: 0.99, samples: 100 });
  expect(holds(boundLoopDelay('', [good]))).toBe(true);
  expect(holds(boundLoopDelay('', [bad]))).toBe(false);
  expect(holds(boundLoopDelay('', [good, bad]))).toBe(false);
});

test('what an earlier scrape had counted is left out', () => {
  expect(readLoopDelay(scrape(90, 190, 200), scrape(90, 90, 100))).toMatchObject({ shareWithin20Ms: 1, samples: 100 });
});

test('a build without the metric misses the bound', () => {
  expect(holds(boundLoopDelay('', [readLoopDelay('')]))).toBe(false);
});
