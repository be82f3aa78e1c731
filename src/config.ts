/**
 * The configuration of `run`: flags and `MCPSERVER_OPERATOR_*` variables in, a validated, frozen value or every fault out. Pure.
 *
 * The table below is the only place that knows name, default, bounds and help of a flag; the variable's name is made from the flag's.
 * A flag stands here only when it has a function.
 */
import { isIP } from 'node:net';
import { type BindAddress, parseBindAddress } from './platform/bind-address.ts';
import { choice, duration, integer, list, text, toggle } from './platform/flag-kinds.ts';
import { parseFlags } from './platform/flags.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from './platform/log.ts';
import { PRODUCT_NAME } from './platform/version.ts';

/** What an administrator allows beyond, and forbids within, the policy of page 3.8. Authors of objects can not widen it. */
export interface EgressOptions {
  readonly allowLoopback: boolean;
  /** Empty: every host that the policy allows. Else `a.example.com`, `*.b.example.com` or IP addresses. */
  readonly allowedHosts: readonly string[];
  readonly deniedCIDRs: readonly string[];
  readonly requireTLS: boolean;
  readonly allowInsecureSkipVerify: boolean;
  readonly allowPlaintextCredentials: boolean;
  readonly requireSecretHostBinding: boolean;
}

export interface OperatorConfig {
  /** Undefined: the files of `KUBECONFIG`, else the Pod's ServiceAccount. */
  readonly kubeconfig: string | undefined;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly leaderElect: boolean;
  /** Undefined: the namespace of the Pod, or of the kubeconfig's context. */
  readonly leaseNamespace: string | undefined;
  /** Two installations that share a lease never work both: the chart names it after the release. */
  readonly leaseName: string;
  readonly maxConcurrentProbes: number;
  /** 1 … 5: never more than five retries are in flight. */
  readonly maxConcurrentRetries: number;
  /** 0 = off. */
  readonly maxConcurrentPerHost: number;
  /** Undefined: off. */
  readonly metricsBindAddress: BindAddress | undefined;
  readonly healthBindAddress: BindAddress | undefined;
  readonly egress: EgressOptions;
  /** `status.lastSuccessTime` is refreshed at most this often while nothing else changes. */
  readonly lastSuccessRefreshMs: number;
  /** Series of single objects in the metrics. */
  readonly objectMetrics: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

export type ConfigResult =
  | { readonly kind: 'valid'; readonly config: OperatorConfig }
  | { readonly kind: 'help' }
  /** Each fault is one line. */
  | { readonly kind: 'invalid'; readonly faults: readonly string[] };

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const HOST_PATTERN = /^(?:\*\.)?(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Worst case 256 · 4 MiB of bodies in flight is 1 GiB; and four look-ups each fill the largest thread pool, 1,024. */
const MAX_PROBES = 256;
/** The promise of page 1: retries of failed servers never exceed five at once. */
const MAX_RETRIES = 5;

const ADDRESS = 'an address such as :8080, 127.0.0.1:8080 or [::1]:8080, or 0 for none';

/** The flags of `run`, in the order of the help text. */
export const RUN_FLAGS = {
  kubeconfig: text({
    placeholder: 'FILE',
    help: "kubeconfig to use outside a cluster; else KUBECONFIG, else the Pod's ServiceAccount",
  }),
  namespaces: list({
    placeholder: 'A,B',
    help: 'watch these namespaces only; all when absent',
    item: 'names of namespaces',
    isItem: (name) => DNS_LABEL.test(name),
    maxItems: 256,
  }),
  'leader-elect': toggle({ fallback: true, help: 'work only while holding the lease, so that two replicas never work at once' }),
  'lease-namespace': text({
    placeholder: 'NAME',
    help: "namespace of the lease; the operator's own when absent",
    pattern: DNS_LABEL,
    expected: 'the name of a namespace',
  }),
  'lease-name': text({
    placeholder: 'NAME',
    help: 'name of the lease; operators with one lease take turns (default mcpserver-operator)',
    pattern: DNS_LABEL,
    expected: 'the name of a lease: lower case letters, digits and dashes',
  }),
  'max-concurrent-probes': integer({ fallback: 64, min: 1, max: MAX_PROBES, help: 'probes that may run at once' }),
  'max-concurrent-retries': integer({ fallback: 5, min: 1, max: MAX_RETRIES, help: 'probes of failed servers among them' }),
  'max-concurrent-per-host': integer({
    fallback: 8,
    min: 0,
    max: MAX_PROBES,
    help: 'probes of one host and port at once; 0 is no limit',
  }),
  'metrics-bind-address': address(':8080', 'where /metrics listens; 0 turns it off'),
  'health-bind-address': address(':8081', 'where /healthz and /readyz listen; 0 turns them off'),
  'allow-loopback': toggle({ fallback: false, help: 'let specs name servers on this machine; for demos and tests' }),
  'allowed-hosts': list({
    placeholder: 'A,*.B',
    help: 'probe these hosts only; all that the policy allows when absent',
    item: 'host names in lower case, *.domain, or IP addresses',
    isItem: (host) => isIP(host) !== 0 || (host.length <= 253 && HOST_PATTERN.test(host)),
    maxItems: 256,
  }),
  'denied-cidrs': list({
    placeholder: 'CIDR,…',
    help: 'never connect to these ranges, beyond those that are always refused',
    item: 'ranges such as 10.0.0.0/8 or fd00::/8',
    isItem: isCIDR,
    maxItems: 256,
  }),
  'require-tls': toggle({ fallback: false, help: 'refuse servers at http: URLs' }),
  'allow-insecure-skip-verify': toggle({ fallback: false, help: 'let specs turn the verification of certificates off' }),
  'allow-plaintext-credentials': toggle({
    fallback: false,
    help: 'send credentials over http: to hosts outside the cluster too',
  }),
  'require-secret-host-binding': toggle({
    fallback: false,
    help: 'use only Secrets whose annotation says which hosts may see them',
  }),
  'last-success-refresh': duration({
    fallback: '1h',
    min: '1m',
    max: '24h',
    help: 'how often lastSuccessTime is written while nothing else changes',
  }),
  'object-metrics': toggle({ fallback: true, help: 'series of single MCPServers in the metrics' }),
  'log-level': choice({ fallback: 'info', choices: LOG_LEVELS, help: 'the least important lines to print' }),
  'log-format': choice({ fallback: 'json', choices: LOG_FORMATS, help: 'json for machines, pretty for people' }),
} as const;

/** Reads the arguments behind the verb `run`, and the environment. */
export function parseOperatorConfig(args: readonly string[], env: Readonly<Record<string, string | undefined>>): ConfigResult {
  const { values, help, faults } = parseFlags(RUN_FLAGS, { args, env, maxArguments: 0 });
  if (help) return { kind: 'help' };
  const config: OperatorConfig = {
    kubeconfig: values.kubeconfig,
    namespaces: Object.freeze([...values.namespaces]),
    leaderElect: values['leader-elect'],
    leaseNamespace: values['lease-namespace'],
    leaseName: values['lease-name'] ?? PRODUCT_NAME,
    maxConcurrentProbes: values['max-concurrent-probes'],
    maxConcurrentRetries: values['max-concurrent-retries'],
    maxConcurrentPerHost: values['max-concurrent-per-host'],
    metricsBindAddress: values['metrics-bind-address'],
    healthBindAddress: values['health-bind-address'],
    egress: Object.freeze({
      allowLoopback: values['allow-loopback'],
      allowedHosts: Object.freeze([...values['allowed-hosts']]),
      deniedCIDRs: Object.freeze([...values['denied-cidrs']]),
      requireTLS: values['require-tls'],
      allowInsecureSkipVerify: values['allow-insecure-skip-verify'],
      allowPlaintextCredentials: values['allow-plaintext-credentials'],
      requireSecretHostBinding: values['require-secret-host-binding'],
    }),
    lastSuccessRefreshMs: values['last-success-refresh'],
    objectMetrics: values['object-metrics'],
    logLevel: values['log-level'],
    logFormat: values['log-format'],
  };
  const all = [...faults, ...contradictions(config)];
  return all.length > 0 ? { kind: 'invalid', faults: all } : { kind: 'valid', config: Object.freeze(config) };
}

/** Values that are right alone and wrong together. */
function contradictions(config: OperatorConfig): string[] {
  const faults: string[] = [];
  const {
    maxConcurrentProbes: probes,
    maxConcurrentRetries: retries,
    metricsBindAddress: metrics,
    healthBindAddress: health,
  } = config;
  if (retries > probes)
    faults.push(`--max-concurrent-retries ${retries} exceeds --max-concurrent-probes ${probes}: retries are among the probes`);
  if (!config.leaderElect && config.leaseNamespace !== undefined) {
    faults.push('--lease-namespace has no meaning with --leader-elect=false: leave one of them out');
  }
  if (!config.leaderElect && config.leaseName !== PRODUCT_NAME) {
    faults.push('--lease-name has no meaning with --leader-elect=false: leave one of them out');
  }
  if (metrics && health && metrics.port !== 0 && metrics.port === health.port && overlaps(metrics.host, health.host)) {
    faults.push(`--metrics-bind-address and --health-bind-address both want port ${metrics.port}: choose two`);
  }
  if (config.egress.requireTLS && config.egress.allowPlaintextCredentials) {
    faults.push('--allow-plaintext-credentials has no meaning with --require-tls: leave one of them out');
  }
  return faults;
}

/** Whether two listeners on one port collide: the same host, or one of them on all. */
function overlaps(one: string | undefined, other: string | undefined): boolean {
  const everywhere = [undefined, '::', '0.0.0.0'];
  return one === other || everywhere.includes(one) || everywhere.includes(other);
}

function isCIDR(range: string): boolean {
  const [ip = '', bits = '', ...rest] = range.split('/');
  const family = isIP(ip);
  return rest.length === 0 && family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

function address(fallback: string, help: string) {
  const read = (value: string) => {
    const parsed = parseBindAddress(value);
    return parsed === 'off' ? { ok: true as const, value: undefined } : parsed && { ok: true as const, value: parsed };
  };
  return {
    placeholder: 'ADDRESS',
    fallback: read(fallback)?.value,
    shownDefault: fallback,
    help,
    parse: (value: string) => read(value) ?? { ok: false as const, expected: ADDRESS },
  };
}
