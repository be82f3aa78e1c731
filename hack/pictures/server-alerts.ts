/**
 * Alerts about servers: for the people who own them. Each names its server by the labels namespace and name.
 */
import type { Alert } from './alerts.ts';

const SERVER = '{{ $labels.namespace }}/{{ $labels.name }}';
const DESCRIBE = '`kubectl describe mcpservers.mcpserver-operator.dev NAME -n NAMESPACE`';
const BY_SERVER = 'by (namespace, name)';
const NOT_SUSPENDED = `unless on (namespace, name) mcpserver_operator_state{state="Suspended"}`;
const DAY_SECONDS = 86_400;
const a = { namespace: 'team-a', name: 'a' };
const ofA = (metric: string, labels = '') => `mcpserver_operator_${metric}{namespace="team-a",name="a"${labels}}`;

/** For the group of rules `mcpservers`. */
export const SERVER_ALERTS: readonly Alert[] = [
  {
    name: 'MCPServerDown',
    severity: 'critical',
    expression: `max ${BY_SERVER} (mcpserver_operator_up) == 0 ${NOT_SUSPENDED}`,
    for: '10m',
    summary: `MCP server ${SERVER} has not been Ready for 10 minutes.`,
    meaning:
      'Agents can not use this server, whatever the reason. A server that is denied, or broken for good, raises the alert for that as well, and earlier: it tells who has to act.',
    steps: [
      `${DESCRIBE}: the message of the condition Ready says what happened and what to do.`,
      'State `Transient`: look at the server itself; the operator goes on trying.',
      'State `Pending` for so long: see [MCPServerOperatorNoLeader](#mcpserveroperatornoleader) and [MCPServerOperatorBacklog](#mcpserveroperatorbacklog).',
      'A server that is meant to be away: `kubectl patch mcpservers.mcpserver-operator.dev NAME -n NAMESPACE --type=merge -p \'{"spec":{"suspend":true}}\'`.',
    ],
    examples: [
      { series: { [ofA('up')]: '0x20', [ofA('state', ',state="Transient"')]: '1x20' }, atMinute: 11, fires: [a] },
      { series: { [ofA('up')]: '0x20', [ofA('state', ',state="Transient"')]: '1x20' }, atMinute: 9, fires: [] },
      { series: { [ofA('up')]: '0x8 1x12', [ofA('state', ',state="Available"')]: '1x20' }, atMinute: 15, fires: [] },
      { series: { [ofA('up')]: '0x20', [ofA('state', ',state="Suspended"')]: '1x20' }, atMinute: 15, fires: [] },
    ],
  },
  {
    name: 'MCPServerDenied',
    severity: 'warning',
    expression: `max ${BY_SERVER} (mcpserver_operator_state{state="Denied"}) == 1`,
    for: '2m',
    summary: `MCP server ${SERVER} refuses the declared identity.`,
    meaning:
      'The server was reached and answered 401 or 403, or the credential has expired. Waiting does not help: the owner of the credential or of the policy has to act.',
    steps: [
      `${DESCRIBE}: the message names the identity that was refused.`,
      'Renew the Secret that `spec.auth` names. The operator sees the change within a minute and probes at once.',
      'Is the identity right? Then the server, or the gateway before it, has to let it in.',
    ],
    examples: [
      { series: { [ofA('state', ',state="Denied"')]: '1x10' }, atMinute: 3, fires: [a] },
      {
        series: { [ofA('state', ',state="Denied"')]: '1 _x10', [ofA('state', ',state="Available"')]: '_ 1x10' },
        atMinute: 9,
        fires: [],
      },
    ],
  },
  {
    name: 'MCPServerPermanent',
    severity: 'warning',
    expression: `max ${BY_SERVER} (mcpserver_operator_state{state="Permanent"}) == 1`,
    for: '5m',
    summary: `MCP server ${SERVER} fails and will not heal by itself.`,
    meaning:
      'The same request will go on failing: a wrong URL, no MCP server, a bad certificate, or a server that was away for longer than `progressDeadlineSeconds`. The owner of the server or of the manifest has to act.',
    steps: [
      `${DESCRIBE}: the message of the condition Ready says what was expected.`,
      '`mcpserver-operator probe URL` makes the same probe from your machine.',
      'After a change of the manifest the operator probes at once; after a change of the server, at the next re-check, or when asked: `kubectl annotate --overwrite mcpservers.mcpserver-operator.dev NAME -n NAMESPACE mcpserver-operator.dev/probe-requested-at="$(date)"`.',
    ],
    examples: [
      { series: { [ofA('state', ',state="Permanent"')]: '1x10' }, atMinute: 6, fires: [a] },
      { series: { [ofA('state', ',state="Permanent"')]: '1x10' }, atMinute: 4, fires: [] },
      { series: { [ofA('state', ',state="Transient"')]: '1x10' }, atMinute: 8, fires: [] },
    ],
  },
  {
    name: 'MCPServerDrifted',
    severity: 'info',
    expression: `sum ${BY_SERVER} (increase(mcpserver_operator_capabilities_changed_total[15m])) > 0`,
    for: '0m',
    summary: `MCP server ${SERVER} offers something else than before.`,
    meaning:
      'The digest of the tools, resources and prompts has changed. That is what a new version of a server looks like, and a server that was tampered with.',
    steps: [
      `${DESCRIBE}: \`status.capabilities\` has the digest, the one before, and the names with a digest each.`,
      'Was it expected? There is nothing to do.',
      'To be not Ready when it happens again: pin it with `spec.drift: {policy: Require, digest: …}`.',
    ],
    examples: [
      { series: { [ofA('capabilities_changed_total')]: '0x5 1x20' }, atMinute: 8, fires: [a] },
      { series: { [ofA('capabilities_changed_total')]: '0x5 1x40' }, atMinute: 30, fires: [] },
    ],
  },
  {
    name: 'MCPServerCertificateExpiring',
    severity: 'warning',
    expression: `max ${BY_SERVER} (mcpserver_operator_certificate_expiry_timestamp_seconds) - time() < ${14 * DAY_SECONDS} and max ${BY_SERVER} (mcpserver_operator_certificate_expiry_timestamp_seconds) - time() >= ${3 * DAY_SECONDS}`,
    for: '1h',
    summary: `The certificate of MCP server ${SERVER} expires in less than 14 days.`,
    meaning:
      'Nobody has renewed the certificate that the server shows. After its expiry the server is Permanent for the operator, and unusable for every client that verifies.',
    steps: [
      'Renew the certificate, and let the server load it.',
      'With cert-manager: `kubectl get certificates -A` shows which renewal fails.',
    ],
    examples: [
      { series: { [ofA('certificate_expiry_timestamp_seconds')]: `${10 * DAY_SECONDS}x100` }, atMinute: 70, fires: [a] },
      { series: { [ofA('certificate_expiry_timestamp_seconds')]: `${20 * DAY_SECONDS}x100` }, atMinute: 70, fires: [] },
      { series: { [ofA('certificate_expiry_timestamp_seconds')]: `${2 * DAY_SECONDS}x100` }, atMinute: 70, fires: [] },
    ],
  },
  {
    name: 'MCPServerCertificateExpiresSoon',
    severity: 'critical',
    expression: `max ${BY_SERVER} (mcpserver_operator_certificate_expiry_timestamp_seconds) - time() < ${3 * DAY_SECONDS}`,
    for: '10m',
    summary: `The certificate of MCP server ${SERVER} expires in less than 3 days, or has expired.`,
    meaning: 'As [MCPServerCertificateExpiring](#mcpservercertificateexpiring), and there is no time left.',
    steps: [
      'Renew the certificate, and let the server load it.',
      'The alert ends with the next probe: at the latest after `spec.probe.periodSeconds`.',
    ],
    examples: [
      { series: { [ofA('certificate_expiry_timestamp_seconds')]: `${2 * DAY_SECONDS}x100` }, atMinute: 15, fires: [a] },
      { series: { [ofA('certificate_expiry_timestamp_seconds')]: '60x100' }, atMinute: 15, fires: [a] },
      { series: { [ofA('certificate_expiry_timestamp_seconds')]: `${10 * DAY_SECONDS}x100` }, atMinute: 70, fires: [] },
    ],
  },
  {
    name: 'MCPServerProbesStale',
    severity: 'warning',
    expression: `time() - max ${BY_SERVER} (mcpserver_operator_last_success_timestamp_seconds) > 7200 and on (namespace, name) mcpserver_operator_up == 1 ${NOT_SUSPENDED}`,
    for: '10m',
    summary: `MCP server ${SERVER} is Ready by a probe that is two hours old.`,
    meaning:
      'The status says Ready, and nobody has looked for two hours: the operator hangs, or has no time. With a `spec.probe.periodSeconds` of an hour or more it says nothing: leave this alert out then (`metrics.prometheusRule.disabled`).',
    steps: [
      'Are [MCPServerOperatorNoLeader](#mcpserveroperatornoleader) or [MCPServerOperatorBacklog](#mcpserveroperatorbacklog) there as well? They come first.',
      '`mcpserver-operator doctor` says whether the API server and the lease are well.',
      'The log of the leader tells each probe at `--log-level=debug`.',
    ],
    examples: [
      { series: { [ofA('up')]: '1x200', [ofA('last_success_timestamp_seconds')]: '60x200' }, atMinute: 140, fires: [a] },
      { series: { [ofA('up')]: '1x200', [ofA('last_success_timestamp_seconds')]: '0+60x200' }, atMinute: 140, fires: [] },
      { series: { [ofA('up')]: '0x200', [ofA('last_success_timestamp_seconds')]: '60x200' }, atMinute: 140, fires: [] },
      {
        series: {
          [ofA('up')]: '1x200',
          [ofA('last_success_timestamp_seconds')]: '60x200',
          [ofA('state', ',state="Suspended"')]: '1x200',
        },
        atMinute: 140,
        fires: [],
      },
    ],
  },
];
