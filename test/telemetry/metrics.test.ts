import { describe, expect, test } from 'vitest';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';

async function scrape(metrics: Metrics): Promise<string> {
  let text = '';
  for await (const chunk of metrics.render()) text += chunk;
  return text;
}

const seriesOf = (text: string, name: string) =>
  text.split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'));

const available = {
  verdict: 'Available',
  reason: 'Available',
  transport: 'StreamableHTTP',
  durationMs: 30,
  stageMs: { http: 20 },
} as const;

test('every series of page 5.8 that this operator feeds is there under its name', async () => {
  const metrics = createMetrics({ version: '1.2.3', objectMetrics: true });
  metrics.recordReconcile({ result: 'error', durationMs: 12 });
  metrics.recordProbe(available);
  metrics.recordAPIRequest({ method: 'PUT', code: 200 });
  metrics.recordAPIRequest({ method: 'GET', code: 'error' });
  metrics.setLeader(true);
  metrics.queue.added();
  metrics.queue.handedOut({ waitedMs: 4 });
  metrics.queue.done({ tookMs: 40 });
  metrics.queue.retried();
  metrics.connect({
    queueDepth: () => 3,
    activeWorkers: () => 64,
    maxConcurrentReconciles: () => 65,
    retriesInFlight: () => 5,
    retriesWaiting: () => 7,
    eventsWaiting: () => 9,
  });
  const object = { namespace: 'team-a', name: 'github' };
  metrics.objects?.observe(object, {
    up: true,
    state: 'Available',
    consecutiveFailures: 0,
    lastSuccessMs: 1_767_225_600_000,
    tools: 13,
  });
  metrics.objects?.capabilitiesChanged(object);

  const text = await scrape(metrics);
  for (const line of [
    'controller_runtime_reconcile_total{controller="mcpserver",result="error"} 1',
    'controller_runtime_reconcile_errors_total{controller="mcpserver"} 1',
    'controller_runtime_reconcile_time_seconds_sum{controller="mcpserver"} 0.012',
    'controller_runtime_active_workers{controller="mcpserver"} 64',
    'controller_runtime_max_concurrent_reconciles{controller="mcpserver"} 65',
    'workqueue_depth{name="mcpserver"} 3',
    'workqueue_adds_total{name="mcpserver"} 1',
    'workqueue_queue_duration_seconds_sum{name="mcpserver"} 0.004',
    'workqueue_work_duration_seconds_sum{name="mcpserver"} 0.04',
    'workqueue_retries_total{name="mcpserver"} 1',
    'rest_client_requests_total{code="200",method="PUT"} 1',
    'rest_client_requests_total{code="error",method="GET"} 1',
    'leader_election_master_status{name="mcpserver-operator"} 1',
    'mcpserver_operator_build_info{version="1.2.3"} 1',
    'mcpserver_operator_probes_total{verdict="Available",reason="Available",transport="StreamableHTTP"} 1',
    'mcpserver_operator_probe_duration_seconds_count{stage="http"} 1',
    'mcpserver_operator_probe_duration_seconds_count{stage="total"} 1',
    'mcpserver_operator_retries_in_flight 5',
    'mcpserver_operator_retries_waiting 7',
    'mcpserver_operator_events_waiting 9',
    'mcpserver_operator_up{namespace="team-a",name="github"} 1',
    'mcpserver_operator_state{namespace="team-a",name="github",state="Available"} 1',
    'mcpserver_operator_consecutive_failures{namespace="team-a",name="github"} 0',
    'mcpserver_operator_last_success_timestamp_seconds{namespace="team-a",name="github"} 1767225600',
    'mcpserver_operator_tools{namespace="team-a",name="github"} 13',
    'mcpserver_operator_capabilities_changed_total{namespace="team-a",name="github"} 1',
  ]) {
    expect(text.split('\n'), line).toContain(line);
  }
  expect(text).toMatch(/^process_cpu_seconds_total \d/m);
  expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
});

/** Every name of page 5.8, and what else this operator says of itself: the pictures and alerts of page 6.4 rely on them. */
const NAMES = {
  controller_runtime_reconcile_total: 'counter',
  controller_runtime_reconcile_errors_total: 'counter',
  controller_runtime_reconcile_time_seconds: 'histogram',
  controller_runtime_active_workers: 'gauge',
  controller_runtime_max_concurrent_reconciles: 'gauge',
  workqueue_depth: 'gauge',
  workqueue_adds_total: 'counter',
  workqueue_queue_duration_seconds: 'histogram',
  workqueue_work_duration_seconds: 'histogram',
  workqueue_retries_total: 'counter',
  rest_client_requests_total: 'counter',
  leader_election_master_status: 'gauge',
  mcpserver_operator_build_info: 'gauge',
  mcpserver_operator_probes_total: 'counter',
  mcpserver_operator_probe_duration_seconds: 'histogram',
  mcpserver_operator_undecided_probes_total: 'counter',
  mcpserver_operator_retries_in_flight: 'gauge',
  mcpserver_operator_retries_waiting: 'gauge',
  mcpserver_operator_events_total: 'counter',
  mcpserver_operator_events_waiting: 'gauge',
  mcpserver_operator_event_loop_delay_seconds: 'histogram',
  mcpserver_operator_up: 'gauge',
  mcpserver_operator_state: 'gauge',
  mcpserver_operator_consecutive_failures: 'gauge',
  mcpserver_operator_last_success_timestamp_seconds: 'gauge',
  mcpserver_operator_tools: 'gauge',
  mcpserver_operator_certificate_expiry_timestamp_seconds: 'gauge',
  mcpserver_operator_capabilities_changed_total: 'counter',
} as const;

describe('every series', () => {
  test.each(Object.entries(NAMES))('%s is a %s, with help, from the start', async (name, type) => {
    const text = await scrape(createMetrics({ version: '1', objectMetrics: true }));
    expect(text).toMatch(new RegExp(`^# HELP ${name} [A-Z0-9][^\\n]{5,}\\.$`, 'm'));
    expect(text).toContain(`\n# TYPE ${name} ${type}\n`);
  });

  test('is one of these or of the runtime: a new one belongs into the table', async () => {
    const text = await scrape(createMetrics({ version: '1', objectMetrics: true }));
    const found = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '');
    expect(found.filter((name) => !/^(nodejs|process)_/.test(name) && !(name in NAMES))).toEqual([]);
  });

  test('carries its unit: seconds in durations and times, _total in counters and nowhere else', () => {
    for (const [name, type] of Object.entries(NAMES)) {
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      if (type === 'histogram' || /duration|delay|timestamp/.test(name)) expect(name).toMatch(/_seconds$/);
    }
  });

  test('of one object goes with it', async () => {
    const metrics = createMetrics({ version: '1', objectMetrics: true });
    const object = { namespace: 'team-a', name: 'canary' };
    metrics.objects?.observe(object, { up: true, state: 'Available', consecutiveFailures: 0, lastSuccessMs: 1, tools: 1 });
    metrics.objects?.certificateExpires(object, 1);
    const perObject = (text: string) =>
      new Set(
        text
          .split('\n')
          .filter((line) => line.includes('canary'))
          .map((line) => line.split('{')[0]),
      );
    expect(perObject(await scrape(metrics)).size).toBe(7);
    metrics.objects?.forget(object);
    expect(perObject(await scrape(metrics)).size).toBe(0);
  });

  test('whose labels are known shows 0 before anything happened, so that no first event is missed', async () => {
    const text = await scrape(createMetrics({ version: '1', objectMetrics: true }));
    for (const line of [
      'controller_runtime_reconcile_total{controller="mcpserver",result="error"} 0',
      'controller_runtime_reconcile_errors_total{controller="mcpserver"} 0',
      'workqueue_retries_total{name="mcpserver"} 0',
      'mcpserver_operator_events_total{fate="created"} 0',
      'mcpserver_operator_undecided_probes_total{cause="forbidden"} 0',
    ]) {
      expect(text.split('\n'), line).toContain(line);
    }
  });
});

test('the delay of the event loop is a histogram that tells 20 ms apart, the bound of issue 5', async () => {
  const metrics = createMetrics({ version: '1', objectMetrics: false });
  for (const delayMs of [0.4, 19, 21]) metrics.recordEventLoopDelay(delayMs);
  const text = await scrape(metrics);
  expect(text).toContain('mcpserver_operator_event_loop_delay_seconds_bucket{le="0.02"} 2');
  expect(text).toContain('mcpserver_operator_event_loop_delay_seconds_count 3');
});

test('an event is counted by what became of it', async () => {
  const metrics = createMetrics({ version: '1', objectMetrics: false });
  for (const fate of ['created', 'created', 'limited']) metrics.recordEvent(fate);
  expect(seriesOf(await scrape(metrics), 'mcpserver_operator_events_total')).toEqual([
    'mcpserver_operator_events_total{fate="created"} 2',
    'mcpserver_operator_events_total{fate="updated"} 0',
    'mcpserver_operator_events_total{fate="limited"} 1',
  ]);
});

test('two metrics in one process share nothing', async () => {
  const one = createMetrics({ version: '1', objectMetrics: true });
  const two = createMetrics({ version: '1', objectMetrics: true });
  one.recordProbe(available);
  expect(seriesOf(await scrape(two), 'mcpserver_operator_probes_total')).toEqual([]);
});

test('C5: the stage of a probe is a label of its duration', async () => {
  const metrics = createMetrics({ version: '1', objectMetrics: true });
  const stages = ['resolve', 'connect', 'tls', 'http', 'session', 'rpc', 'payload', 'policy', 'credentials'];
  metrics.recordProbe({ ...available, stageMs: Object.fromEntries(stages.map((stage) => [stage, 5])) });
  const counts = seriesOf(await scrape(metrics), 'mcpserver_operator_probe_duration_seconds_count');
  expect(counts).toEqual(
    ['total', ...stages].map((stage) => `mcpserver_operator_probe_duration_seconds_count{stage="${stage}"} 1`),
  );
});

test('label sets are bounded, whatever a caller passes', async () => {
  const metrics = createMetrics({ version: '1', objectMetrics: true });
  for (let i = 0; i < 5000; i += 1) metrics.recordProbe({ ...available, reason: `Reason${i}` });
  const series = seriesOf(await scrape(metrics), 'mcpserver_operator_probes_total');
  expect(series).toHaveLength(513);
  expect(series).toContain('mcpserver_operator_probes_total{verdict="other",reason="other",transport="other"} 4488');
});

test('without object metrics no series names an object', async () => {
  const metrics = createMetrics({ version: '1', objectMetrics: false });
  expect(metrics.objects).toBeUndefined();
  expect(await scrape(metrics)).not.toContain('mcpserver_operator_up');
});
