/**
 * Page 4, row by row, for real: over sockets and TLS, through the whole prober, up to the message that a user reads. The cases run beside
 * each other, because most of them only wait.
 */
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { MAX_MESSAGE_BYTES, type MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import { readyOf } from '../../src/cli/probe-status.ts';
import { ROWS } from '../../src/probe/rows.ts';
import { range, render } from './facts.ts';
import { createTestbed, dataObject } from './testbed.ts';
import { BODY_MARK, HTTP_CASES } from './wire/http-cases.ts';
import { LOCAL_CASES } from './wire/local-cases.ts';
import { MCP_CASES } from './wire/mcp-cases.ts';
import { networkCases } from './wire/network-cases.ts';
import { BEARER, runCases, type WireCase, type WireResult } from './wire/wire-case.ts';

const CASES: readonly WireCase[] = [...networkCases(), ...HTTP_CASES, ...MCP_CASES, ...LOCAL_CASES];

let results: Map<WireCase, Promise<WireResult>>;

beforeAll(() => {
  results = runCases(new Map(CASES.map((wireCase) => [wireCase, wireCase])));
});

/** What a message may say depends on the class alone (page 9, A6). */
function checkMessage(status: MCPServerStatus, says: string | undefined): void {
  const { message = '' } = readyOf(status) ?? {};
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
  expect(message).toContain(`stage ${status.failure?.stage}`);
  if (says !== undefined) expect(message).toContain(says);
  switch (status.state) {
    case 'Transient':
      expect(message).toContain('the probe will be retried');
      expect(message).not.toContain('needs attention');
      break;
    case 'Permanent':
      expect(message).toContain('needs attention');
      expect(message).not.toContain('starting');
      break;
    case 'Denied':
      expect(message).not.toMatch(/retried|starting/);
      break;
  }
}

describe('page 4 for real', () => {
  it.each(CASES.map((wireCase) => [`row ${wireCase.row}: ${wireCase.signal} → ${wireCase.expected}`, wireCase] as const))(
    '%s',
    async (_name, wireCase) => {
      const { row, decidedBy, expected, stage, attempts, says } = wireCase;
      const result = await results.get(wireCase);
      if (result === undefined) throw new Error('the case did not run');
      const { report, verdict, status } = result;
      const judged = report.verdict.kind === 'failing';
      expect([verdict, report.attempts]).toEqual([judged ? `row ${decidedBy ?? row}: ${expected}` : expected, attempts]);
      if (report.verdict.kind !== 'failing' || status === undefined) return;
      if (stage !== undefined) expect(report.verdict.stage).toBe(stage);
      checkMessage(status, says);
      expect(inspect([report, status], { depth: 99 })).not.toMatch(new RegExp(`${BODY_MARK}|tOken-mArk|s3cret-of-client-1`));
    },
  );
});

it('every row that the prober knows is produced for real, with every class, reason and flag that it has', () => {
  const produced = new Set(
    CASES.map(({ row, decidedBy, expected }) => `row ${decidedBy ?? row}: ${expected.replace(/, waits .*/, '')}`),
  );
  const missing = Object.entries(ROWS).filter(
    ([, row]) => !produced.has(`row ${row.row}: ${render({ ...row, kind: 'failing', stage: 'http' })}`),
  );
  expect(missing.map(([key]) => key)).toEqual([]);
});

it('every row of page 4 has a case, but for row 63, which is a matter of time (test/reconcile/progress.test.ts)', () => {
  const rows = new Set(CASES.map(({ row }) => row));
  expect(range(1, 63).filter((row) => !rows.has(row))).toEqual([63]);
});

it('D9: where connecting failed at once, no credential is told as sent', async () => {
  const bed = createTestbed();
  bed.secrets.set('token', dataObject({ t: 'tOken-mArk' }));
  const report = await bed.probe({ url: 'http://127.255.255.255:9/mcp', auth: BEARER });
  expect(report).toMatchObject({ verdict: { reason: 'HostUnreachable' }, outcome: { failure: { credentialsSent: false } } });
  expect(bed.audit).toEqual([]);
});

it('no two cases are the same', () => {
  const names = CASES.map(({ row, signal }) => `${row} ${signal}`);
  expect(names.length).toBe(new Set(names).size);
});
