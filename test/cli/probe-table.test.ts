import { expect, test } from 'vitest';
import { AUTHORIZATION_DETAILS } from '../../src/api/v1alpha1/authorization-details.ts';
import { MCPServerSpec } from '../../src/api/v1alpha1/spec.ts';
import { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import type { JudgedServer } from '../../src/cli/probe-status.ts';
import { renderProbes } from '../../src/cli/probe-table.ts';
import { misconfigured } from '../../src/probe/authorization-fact.ts';
import { judge } from '../probe/facts.ts';

const failed: JudgedServer = {
  server: {
    namespace: 'default',
    name: 'command-line',
    spec: MCPServerSpec.parse({ url: 'https://u:CANARY@a.example/mcp?key=CANARY' }),
  },
  report: {
    outcome: { kind: 'aborted' },
    verdict: { kind: 'none', why: 'aborted' },
    attempts: 3,
    durationMs: 12_345,
    stageMs: { connect: 1.24, tls: 40.2 },
  },
  status: MCPServerStatus.parse({
    state: 'Transient',
    conditions: [
      { type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'ServerUnavailable', message: 'm' },
    ],
    failure: {
      class: 'Transient',
      reason: 'ServerUnavailable',
      message: 'm',
      stage: 'http',
      httpStatus: 503,
      rpcCode: 0,
      since: '2026-01-01T00:00:00Z',
      consecutive: 1,
      attempts: 3,
    },
  }),
};

test('a failure is one aligned block: verdict, cause, where, remedy, timings; long texts are folded', () => {
  const text = renderProbes([failed], { color: false, allowLoopback: true, asksCluster: false });
  const lines = text.split('\n');
  expect(lines[0]).toBe('url       https://a.example/mcp');
  expect(lines[1]).toBe('verdict   … Transient (ServerUnavailable)');
  expect(text).toContain('\nwhere     stage http, HTTP 503, JSON-RPC 0\n');
  expect(lines.at(-2)).toBe('took      12.3 s, 3 attempts: connect 1.2 ms, tls 40 ms');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(96);
  for (const line of lines) expect(line).toMatch(/^($|[a-z]+ +\S| {10}\S)/);
  expect(text).not.toContain('CANARY');
});

test('what exactly an authorization server refused is a line of its own', () => {
  const verdict = judge(misconfigured('issuerSlash'));
  const report = { ...failed.report, verdict, attempts: 0 };
  const text = renderProbes([{ ...failed, report }], { color: false, allowLoopback: true, asksCluster: false }).replaceAll(
    /\s+/g,
    ' ',
  );
  expect(text).toContain(`detail ${AUTHORIZATION_DETAILS.issuerSlash} where`);
  expect(text).toContain('nothing was sent to the server');
  expect(renderProbes([failed], { color: false, allowLoopback: true, asksCluster: false })).not.toContain('detail');
});

test('colour is there only when asked for, and changes no word', () => {
  const colored = renderProbes([failed], { color: true, allowLoopback: true, asksCluster: false });
  expect(colored).toContain('\u001b[33m… Transient');
  const bare = colored.replaceAll(/\u001b\[\d+m/g, '');
  expect(bare.replaceAll(/\s+/g, ' ')).toBe(
    renderProbes([failed], { color: false, allowLoopback: true, asksCluster: false }).replaceAll(/\s+/g, ' '),
  );
});

test('a probe that could not be made says so', () => {
  const text = renderProbes([{ ...failed, status: undefined }], { color: false, allowLoopback: true, asksCluster: false });
  expect(text).toContain('verdict   ? none');
});
