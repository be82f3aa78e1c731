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
  /** Kubernetes events that wait to be sent. */
  readonly eventsWaiting: () => number;
}

const UNDECIDED_CAUSES = ['aborted', 'unavailable', 'forbidden'] as const;
export type UndecidedCause = (typeof UNDECIDED_CAUSES)[number];

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
  /** One Kubernetes event; the fate is a word of kube/events.ts. */
  recordEvent(fate: string): void;
  /** How late a timer of this process fired. */
  recordEventLoopDelay(delayMs: number): void;
  /** A probe that ended without a verdict: it was aborted, the API server did not answer, or did not let us. */
  recordUndecided(cause: UndecidedCause): void;
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
  createGauge(
    registry,
    'leader_election_master_status',
    '1 while this process leads, or works without leader election.',
    { name: 'mcpserver-operator' },
    () => (leading ? 1 : 0),
  );
  createSourceGauges(registry, () => sources);

  return {
    recordReconcile: createReconcileRecorder(registry),
    recordProbe: createProbeRecorder(registry),
    recordAPIRequest: ({ method, code }) => requests([String(code), method]),
    ...createOwnRecorders(registry),
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
  eventsWaiting: () => 0,
};

function createSourceGauges(registry: Registry, sources: () => GaugeSources): void {
  const controller = { controller: CONTROLLER };
  const active = 'controller_runtime_active_workers';
  const slots = 'controller_runtime_max_concurrent_reconciles';
  const inFlight = 'mcpserver_operator_retries_in_flight';
  const waiting = 'mcpserver_operator_retries_waiting';
  const events = 'mcpserver_operator_events_waiting';
  createGauge(registry, active, 'Reconciles under way.', controller, () => sources().activeWorkers());
  createGauge(registry, slots, 'Probes that may run at once.', controller, () => sources().maxConcurrentReconciles());
  createGauge(registry, 'workqueue_depth', 'Keys that are due and wait.', { name: CONTROLLER }, () => sources().queueDepth());
  createGauge(registry, inFlight, 'Probes of failed servers under way.', {}, () => sources().retriesInFlight());
  createGauge(registry, waiting, 'Probes of failed servers that are due and wait.', {}, () => sources().retriesWaiting());
  createGauge(registry, events, 'Kubernetes events that wait to be sent.', {}, () => sources().eventsWaiting());
}

function createReconcileRecorder(registry: Registry): Metrics['recordReconcile'] {
  const labels = ['controller'];
  const results: ReconcileResult[] = ['success', 'requeue_after', 'error'];
  const known = results.map((result) => [CONTROLLER, result]);
  const by = ['controller', 'result'];
  const total = createCounter(registry, 'controller_runtime_reconcile_total', 'Reconciles by result.', by, known);
  const help = 'Reconciles that failed by a fault of ours.';
  const errors = createCounter(registry, 'controller_runtime_reconcile_errors_total', help, labels, [[CONTROLLER]]);
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

/** Up to 20 ms a timer is as late as an operator may be (issue 5); what is later is told apart, too. */
const DELAY_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

function createOwnRecorders(registry: Registry): Pick<Metrics, 'recordEvent' | 'recordEventLoopDelay' | 'recordUndecided'> {
  const eventsHelp = 'Kubernetes events by what became of them; all but created, updated and counted are lost.';
  const events = createCounter(registry, 'mcpserver_operator_events_total', eventsHelp, ['fate'], [['created'], ['updated']]);
  const delayHelp = 'How late a timer fires that is due every 20 ms: the time for which the event loop was busy.';
  const delay = createHistogram(registry, 'mcpserver_operator_event_loop_delay_seconds', delayHelp, [], DELAY_SECONDS);
  const undecidedHelp = 'Probes that ended without a verdict, because of this process or the API server.';
  const causes = UNDECIDED_CAUSES.map((cause) => [cause]);
  const undecided = createCounter(registry, 'mcpserver_operator_undecided_probes_total', undecidedHelp, ['cause'], causes);
  return {
    recordEvent: (fate) => events([fate]),
    recordEventLoopDelay: (delayMs) => delay([], delayMs),
    recordUndecided: (cause) => undecided([cause]),
  };
}

function createQueueMetrics(registry: Registry): QueueMetrics {
  const names = ['name'];
  const values = [CONTROLLER];
  const adds = createCounter(registry, 'workqueue_adds_total', 'Keys that began to wait.', names, [values]);
  const retries = createCounter(registry, 'workqueue_retries_total', 'Runs that failed and were booked again.', names, [values]);
  const waited = createHistogram(registry, 'workqueue_queue_duration_seconds', 'From due until handed out.', names);
  const worked = createHistogram(registry, 'workqueue_work_duration_seconds', 'From handed out until done.', names);
  return {
    added: () => adds(values),
    handedOut: ({ waitedMs }) => waited(values, waitedMs),
    done: ({ tookMs }) => worked(values, tookMs),
    retried: () => retries(values),
  };
}
