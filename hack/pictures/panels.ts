/**
 * The panels of the dashboard: one row each. Queries use the variables `$namespace` (a pattern over the namespaces of MCPServers) and
 * `$__rate_interval`, which Grafana fills in.
 */

export interface Query {
  readonly expression: string;
  /** Grafana's legend: text with `{{label}}`. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly kind: 'timeseries' | 'stat' | 'table';
  /** Grafana's name of a unit. */
  readonly unit: 'short' | 's' | 'ops' | 'bytes' | 'percentunit';
  /** Of 24. */
  readonly width: number;
  readonly stacked?: boolean;
  readonly queries: readonly Query[];
  /** Columns of a table, in order, by label or `Value`. */
  readonly columns?: Readonly<Record<string, string>>;
}

export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const MINE = '{namespace=~"$namespace"}';
/** Once per server, also while a fail-over shows it twice. */
const perServer = (metric: string, matchers = MINE) => `max by (namespace, name) (mcpserver_operator_${metric}${matchers})`;
const quantile = (share: number, metric: string, by: string) =>
  `histogram_quantile(${share}, sum by (${by}) (rate(${metric}_bucket[$__rate_interval])))`;
const QUANTILES = [0.5, 0.95, 0.99] as const;

const SERVERS: Section = {
  title: 'Servers',
  panels: [
    {
      title: 'Ready',
      description: 'Share of the MCPServers that are Ready.',
      kind: 'stat',
      unit: 'percentunit',
      width: 4,
      queries: [{ expression: `sum(${perServer('up')}) / count(${perServer('up')})`, legend: 'Ready' }],
    },
    {
      title: 'States now',
      description: 'How many MCPServers are in each state.',
      kind: 'stat',
      unit: 'short',
      width: 8,
      queries: [
        { expression: `sum by (state) (max by (namespace, name, state) (mcpserver_operator_state${MINE}))`, legend: '{{state}}' },
      ],
    },
    {
      title: 'States over time',
      description: 'Transient heals by itself; Permanent and Denied wait for somebody.',
      kind: 'timeseries',
      unit: 'short',
      width: 12,
      stacked: true,
      queries: [
        { expression: `sum by (state) (max by (namespace, name, state) (mcpserver_operator_state${MINE}))`, legend: '{{state}}' },
      ],
    },
    {
      title: 'Not Ready now',
      description: 'Each MCPServer that is not Ready, with its state and how many probes in a row have failed.',
      kind: 'table',
      unit: 'short',
      width: 12,
      columns: { namespace: 'Namespace', name: 'Name', state: 'State', Value: 'Failures in a row' },
      queries: [
        {
          expression: `${perServer('consecutive_failures')} * on (namespace, name) group_left(state) max by (namespace, name, state) (mcpserver_operator_state${MINE}) and on (namespace, name) ${perServer('up')} == 0`,
          legend: '',
        },
      ],
    },
    {
      title: 'Certificates that expire first',
      description: 'Days until the certificate expires that a server showed last.',
      kind: 'table',
      unit: 'short',
      width: 12,
      columns: { namespace: 'Namespace', name: 'Name', Value: 'Days left' },
      queries: [
        { expression: `bottomk(10, (${perServer('certificate_expiry_timestamp_seconds')} - time()) / 86400)`, legend: '' },
      ],
    },
    {
      title: 'Drift',
      description: 'Servers that offered something else than before.',
      kind: 'timeseries',
      unit: 'short',
      width: 12,
      queries: [
        {
          expression: `sum by (namespace, name) (increase(mcpserver_operator_capabilities_changed_total${MINE}[$__rate_interval])) > 0`,
          legend: '{{namespace}}/{{name}}',
        },
      ],
    },
    {
      title: 'Tools offered',
      description: 'The ten servers with the most tools.',
      kind: 'timeseries',
      unit: 'short',
      width: 12,
      queries: [{ expression: `topk(10, ${perServer('tools')})`, legend: '{{namespace}}/{{name}}' }],
    },
  ],
};

const PROBES: Section = {
  title: 'Probes',
  panels: [
    {
      title: 'Verdicts',
      description: 'Probes per second, by verdict.',
      kind: 'timeseries',
      unit: 'ops',
      width: 12,
      stacked: true,
      queries: [
        { expression: 'sum by (verdict) (rate(mcpserver_operator_probes_total[$__rate_interval]))', legend: '{{verdict}}' },
        { expression: 'sum(rate(mcpserver_operator_undecided_probes_total[$__rate_interval]))', legend: 'no verdict' },
      ],
    },
    {
      title: 'Reasons of failures',
      description: 'The ten most frequent reasons.',
      kind: 'timeseries',
      unit: 'ops',
      width: 12,
      queries: [
        {
          expression: 'topk(10, sum by (reason) (rate(mcpserver_operator_probes_total{verdict!="Available"}[$__rate_interval])))',
          legend: '{{reason}}',
        },
      ],
    },
    {
      title: 'Length of a probe',
      description: 'From its first connection to its verdict.',
      kind: 'timeseries',
      unit: 's',
      width: 12,
      queries: QUANTILES.map((share) => ({
        expression: `histogram_quantile(${share}, sum by (le) (rate(mcpserver_operator_probe_duration_seconds_bucket{stage="total"}[$__rate_interval])))`,
        legend: `p${share * 100}`,
      })),
    },
    {
      title: 'Latency by stage, p95',
      description: 'Where the time of a probe goes: name look-up, connection, TLS, answer, lists.',
      kind: 'timeseries',
      unit: 's',
      width: 12,
      queries: [
        {
          expression:
            'histogram_quantile(0.95, sum by (le, stage) (rate(mcpserver_operator_probe_duration_seconds_bucket{stage!="total"}[$__rate_interval])))',
          legend: '{{stage}}',
        },
      ],
    },
  ],
};

const OPERATOR: Section = {
  title: 'Operator',
  panels: [
    {
      title: 'Leader',
      description: 'Which replica works.',
      kind: 'stat',
      unit: 'short',
      width: 6,
      queries: [
        { expression: 'max by (pod) (leader_election_master_status{name="mcpserver-operator"}) == 1', legend: '{{pod}}' },
      ],
    },
    {
      title: 'Slots',
      description: 'Probes under way, and how many there may be; retries of failed servers among them are five at most.',
      kind: 'timeseries',
      unit: 'short',
      width: 9,
      queries: [
        { expression: 'sum(controller_runtime_active_workers{controller="mcpserver"})', legend: 'under way' },
        { expression: 'max(controller_runtime_max_concurrent_reconciles{controller="mcpserver"})', legend: 'limit' },
        { expression: 'sum(mcpserver_operator_retries_in_flight)', legend: 'retries under way' },
      ],
    },
    {
      title: 'Queue',
      description: 'What is due and waits.',
      kind: 'timeseries',
      unit: 'short',
      width: 9,
      queries: [
        { expression: 'sum(workqueue_depth{name="mcpserver"})', legend: 'due' },
        { expression: 'sum(mcpserver_operator_retries_waiting)', legend: 'retries among them' },
        { expression: 'sum(mcpserver_operator_events_waiting)', legend: 'events' },
      ],
    },
    {
      title: 'Wait in the queue',
      description: 'From due until the probe begins.',
      kind: 'timeseries',
      unit: 's',
      width: 8,
      queries: QUANTILES.map((share) => ({
        expression: quantile(share, 'workqueue_queue_duration_seconds', 'le'),
        legend: `p${share * 100}`,
      })),
    },
    {
      title: 'Requests to the API server',
      description: 'By answer. A fleet that does not change costs a lease renewal and nothing else.',
      kind: 'timeseries',
      unit: 'ops',
      width: 8,
      queries: [
        {
          expression: 'sum by (method, code) (rate(rest_client_requests_total[$__rate_interval]))',
          legend: '{{method}} {{code}}',
        },
      ],
    },
    {
      title: 'Event loop delay, p99',
      description: 'How late a timer fires. Above 0.02 s the operator is short of CPU.',
      kind: 'timeseries',
      unit: 's',
      width: 8,
      queries: [{ expression: quantile(0.99, 'mcpserver_operator_event_loop_delay_seconds', 'le, pod'), legend: '{{pod}}' }],
    },
    {
      title: 'Memory',
      description: 'Resident memory of each replica.',
      kind: 'timeseries',
      unit: 'bytes',
      width: 12,
      queries: [{ expression: 'max by (pod) (process_resident_memory_bytes{job=~"$job"})', legend: '{{pod}}' }],
    },
    {
      title: 'CPU',
      description: 'Cores in use by each replica.',
      kind: 'timeseries',
      unit: 'short',
      width: 12,
      queries: [
        { expression: 'sum by (pod) (rate(process_cpu_seconds_total{job=~"$job"}[$__rate_interval]))', legend: '{{pod}}' },
      ],
    },
  ],
};

/** From top to bottom. */
export const SECTIONS: readonly Section[] = [SERVERS, PROBES, OPERATOR];
