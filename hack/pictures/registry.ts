/**
 * What the operator exposes, read from its own registry: every metric is recorded once and the exposition is parsed, so a metric that is
 * renamed in the code is unknown here at once. Never read from a list by hand.
 */
import { STAGES, STATES } from '../../src/api/v1alpha1/status.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';

/** Label names of a series with the values that were seen. */
export type SeriesLabels = ReadonlyMap<string, ReadonlySet<string>>;
/** By name of the series, so that a histogram is three: `_bucket`, `_sum`, `_count`. */
export type SeriesByName = ReadonlyMap<string, SeriesLabels>;

/** Every series that the operator can expose, with all values of the labels whose values are words of the API. */
export async function readRegistry(): Promise<SeriesByName> {
  return parseExposition(await renderEverything());
}

/** The operator's own exposition after every metric was recorded, in the text format 0.0.4. */
export async function renderEverything(): Promise<string> {
  const metrics = createMetrics({ version: '0.0.0', objectMetrics: true });
  recordEverything(metrics);
  let exposition = '';
  for await (const chunk of metrics.render()) exposition += chunk;
  return exposition;
}

function recordEverything(metrics: Metrics): void {
  metrics.recordReconcile({ result: 'error', durationMs: 1 });
  const stageMs = Object.fromEntries(STAGES.map((stage) => [stage, 1]));
  for (const verdict of ['Available', 'Transient', 'Permanent', 'Denied'] as const) {
    metrics.recordProbe({ verdict, reason: verdict, transport: 'None', durationMs: 1, stageMs });
  }
  for (const code of [200, 403, 409, 'error'] as const) metrics.recordAPIRequest({ method: 'GET', code });
  metrics.recordEvent('created');
  metrics.recordEventLoopDelay(1);
  metrics.recordUndecided('aborted');
  metrics.queue.added();
  metrics.queue.handedOut({ waitedMs: 1 });
  metrics.queue.done({ tookMs: 1 });
  metrics.queue.retried();
  for (const state of STATES) {
    const object = { namespace: 'sample', name: state };
    metrics.objects?.observe(object, { up: true, state, consecutiveFailures: 0, lastSuccessMs: 1, tools: 1 });
    metrics.objects?.certificateExpires(object, 1);
  }
}

/** The series of an exposition in the text format 0.0.4. */
export function parseExposition(text: string): SeriesByName {
  const series = new Map<string, Map<string, Set<string>>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/gm)) {
    const known = series.get(name) ?? new Map<string, Set<string>>();
    series.set(name, known);
    for (const [, label = '', value = ''] of labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
      known.set(label, (known.get(label) ?? new Set()).add(value));
    }
  }
  return series;
}
