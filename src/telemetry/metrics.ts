/**
 * The metrics: what happened is told through small typed functions, `render` prints it for Prometheus. Names that stock dashboards
 * for controllers know keep those names; the others begin with `mcpserver_operator_`.
 *
 * It promises that a record costs less than a microsecond per label set, that no label holds a URL, host, tool name or text of a
 * server, and that the number of series is bounded. Callers never see the metric library, and nothing is registered globally.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createCounter, createGauge, createHistogram } from './instruments.ts';
import { createObjectSeries, type ObjectSeries } from './object-series.ts';

/** The label `controller`, and `name` of the work queue. */
const CONTROLLER = 'mcpserver';

export type ReconcileResult = 'success' | 'requeue_after' | 'error';

/** Values that are read when somebody scrapes; each is called then, and must be cheap. */
export interface GaugeSources {
  /** Keys that are due and not handed out. */
  readonly queueDepth: () => number;
  /** Reconciles under way. */
  readonly activeWorkers: () => number;
  /** `--max-concurrent-probes`. */
  readonly maxConcurrentReconciles: () => number;
  /** Retries and re-checks of failed servers under way: never above `--max-concurrent-retries`. */
  readonly retriesInFlight: () => number;
  /** Retries and re-checks that are due and wait for a place. */
  readonly retriesWaiting: () => number;
}

export interface ProbeRecord {
  /** `Available`, or the class of the failure. */
  readonly verdict: 'Available' | 'Transient' | 'Permanent' | 'Denied';
  /** `Available`, or the reason of page 4. */
  readonly reason: string;
  /** `None` when no transport was reached or chosen. */
  readonly transport: 'StreamableHTTP' | 'SSE' | 'None';
  readonly durationMs: number;
  /** How long each stage of the last attempt took. */
  readonly stageMs: Readonly<Partial<Record<string, number>>>;
}

/** The four moments of a work queue; has the shape of the queue's own observer. */
export interface QueueMetrics {
  added(): void;
  handedOut(event: { readonly waitedMs: number }): void;
  done(event: { readonly tookMs: number }): void;
  retried(): void;
}

export interface Metrics {
  recordReconcile(record: { readonly result: ReconcileResult; readonly durationMs: number }): void;
  recordProbe(record: ProbeRecord): void;
  /** One request to the API server; `code` is the HTTP status, or `error` when there was none. */
  recordAPIRequest(record: { readonly method: string; readonly code: number | 'error' }): void;
  setLeader(leading: boolean): void;
  readonly queue: QueueMetrics;
  /** Series of single objects; undefined when `--object-metrics=false`. */
  readonly objects: ObjectSeries | undefined;
  /** Where gauges read from. Until it is called they are 0. */
  connect(sources: GaugeSources): void;
  readonly contentType: string;
  /** The whole exposition, in chunks. */
  render(): AsyncGenerator<string>;
}

export interface MetricsOptions {
  readonly version: string;
  /** Series of single objects. */
  readonly objectMetrics: boolean;
}

/** A registry of its own; two of them in one process share nothing. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const objects = options.objectMetrics ? createObjectSeries() : undefined;
  const requests = createCounter(registry, 'rest_client_requests_total', 'Requests to the API server.', ['code', 'method']);
  let leading = false;
  let sources = NOTHING;
  createGauge(registry, 'mcpserver_operator_build_info', 'Always 1.', { version: options.version }, () => 1);
  createGauge(registry, 'leader_election_master_status', '1 while this process leads.', { name: 'mcpserver-operator' }, () =>
    leading ? 1 : 0,
  );
  createSourceGauges(registry, () => sources);

  return {
    recordReconcile: createReconcileRecorder(registry),
    recordProbe: createProbeRecorder(registry),
    recordAPIRequest: ({ method, code }) => requests([String(code), method]),
    setLeader(value) {
      leading = value;
    },
    queue: createQueueMetrics(registry),
    objects,
    connect(value) {
      sources = value;
    },
    contentType: registry.contentType,
    async *render() {
      yield await registry.metrics();
      if (objects !== undefined) yield* objects.render();
    },
  };
}

const NOTHING: GaugeSources = {
  queueDepth: () => 0,
  activeWorkers: () => 0,
  maxConcurrentReconciles: () => 0,
  retriesInFlight: () => 0,
  retriesWaiting: () => 0,
};

function createSourceGauges(registry: Registry, sources: () => GaugeSources): void {
  const controller = { controller: CONTROLLER };
  const active = 'controller_runtime_active_workers';
  const slots = 'controller_runtime_max_concurrent_reconciles';
  const inFlight = 'mcpserver_operator_retries_in_flight';
  const waiting = 'mcpserver_operator_retries_waiting';
  createGauge(registry, active, 'Reconciles under way.', controller, () => sources().activeWorkers());
  createGauge(registry, slots, 'Probes that may run at once.', controller, () => sources().maxConcurrentReconciles());
  createGauge(registry, 'workqueue_depth', 'Keys that are due and wait.', { name: CONTROLLER }, () => sources().queueDepth());
  createGauge(registry, inFlight, 'Probes of failed servers under way.', {}, () => sources().retriesInFlight());
  createGauge(registry, waiting, 'Probes of failed servers that are due and wait.', {}, () => sources().retriesWaiting());
}

function createReconcileRecorder(registry: Registry): Metrics['recordReconcile'] {
  const labels = ['controller'];
  const total = createCounter(registry, 'controller_runtime_reconcile_total', 'Reconciles by result.', ['controller', 'result']);
  const errors = createCounter(registry, 'controller_runtime_reconcile_errors_total', 'Reconciles that failed.', labels);
  const time = createHistogram(registry, 'controller_runtime_reconcile_time_seconds', 'Length of a reconcile.', labels);
  return ({ result, durationMs }) => {
    total([CONTROLLER, result]);
    if (result === 'error') errors([CONTROLLER]);
    time([CONTROLLER], durationMs);
  };
}

function createProbeRecorder(registry: Registry): Metrics['recordProbe'] {
  const labels = ['verdict', 'reason', 'transport'];
  const total = createCounter(registry, 'mcpserver_operator_probes_total', 'Probes that ended with a verdict.', labels);
  const help = 'Length of each stage of the last attempt, and of the whole probe as stage="total".';
  const time = createHistogram(registry, 'mcpserver_operator_probe_duration_seconds', help, ['stage']);
  return ({ verdict, reason, transport, durationMs, stageMs }) => {
    total([verdict, reason, transport]);
    time(['total'], durationMs);
    for (const stage in stageMs) {
      const ms = stageMs[stage];
      if (ms !== undefined) time([stage], ms);
    }
  };
}

function createQueueMetrics(registry: Registry): QueueMetrics {
  const names = ['name'];
  const values = [CONTROLLER];
  const adds = createCounter(registry, 'workqueue_adds_total', 'Keys that began to wait.', names);
  const retries = createCounter(registry, 'workqueue_retries_total', 'Runs that failed and were booked again.', names);
  const waited = createHistogram(registry, 'workqueue_queue_duration_seconds', 'From due until handed out.', names);
  const worked = createHistogram(registry, 'workqueue_work_duration_seconds', 'From handed out until done.', names);
  return {
    added: () => adds(values),
    handedOut: ({ waitedMs }) => waited(values, waitedMs),
    done: ({ tookMs }) => worked(values, tookMs),
    retried: () => retries(values),
  };
}
