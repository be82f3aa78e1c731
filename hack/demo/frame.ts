/**
 * Draws what is seen of the objects: kubectl's own table with the states in colour, what is still to come, and the result. Pure.
 */
import { cut, formatSeconds, type Paint, toneOf } from './style.ts';
import type { Row, Table } from './table.ts';
import type { Verdicts } from './verdicts.ts';

export interface FrameOptions {
  readonly paint: Paint;
  /** Columns of the terminal. One stays free: a full line would wrap and could not be redrawn. */
  readonly width: number;
  /** Lines of the terminal. */
  readonly height: number;
}

/** Lines of a frame around the rows: header, blank, the line on what is to come, and the cursor's own. */
const LINES_AROUND = 4;

/** The lines of one frame, none longer than the terminal is wide, no more than it is high. */
export function renderFrame(table: Table, verdicts: Verdicts, elapsedMs: number, options: FrameOptions): string[] {
  const { paint, height } = options;
  const width = Math.max(options.width - 1, 1);
  const room = Math.max(height - LINES_AROUND, 1);
  const shown = table.rows.length <= room ? table.rows : table.rows.slice(0, room - 1);
  const hidden = table.rows.length - shown.length;
  return [
    paint('bold', cut(table.header, width)),
    ...shown.map(({ text, row }) => paintRow(cut(text, width), row, table, paint)),
    ...(hidden > 0 ? [paint('dim', cut(`… and ${hidden} more: the terminal is too low for them`, width))] : []),
    '',
    paint('dim', cut(renderProgress(verdicts, elapsedMs), width)),
  ];
}

/** `11 of 13 settled after 14 s, waiting for slow-start, tar-pit`. */
export function renderProgress(verdicts: Verdicts, elapsedMs: number): string {
  const waiting = verdicts.differences.map(({ name }) => name).join(', ');
  const start = `${verdicts.settled} of ${verdicts.total} settled after ${formatSeconds(elapsedMs)}`;
  return waiting === '' ? start : `${start}, waiting for ${waiting}`;
}

/** The table as it is, with the states in colour. */
export function renderTable(table: Table, paint: Paint): string[] {
  return [paint('bold', table.header), ...table.rows.map(({ text, row }) => paintRow(text, row, table, paint))];
}

function paintRow(text: string, row: Row, table: Table, paint: Paint): string {
  const where = table.span('STATE');
  if (where === undefined) return text;
  const word = text.slice(where.start, where.start + row.state.length);
  return text.slice(0, where.start) + paint(toneOf(row.state), word) + text.slice(where.start + word.length);
}

/** What moves the cursor from below a frame of `lines` lines to its start; each line then clears the rest of its own. */
export function redraw(previousLines: number, lines: readonly string[]): string {
  const up = previousLines > 0 ? `\x1b[${previousLines}A\r` : '';
  return `${up}${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`;
}

/** The rows of `now` that say something else than before, the age aside: what is printed where nothing can be redrawn. */
export function changedRows(before: readonly Row[], now: readonly Row[]): Row[] {
  const known = new Map(before.map((row) => [row.name, textOf(row)]));
  return now.filter((row) => known.get(row.name) !== textOf(row));
}

const textOf = ({ ready, state, reason, tools }: Row) => [ready, state, reason, tools].join('\t');

/** The longest reason of hack/samples, `ClientCertificateRejected`; with it a line has 79 columns. */
const REASON_COLUMNS = 25;

/** One row as a line of its own, with kubectl's columns at fixed places. */
export function renderChange(row: Row, elapsedMs: number, paint: Paint): string {
  const cells = [formatSeconds(elapsedMs).padStart(8), row.name.padEnd(15), row.ready.padEnd(7)];
  const state = paint(toneOf(row.state), row.state) + ' '.repeat(Math.max(9 - row.state.length, 0));
  return [...cells, state, row.reason.padEnd(REASON_COLUMNS), row.tools].join('  ').trimEnd();
}

/** The header over lines of {@link renderChange}. */
export function renderChangeHeader(paint: Paint): string {
  return paint(
    'bold',
    `${'AFTER'.padStart(8)}  ${'NAME'.padEnd(15)}  READY    STATE      ${'REASON'.padEnd(REASON_COLUMNS)}  TOOLS`,
  );
}

/** The last word: that all is as it should be, or each object that is not. */
export function renderResult({ differences, total }: Verdicts, elapsedMs: number, paint: Paint): string[] {
  const [mark, words] =
    differences.length === 0
      ? [paint('good', '✓'), `all ${total} have the verdict that they should have`]
      : [paint('bad', '✗'), `${differences.length} of ${total} have not the verdict that they should have`];
  return [
    `${mark} ${paint('bold', words)} ${paint('dim', `(${formatSeconds(elapsedMs)})`)}`,
    ...differences.map(({ text }) => `  ${text}`),
  ];
}
