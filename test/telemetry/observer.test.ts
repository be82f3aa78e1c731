import { describe, expect, it } from 'vitest';
import { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import type { LogFields, Logger } from '../../src/platform/log.ts';
import type { ProbeReport, ProbeRequest } from '../../src/probe/ports.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createObserver, createProbeLog } from '../../src/telemetry/observer.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

function setUp(objectMetrics = true) {
  const lines: { level: string; fields: LogFields; msg: string }[] = [];
  const line = (level: string) => (fields: LogFields, msg: string) => lines.push({ level, fields, msg });
  const log: Logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  const metrics = createMetrics({ version: 'test', objectMetrics });
  const series = async (name: string) => {
    let text = '';
    for await (const chunk of metrics.render()) text += chunk;
    return text.split('\n').filter((each) => each.startsWith(`${name}{`) || each.startsWith(`${name} `));
  };
  return { lines, log, series, observer: createObserver({ log, metrics }) };
}

const metadata = { namespace: 'default', name: 'a', uid: 'u', resourceVersion: '1', generation: 1 };
const request = { namespace: 'default', name: 'a', probeID: 'p1' } as ProbeRequest;
const report = (overlay: Partial<ProbeReport>): ProbeReport => ({
  outcome: { kind: 'aborted' },
  verdict: { kind: 'none', why: 'aborted' },
  attempts: 1,
  durationMs: 12,
  stageMs: { connect: 3 },
  ...overlay,
});
const denied = {
  kind: 'failing',
  class: 'Denied',
  reason: 'AccessDenied',
  row: 25,
  stage: 'http',
  burst: false,
  settles: false,
  timedOut: false,
} as const;
const available = (digest: string) =>
  MCPServerStatus.parse({
    observedGeneration: 1,
    state: 'Available',
    conditions: [{ type: 'Ready', status: 'True', reason: 'Available', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    capabilities: {
      digest,
      capturedAt: '2026-01-01T00:00:00Z',
      features: ['tools'],
      tools: { count: 5, invalid: 0, digest, items: [] },
    },
    lastSuccessTime: '2026-01-01T00:00:00Z',
  });

describe('observer', () => {
  it('C5: counts a verdict by class, reason and transport, and times its stages', async () => {
    const { observer, series, lines } = setUp();
    observer.probed(request, 'edit', report({ verdict: denied }), 'r1');
    expect(await series('mcpserver_operator_probes_total')).toEqual([
      'mcpserver_operator_probes_total{verdict="Denied",reason="AccessDenied",transport="None"} 1',
    ]);
    expect((await series('mcpserver_operator_probe_duration_seconds_count')).join()).toContain('stage="connect"');
    expect(lines).toMatchObject([
      {
        level: 'debug',
        fields: {
          namespace: 'default',
          name: 'a',
          reconcileID: 'r1',
          probeID: 'p1',
          state: 'Denied',
          reason: 'AccessDenied',
          stage: 'http',
          durationMs: 12,
        },
      },
    ]);
  });

  it('B7: an aborted probe counts as nothing', async () => {
    const { observer, series } = setUp();
    observer.probed(request, 'edit', report({}));
    expect(await series('mcpserver_operator_probes_total')).toEqual([]);
  });

  it('counts a probe without a verdict by what kept it from one', async () => {
    const { observer, series } = setUp();
    const undecided = { outcome: { kind: 'undecided' }, verdict: { kind: 'none', why: 'undecided' } } as const;
    observer.probed(request, 'edit', report({}));
    observer.probed(request, 'edit', report(undecided));
    observer.probed(request, 'edit', report({ ...undecided, forbidden: { kind: 'Secret', name: 'token' } }));
    expect(await series('mcpserver_operator_undecided_probes_total')).toEqual(
      ['aborted', 'unavailable', 'forbidden'].map((cause) => `mcpserver_operator_undecided_probes_total{cause="${cause}"} 1`),
    );
  });

  it('shows when a certificate expires, also that of a server that fails, until the server speaks no TLS', async () => {
    const { observer, series } = setUp();
    const name = 'mcpserver_operator_certificate_expiry_timestamp_seconds';
    const learned = { verdict: { kind: 'available', finding: { transport: 'SSE' } } } as Partial<ProbeReport>;
    observer.stands(metadata, available(`sha256:${'0'.repeat(64)}`));
    observer.probed(request, 'refresh', report({ ...learned, certificateExpiresAtMs: 1_800_000_000_000 }));
    expect(await series(name)).toEqual([`${name}{namespace="default",name="a"} 1800000000`]);
    observer.probed(request, 'refresh', report({ verdict: denied }));
    expect(await series(name)).toHaveLength(1);
    observer.probed(request, 'refresh', report({ verdict: denied, certificateExpiresAtMs: 1_700_000_000_000 }));
    expect(await series(name)).toEqual([`${name}{namespace="default",name="a"} 1700000000`]);
    observer.probed(request, 'edit', report(learned));
    expect(await series(name)).toEqual([]);
  });

  it('what can not be read for lack of a right is a warning that names the object and the right, and no more', () => {
    const { observer, lines } = setUp();
    observer.forbidden(metadata, { kind: 'ConfigMap', name: 'ca' });
    expect(lines).toMatchObject([
      {
        level: 'warn',
        fields: { namespace: 'default', name: 'a', kind: 'ConfigMap', reference: 'ca', verb: 'get', resource: 'configmaps' },
      },
    ]);
  });

  it('shows how an object stands, counts its changes, and takes its series away with it', async () => {
    const { observer, series } = setUp();
    observer.stands(metadata, available(`sha256:${'0'.repeat(64)}`));
    observer.stands(metadata, available(`sha256:${'0'.repeat(64)}`));
    observer.stands(metadata, available(`sha256:${'1'.repeat(64)}`));
    expect(await series('mcpserver_operator_up')).toEqual(['mcpserver_operator_up{namespace="default",name="a"} 1']);
    expect(await series('mcpserver_operator_tools')).toEqual(['mcpserver_operator_tools{namespace="default",name="a"} 5']);
    expect(await series('mcpserver_operator_capabilities_changed_total')).toEqual([
      'mcpserver_operator_capabilities_changed_total{namespace="default",name="a"} 1',
    ]);
    observer.forgotten('default/a');
    expect(await series('mcpserver_operator_up')).toEqual([]);
  });

  it('keeps nothing about single objects when their series are off', async () => {
    const { observer, series } = setUp(false);
    observer.stands(metadata, available(`sha256:${'0'.repeat(64)}`));
    observer.forgotten('default/a');
    expect(await series('mcpserver_operator_up')).toEqual([]);
  });

  it('C4: a transition is one line at info with the correlation id', () => {
    const { observer, lines } = setUp();
    observer.transition({ ...metadata, reconcileID: 'r1', probeID: 'p1', from: 'Pending', to: 'Denied', reason: 'AccessDenied' });
    expect(lines).toMatchObject([
      {
        level: 'info',
        fields: { namespace: 'default', name: 'a', reconcileID: 'r1', probeID: 'p1', from: 'Pending', state: 'Denied' },
      },
    ]);
  });

  it('a status that the API server refuses is an error, one that could not be written a warning', () => {
    const { observer, lines } = setUp();
    observer.writeFailed(metadata, { kind: 'rejected', httpStatus: 422 }, 500);
    observer.writeFailed(metadata, { kind: 'unavailable' }, 500);
    expect(lines.map(({ level }) => level)).toEqual(['error', 'warn']);
  });
});

describe('probe log', () => {
  it('D9: the line as it is written: time, object, probe id, decision, reason, host, fingerprint, and no more', () => {
    const written: string[] = [];
    const sink = { write: (line: string) => void written.push(line) };
    const log = createProbeLog(createLogger({ clock: createFakeClock(), sink }, { level: 'info', format: 'json' }));
    const use = { namespace: 'default', name: 'a', probeID: 'p1', host: 'a.example.com', fingerprint: '01234567' };
    log.audit({ ...use, decision: 'sent' });
    log.audit({ ...use, decision: 'withheld', reason: 'notBoundToHost' });
    const line = { ts: '2026-01-01T00:00:00.000Z', level: 'info', msg: 'credential used', audit: true, ...use };
    expect(written.map((each) => JSON.parse(each))).toEqual([
      { ...line, decision: 'sent' },
      { ...line, decision: 'withheld', reason: 'notBoundToHost' },
    ]);
  });

  it('D9: each use of a credential is an audit line with host and fingerprint', () => {
    const { log, lines } = setUp();
    createProbeLog(log).audit({
      namespace: 'default',
      name: 'a',
      probeID: 'p1',
      host: 'a.example.com',
      fingerprint: '01234567',
      decision: 'sent',
    });
    expect(lines).toMatchObject([
      { level: 'info', fields: { audit: true, host: 'a.example.com', fingerprint: '01234567', decision: 'sent' } },
    ]);
  });
});
