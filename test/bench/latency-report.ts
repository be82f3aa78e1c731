/**
 * From the latencies of edits to what they mean. Pure.
 */
import type { BenchOptions } from './arguments.ts';
import type { LatencyData } from './latency.ts';
import type { Bound, Report, Row, Unit } from './report.ts';
import { quantile } from './statistics.ts';

/** Issue 5. */
const MAX_IDLE_P50_MS = 25;
const MAX_IDLE_P99_MS = 60;
const MAX_WAIT_MS = 1_000;

export function reportLatency(data: LatencyData, { n, edits }: Pick<BenchOptions, 'n' | 'edits'>): Report {
  const { idleMs, backlogMs, depths, rounds } = data;
  const idle = { p50: quantile(idleMs, 0.5), p99: quantile(idleMs, 0.99) };
  const busy = { p50: quantile(backlogMs, 0.5), p99: quantile(backlogMs, 0.99) };
  const bound = (name: string, value: number, limit: number): Bound => ({ name, value, limit, unit: 'milliseconds' });
  const row = (name: string, value: number, unit: Unit = 'milliseconds'): Row => ({ name, values: [value], unit });
  const objects = n.toLocaleString('en-US');
  return {
    bounds: [
      bound('edit to verdict, idle, p50', idle.p50, MAX_IDLE_P50_MS),
      bound('edit to verdict, idle, p99', idle.p99, MAX_IDLE_P99_MS),
      bound('edit to verdict, under a backlog, p99', busy.p99, MAX_WAIT_MS + idle.p50),
    ],
    sections: [
      {
        title: `${objects} objects, idle`,
        rows: [
          row('edits', idleMs.length, 'count'),
          row('p50', idle.p50),
          row('p90', quantile(idleMs, 0.9)),
          row('p99', idle.p99),
          row('longest', quantile(idleMs, 1)),
        ],
      },
      {
        title: `${objects} objects, their probes due at once`,
        rows: [
          row(`edits (of ${edits} wanted)`, backlogMs.length, 'count'),
          row('times that all were made due', rounds, 'count'),
          row('most probes that were due and waited', Math.max(...depths, 0), 'count'),
          row('fewest at an edit', Math.min(...depths), 'count'),
          row('p50', busy.p50),
          row('p90', quantile(backlogMs, 0.9)),
          row('p99', busy.p99),
          row('longest', quantile(backlogMs, 1)),
        ],
      },
    ],
    notes: NOTES,
    data,
  };
}

const NOTES = [
  'From the answer to the PATCH until the watch shows the verdict on that generation; an edit switches to another healthy server.',
  'Edits are made at a steady pace, whether earlier ones are judged or not. Under a backlog the bound is 1 s and the idle median, the probe.',
];
