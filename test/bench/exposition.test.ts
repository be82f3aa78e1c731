import { expect, test } from 'vitest';
import { histogramQuantile, readHistogram, shareWithin, subtractHistogram, sumSeries } from './exposition.ts';

const TEXT = `# HELP depth Keys.
depth{name="a"} 3
depth{name="b",kind="x"} 4
depth_total 9
plain 2.5
delay_bucket{le="0.01"} 90
delay_bucket{le="0.02"} 98
delay_bucket{le="+Inf"} 100
delay_sum 1
delay_count 100
`;
const HISTOGRAM = readHistogram(TEXT, 'delay');

test('series of one name are added up, those of a longer name are not', () => {
  expect(sumSeries(TEXT, 'depth')).toBe(7);
  expect(sumSeries(TEXT, 'depth', 'kind="x"')).toBe(4);
  expect(sumSeries(TEXT, 'plain')).toBe(2.5);
  expect(sumSeries(TEXT, 'missing')).toBe(0);
});

test('a histogram tells which share is within a bound, and where a share ends', () => {
  expect(shareWithin(HISTOGRAM, 0.02)).toBe(0.98);
  expect(histogramQuantile(HISTOGRAM, 0.45)).toBeCloseTo(0.005, 9);
  expect(histogramQuantile(HISTOGRAM, 0.94)).toBeCloseTo(0.015, 9);
  expect(histogramQuantile(HISTOGRAM, 0.98)).toBe(0.02);
  expect(histogramQuantile(HISTOGRAM, 0.99)).toBe(Number.POSITIVE_INFINITY);
});

test('the difference of two readings is what was counted between them', () => {
  const later = HISTOGRAM.map(({ upTo, count }) => ({ upTo, count: count + (upTo >= 0.02 ? 100 : 0) }));
  expect(shareWithin(subtractHistogram(later, HISTOGRAM), 0.02)).toBe(1);
  expect(shareWithin(subtractHistogram(later, HISTOGRAM), 0.01)).toBe(0);
});

test('of nothing there is no share and no quantile', () => {
  for (const none of [[], subtractHistogram(HISTOGRAM, HISTOGRAM)]) {
    expect(shareWithin(none, 0.02)).toBeNaN();
    expect(histogramQuantile(none, 0.99)).toBeNaN();
  }
});
