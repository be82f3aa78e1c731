/**
 * The metric library behind three small functions: a counter, a gauge, a histogram. Each keeps its label sets at hand, so that a
 * record builds no object, and each bounds how many there are: what comes after the bound is recorded as `other`.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/**
 * At most so many label sets per metric. The largest is probes_total: 56 reasons, of which the 20 transient ones may also be called
 * permanent after the progress deadline, and `Available`: (56 + 20 + 1) · 3 transports = 231.
 */
const MAX_LABEL_SETS = 512;

/** In seconds; reconciles and probes end within `deadlineSeconds` ≤ 600. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Adds 1 to the series with these label values, which are in the order of the names. */
export type Count = (values: readonly string[]) => void;

/**
 * A counter with these label names. The label values in `known` show 0 from the start, so that the first event is an increase and not the
 * birth of a series, which no rate sees.
 */
export function createCounter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  known: readonly (readonly string[])[] = [],
): Count {
  const counter = new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
  for (const values of known) counter.labels(...values).inc(0);
  const childOf = rememberChildren(labelNames, (values) => counter.labels(...values));
  return (values) => childOf(values).inc();
}

/** Records a duration in milliseconds; the series is in seconds. */
export type Time = (values: readonly string[], durationMs: number) => void;

/** A histogram of durations with these label names; `buckets` in seconds, by default for what takes from 5 ms to 5 min. */
export function createHistogram(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  buckets: readonly number[] = SECONDS,
): Time {
  const histogram = new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers: [registry] });
  const childOf = rememberChildren(labelNames, (values) => histogram.labels(...values));
  return (values, durationMs) => childOf(values).observe(Math.max(durationMs, 0) / 1000);
}

/** A gauge whose value is asked for when somebody scrapes, with fixed labels. */
export function createGauge(
  registry: Registry,
  name: string,
  help: string,
  labels: Readonly<Record<string, string>>,
  read: () => number,
): void {
  new Gauge({
    name,
    help,
    labelNames: Object.keys(labels),
    registers: [registry],
    collect() {
      this.set({ ...labels }, read());
    },
  });
}

function rememberChildren<Child extends object>(
  labelNames: readonly string[],
  create: (values: string[]) => Child,
): (values: readonly string[]) => Child {
  const children = new Map<string, Child>();
  let other: Child | undefined;
  return (values) => {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\u0000');
    const known = children.get(key) ?? (children.size >= MAX_LABEL_SETS ? other : undefined);
    if (known !== undefined) return known;
    if (children.size >= MAX_LABEL_SETS) {
      other = create(labelNames.map(() => 'other'));
      return other;
    }
    const child = create([...values]);
    children.set(key, child);
    return child;
  };
}
