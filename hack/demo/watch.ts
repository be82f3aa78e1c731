/**
 * Looks at `kubectl get mcpservers` again and again until every object has the verdict that it should have, or time is over.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { changedRows, renderChange, renderChangeHeader, renderFrame } from './frame.ts';
import type { Screen } from './screen.ts';
import { parseTable, type Row, type Table } from './table.ts';
import type { Judge, Verdicts } from './verdicts.ts';

export interface WatchOptions {
  /** Resolves with what kubectl prints. Rejects when kubectl fails. */
  readonly readTable: () => Promise<string>;
  readonly judge: Judge;
  readonly screen: Screen;
  /** Aborted: the watch ends with what it has seen. */
  readonly signal: AbortSignal;
  /** Why going on is pointless, such as an operator that has ended; undefined while it is not. */
  readonly trouble: () => string | undefined;
  /** The slow starter needs about 25 s. */
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
}

export interface Watched {
  readonly verdicts: Verdicts;
  readonly table: Table;
  readonly elapsedMs: number;
}

const TIMEOUT_MS = 90_000;
/** kubectl costs 0.1 s of processor time; once a second is smooth enough for people. */
const INTERVAL_MS = 1_000;
/** kubectl may fail for a moment on a busy machine; three failures in a row are no moment. */
const MAX_FAILURES = 3;

/** Shows what it sees on the screen. Rejects with `trouble`, or when kubectl fails three times in a row. */
export async function watchUntilSettled(options: WatchOptions): Promise<Watched> {
  const { screen, judge, signal } = options;
  const startMs = performance.now();
  let before: readonly Row[] = [];
  let table = parseTable('');
  for (let failures = 0; ; ) {
    const lookMs = performance.now();
    try {
      table = parseTable(await options.readTable());
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === MAX_FAILURES) throw error;
    }
    const rows = table.rows.map(({ row }) => row);
    const verdicts = judge.look(rows);
    const elapsedMs = performance.now() - startMs;
    if (signal.aborted) return { verdicts, table, elapsedMs };
    if (screen.isTerminal) screen.frame(renderFrame(table, verdicts, elapsedMs, { paint: screen.paint, ...screen.size() }));
    else printChanges(screen, before, rows, elapsedMs);
    before = rows;
    const trouble = options.trouble();
    if (trouble !== undefined) throw new Error(trouble);
    if (verdicts.differences.length === 0 || elapsedMs > (options.timeoutMs ?? TIMEOUT_MS)) return { verdicts, table, elapsedMs };
    const restMs = Math.max((options.intervalMs ?? INTERVAL_MS) - (performance.now() - lookMs), 0);
    await sleep(restMs, undefined, { signal }).catch(() => undefined);
  }
}

function printChanges(screen: Screen, before: readonly Row[], now: readonly Row[], elapsedMs: number): void {
  if (before.length === 0 && now.length > 0) screen.line(renderChangeHeader(screen.paint));
  for (const row of changedRows(before, now)) screen.line(renderChange(row, elapsedMs, screen.paint));
}
