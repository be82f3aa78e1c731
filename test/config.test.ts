import { describe, expect, test } from 'vitest';
import { parseOperatorConfig, RUN_FLAGS } from '../src/config.ts';
import { envNameOf } from '../src/platform/flags.ts';

function valid(args: string[] = [], env: Record<string, string> = {}) {
  const result = parseOperatorConfig(args, env);
  if (result.kind !== 'valid') throw new Error(JSON.stringify(result));
  return result.config;
}

function faults(args: string[], env: Record<string, string> = {}) {
  const result = parseOperatorConfig(args, env);
  return result.kind === 'invalid' ? result.faults : [];
}

test('without flags every value has its default of page 6.1a', () => {
  expect(valid()).toEqual({
    kubeconfig: undefined,
    namespaces: [],
    leaderElect: true,
    leaseNamespace: undefined,
    leaseName: 'mcpserver-operator',
    maxConcurrentProbes: 64,
    maxConcurrentRetries: 5,
    maxConcurrentPerHost: 8,
    metricsBindAddress: { port: 8080 },
    healthBindAddress: { port: 8081 },
    egress: {
      allowLoopback: false,
      allowedHosts: [],
      deniedCIDRs: [],
      requireTLS: false,
      allowInsecureSkipVerify: false,
      allowPlaintextCredentials: false,
      requireSecretHostBinding: false,
    },
    lastSuccessRefreshMs: 3_600_000,
    objectMetrics: true,
    logLevel: 'info',
    logFormat: 'json',
  });
});

test('every flag is read, and a configuration is frozen to its leaves', () => {
  const config = valid([
    ...['--kubeconfig', '/k', '--namespaces=team-a, team-b', '--leader-elect=true', '--lease-namespace=ops', '--lease-name=blue'],
    ...['--max-concurrent-probes=10', '--max-concurrent-retries', '1', '--max-concurrent-per-host=0'],
    ...[
      '--metrics-bind-address=0',
      '--health-bind-address=[::1]:9',
      '--allow-loopback',
      '--allowed-hosts=a.example,*.b.example,10.1.2.3,::1',
    ],
    ...['--denied-cidrs=10.0.0.0/8,fd00::/8', '--allow-insecure-skip-verify', '--allow-plaintext-credentials'],
    ...[
      '--require-secret-host-binding',
      '--last-success-refresh=1h30m',
      '--object-metrics=false',
      '--log-level=debug',
      '--log-format=pretty',
    ],
  ]);
  expect(config).toMatchObject({
    kubeconfig: '/k',
    namespaces: ['team-a', 'team-b'],
    leaseNamespace: 'ops',
    leaseName: 'blue',
    maxConcurrentProbes: 10,
    maxConcurrentRetries: 1,
    maxConcurrentPerHost: 0,
    metricsBindAddress: undefined,
    healthBindAddress: { host: '::1', port: 9 },
    egress: {
      allowLoopback: true,
      allowedHosts: ['a.example', '*.b.example', '10.1.2.3', '::1'],
      deniedCIDRs: ['10.0.0.0/8', 'fd00::/8'],
    },
    lastSuccessRefreshMs: 5_400_000,
    objectMetrics: false,
    logLevel: 'debug',
    logFormat: 'pretty',
  });
  for (const value of [config, config.egress, config.egress.allowedHosts, config.egress.deniedCIDRs, config.namespaces]) {
    expect(Object.isFrozen(value)).toBe(true);
  }
  expect(valid(['--require-tls']).egress.requireTLS).toBe(true);
});

test('every flag has a variable; a flag wins over it, and an empty one says nothing', () => {
  expect(envNameOf('max-concurrent-probes')).toBe('MCPSERVER_OPERATOR_MAX_CONCURRENT_PROBES');
  const env = {
    MCPSERVER_OPERATOR_MAX_CONCURRENT_PROBES: '12',
    MCPSERVER_OPERATOR_ALLOW_LOOPBACK: 'true',
    MCPSERVER_OPERATOR_LOG_LEVEL: '',
  };
  expect(valid([], env)).toMatchObject({ maxConcurrentProbes: 12, egress: { allowLoopback: true }, logLevel: 'info' });
  expect(valid(['--max-concurrent-probes=13'], env).maxConcurrentProbes).toBe(13);
  expect(faults([], { MCPSERVER_OPERATOR_MAX_CONCURRENT_PROBES: 'many' })).toEqual([
    'MCPSERVER_OPERATOR_MAX_CONCURRENT_PROBES "many": expected a whole number from 1 to 256',
  ]);
});

test('an unknown variable is a fault, except what Kubernetes sets for a Service of the same name', () => {
  expect(faults([], { MCPSERVER_OPERATOR_LOGLEVEL: 'debug', PATH: '/bin' })).toEqual([
    'unknown environment variable MCPSERVER_OPERATOR_LOGLEVEL; did you mean MCPSERVER_OPERATOR_LOG_LEVEL?',
  ]);
  const links = [
    ...[
      'SERVICE_HOST',
      'SERVICE_PORT',
      'SERVICE_PORT_HTTP',
      'PORT',
      'PORT_8080_TCP',
      'PORT_8080_TCP_ADDR',
      'PORT_8080_TCP_PROTO',
    ],
    ...['METRICS_SERVICE_HOST', 'METRICS_SERVICE_PORT', 'METRICS_PORT', 'METRICS_PORT_8080_TCP_PORT'],
  ];
  expect(faults([], Object.fromEntries(links.map((name) => [`MCPSERVER_OPERATOR_${name}`, 'tcp://10.0.0.1:8080'])))).toEqual([]);
  expect(Object.keys(RUN_FLAGS).filter((name) => name.endsWith('-port'))).toEqual([]);
});

describe('a fault is one line that names the place, and all are named at once', () => {
  test('many at once', () => {
    const all = faults(
      [
        '--max-concurrent-probe=3',
        '--max-concurrent-retries=6',
        '--log-level',
        'loud',
        '--namespaces=A',
        'extra',
        '--log-format',
      ],
      { MCPSERVER_OPERATOR_REQUIRE_TLS: 'yes' },
    );
    expect(all).toEqual([
      'unknown flag --max-concurrent-probe; did you mean --max-concurrent-probes?',
      '--log-format needs a value: --log-format json|pretty',
      'unexpected argument "extra"',
      '--namespaces "A": expected names of namespaces, separated by commas',
      '--max-concurrent-retries "6": expected a whole number from 1 to 5',
      'MCPSERVER_OPERATOR_REQUIRE_TLS "yes": expected true or false',
      '--log-level "loud": expected one of debug, info, warn, error',
    ]);
    for (const fault of all) expect(fault).not.toContain('\n');
  });

  test.each<[string, string[], string]>([
    ['given twice', ['--log-level=info', '--log-level=debug'], '--log-level is given twice'],
    ['a switch given twice', ['--require-tls', '--require-tls=false'], '--require-tls is given twice'],
    ['a flag of a later version', ['--watch-secrets'], 'unknown flag --watch-secrets'],
    ['a forgotten value', ['--kubeconfig', '--leader-elect'], '--kubeconfig needs a value: --kubeconfig FILE'],
    ['an empty value', ['--kubeconfig='], '--kubeconfig "": expected 1 to 4096 characters'],
    ['a word behind a switch', ['--leader-elect', 'false'], 'unexpected argument "false"'],
    ['zero probes', ['--max-concurrent-probes=0'], '--max-concurrent-probes "0": expected a whole number from 1 to 256'],
    ['a fraction', ['--max-concurrent-probes=1.5'], '--max-concurrent-probes "1.5": expected a whole number from 1 to 256'],
    ['a negative number', ['--max-concurrent-probes=-1'], '--max-concurrent-probes "-1": expected a whole number from 1 to 256'],
    [
      'a duration without unit',
      ['--last-success-refresh=60'],
      '--last-success-refresh "60": expected a duration such as 1h, from 1m to 24h',
    ],
    [
      'a duration out of bounds',
      ['--last-success-refresh=10s'],
      '--last-success-refresh "10s": expected a duration such as 1h, from 1m to 24h',
    ],
    [
      'an address without colon',
      ['--health-bind-address=8081'],
      '--health-bind-address "8081": expected an address such as :8080, 127.0.0.1:8080 or [::1]:8080, or 0 for none',
    ],
    [
      'a range without bits',
      ['--denied-cidrs=10.0.0.0'],
      '--denied-cidrs "10.0.0.0": expected ranges such as 10.0.0.0/8 or fd00::/8, separated by commas',
    ],
    [
      'a range with too many',
      ['--denied-cidrs=10.0.0.0/33'],
      '--denied-cidrs "10.0.0.0/33": expected ranges such as 10.0.0.0/8 or fd00::/8, separated by commas',
    ],
    [
      'a URL as host',
      ['--allowed-hosts=https://a'],
      '--allowed-hosts "https://a": expected host names in lower case, *.domain, or IP addresses, separated by commas',
    ],
    ['an item twice', ['--namespaces=a,b,a'], '--namespaces "a,b,a": expected each item once, and "a" stands there twice'],
    [
      'more retries than probes',
      ['--max-concurrent-probes=4'],
      '--max-concurrent-retries 5 exceeds --max-concurrent-probes 4: retries are among the probes',
    ],
    [
      'a lease without election',
      ['--leader-elect=false', '--lease-namespace=a'],
      '--lease-namespace has no meaning with --leader-elect=false: leave one of them out',
    ],
    [
      'a name of a lease without election',
      ['--leader-elect=false', '--lease-name=a'],
      '--lease-name has no meaning with --leader-elect=false: leave one of them out',
    ],
    [
      'one port for two',
      ['--metrics-bind-address=:8081'],
      '--metrics-bind-address and --health-bind-address both want port 8081: choose two',
    ],
    [
      'TLS and not',
      ['--require-tls', '--allow-plaintext-credentials'],
      '--allow-plaintext-credentials has no meaning with --require-tls: leave one of them out',
    ],
  ])('%s', (_what, args, fault) => {
    expect(faults(args)).toEqual([fault]);
  });

  test('two loopback addresses may share a port number, and two free ports are two ports', () => {
    valid(['--metrics-bind-address=127.0.0.1:8081', '--health-bind-address=127.0.0.2:8081']);
    valid(['--metrics-bind-address=127.0.0.1:0', '--health-bind-address=127.0.0.1:0']);
  });

  test('the value behind an unknown flag is not repeated: it might be a secret', () => {
    expect(faults(['--bearer-token', 'canary'])).toEqual(['unknown flag --bearer-token']);
    expect(faults(['--bearer-token=canary'])).toEqual(['unknown flag --bearer-token']);
  });
});

test('--help wins over every fault', () => {
  expect(parseOperatorConfig(['--nonsense', '-h'], {}).kind).toBe('help');
});
