/**
 * Reads what Prometheus would: sums of series and histograms, from the text of `/metrics`. Pure.
 */

/** The sum of the series of `name` whose labels contain all of `labels`, as `type="Timeout"`; 0 of none. */
export function sumSeries(exposition: string, name: string, ...labels: readonly string[]): number {
  let total = 0;
  for (const [, found = '', value] of exposition.matchAll(new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)`, 'gm'))) {
    if (labels.every((label) => found.includes(label))) total += Number(value);
  }
  return total;
}

/** Counts up to each upper bound, cumulative, the bounds rising to infinity. */
export type Histogram = readonly { readonly upTo: number; readonly count: number }[];

/** The histogram `name`, which has no labels of its own; empty when it is not there. */
export function readHistogram(exposition: string, name: string): Histogram {
  const found = exposition.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\S+)`, 'gm'));
  return [...found]
    .map(([, bound, count]) => ({ upTo: bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound), count: Number(count) }))
    .sort((one, other) => one.upTo - other.upTo);
}

/** What was counted between two readings. */
export function subtractHistogram(after: Histogram, before: Histogram): Histogram {
  const earlier = new Map(before.map(({ upTo, count }) => [upTo, count]));
  return after.map(({ upTo, count }) => ({ upTo, count: count - (earlier.get(upTo) ?? 0) }));
}

/** The share of what was counted that is at most `limit`, which must be one of the bounds; NaN when nothing was counted. */
export function shareWithin(histogram: Histogram, limit: number): number {
  const within = histogram.find(({ upTo }) => upTo === limit)?.count ?? Number.NaN;
  return within / (histogram.at(-1)?.count || Number.NaN);
}

/**
 * The value below which `share` of what was counted lies, in proportion inside of its bucket, as Prometheus' `histogram_quantile`: it is
 * at most a bound exactly when the share within that bound is enough. Infinite beyond the last bound, NaN when nothing was counted.
 */
export function histogramQuantile(histogram: Histogram, share: number): number {
  const wanted = (histogram.at(-1)?.count || Number.NaN) * share;
  let below = { upTo: 0, count: 0 };
  for (const bucket of histogram) {
    if (bucket.count >= wanted) {
      if (bucket.upTo === Number.POSITIVE_INFINITY) return bucket.upTo;
      return below.upTo + ((bucket.upTo - below.upTo) * (wanted - below.count)) / (bucket.count - below.count);
    }
    below = bucket;
  }
  return Number.NaN;
}
