/**
 * Alerts about the operator itself: for the platform team. Each carries the labels of the target that Prometheus scrapes.
 */
import type { Alert } from './alerts.ts';

const target = { namespace: 'ops', job: 'operator' };
const ofTarget = (metric: string, labels = '') => `${metric}{namespace="ops",job="operator",pod="p"${labels}}`;
const CONTROLLER = ',controller="mcpserver"';
const LEADER = ',name="mcpserver-operator"';
const QUEUE = ',name="mcpserver"';

/** For the group of rules `mcpserver-operator`. */
export const OPERATOR_ALERTS: readonly Alert[] = [
  {
    name: 'MCPServerOperatorDown',
    severity: 'critical',
    expression: 'absent(mcpserver_operator_build_info)',
    for: '5m',
    summary: 'No mcpserver-operator is scraped: it is down, or its metrics can not be reached.',
    meaning: 'No server is probed, and every status is as old as this alert. Servers themselves are not harmed.',
    steps: [
      '`kubectl get pods -A -l app.kubernetes.io/name=mcpserver-operator`: does it run?',
      'It runs: the ServiceMonitor does not select it, or a NetworkPolicy is between Prometheus and port 8080.',
    ],
    examples: [
      { series: { up: '1x20' }, atMinute: 6, fires: [{}] },
      { series: { [ofTarget('mcpserver_operator_build_info', ',version="0.1.0"')]: '1x20' }, atMinute: 6, fires: [] },
    ],
  },
  {
    name: 'MCPServerOperatorNoLeader',
    severity: 'critical',
    expression: 'max by (namespace, job) (leader_election_master_status{name="mcpserver-operator"}) == 0',
    for: '2m',
    summary: 'No replica of mcpserver-operator in {{ $labels.namespace }} leads.',
    meaning: 'Replicas run and none works: no server is probed. A fail-over takes seconds, so two minutes are none.',
    steps: [
      '`mcpserver-operator doctor` names the holder of the lease, and rights that are missing.',
      'The log says why a replica does not lead. See [No operator leads](troubleshooting.md#no-operator-leads).',
    ],
    examples: [
      { series: { [ofTarget('leader_election_master_status', LEADER)]: '0x20' }, atMinute: 3, fires: [target] },
      {
        series: {
          [ofTarget('leader_election_master_status', LEADER)]: '0x20',
          [`leader_election_master_status{namespace="ops",job="operator",pod="q"${LEADER}}`]: '1x20',
        },
        atMinute: 3,
        fires: [],
      },
    ],
  },
  {
    name: 'MCPServerOperatorBacklog',
    severity: 'warning',
    expression:
      'max by (namespace, job) (workqueue_depth{name="mcpserver"}) - max by (namespace, job) (mcpserver_operator_retries_waiting) > max by (namespace, job) (controller_runtime_max_concurrent_reconciles{controller="mcpserver"})',
    for: '15m',
    summary:
      'mcpserver-operator in {{ $labels.namespace }} can not keep up: more probes of working servers wait than can run at once.',
    meaning: 'Statuses grow old. Retries of failed servers are not counted: five at a time is their limit by design.',
    steps: [
      'Many servers that answer slowly hold the slots: the dashboard shows the latency by stage.',
      'Raise `concurrency.probes` of the chart, or `spec.probe.periodSeconds` of servers that change seldom.',
      'Many servers behind one host wait for `concurrency.perHost`.',
    ],
    examples: [
      { series: backlog(200, 10), atMinute: 16, fires: [target] },
      { series: backlog(200, 180), atMinute: 16, fires: [] },
      { series: backlog(20, 0), atMinute: 16, fires: [] },
    ],
  },
  {
    name: 'MCPServerOperatorRefused',
    severity: 'warning',
    expression: 'sum by (namespace, job) (increase(rest_client_requests_total{code="403"}[10m])) > 0',
    for: '10m',
    summary: 'The API server refuses requests of mcpserver-operator in {{ $labels.namespace }}.',
    meaning: 'A right is missing: some servers can not be judged, or nothing can be written.',
    steps: [
      '`mcpserver-operator doctor --as system:serviceaccount:NAMESPACE:NAME` lists the rights that are missing. See [Rights are missing](troubleshooting.md#rights-are-missing).',
    ],
    examples: [
      {
        series: { [ofTarget('rest_client_requests_total', ',code="403",method="GET"')]: '0+1x40' },
        atMinute: 25,
        fires: [target],
      },
      { series: { [ofTarget('rest_client_requests_total', ',code="200",method="GET"')]: '0+1x40' }, atMinute: 25, fires: [] },
    ],
  },
  {
    name: 'MCPServerOperatorFault',
    severity: 'warning',
    expression: 'sum by (namespace, job) (increase(controller_runtime_reconcile_errors_total{controller="mcpserver"}[15m])) > 0',
    for: '0m',
    summary: 'mcpserver-operator in {{ $labels.namespace }} failed by a fault of its own.',
    meaning: 'A bug: no server and no cluster can cause this. The object that it happened with is tried again.',
    steps: ['Look for `"level":"error"` in the log of the leader, and report what it says.'],
    examples: [
      {
        series: { [ofTarget('controller_runtime_reconcile_errors_total', CONTROLLER)]: '0x5 1x20' },
        atMinute: 8,
        fires: [target],
      },
      { series: { [ofTarget('controller_runtime_reconcile_errors_total', CONTROLLER)]: '3x40' }, atMinute: 20, fires: [] },
    ],
  },
];

function backlog(depth: number, retries: number): Record<string, string> {
  return {
    [ofTarget('workqueue_depth', QUEUE)]: `${depth}x20`,
    [ofTarget('mcpserver_operator_retries_waiting')]: `${retries}x20`,
    [ofTarget('controller_runtime_max_concurrent_reconciles', CONTROLLER)]: '64x20',
  };
}
