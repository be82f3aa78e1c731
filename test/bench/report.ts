/**
 * What a scenario found, as lines for people: what must hold first, then what was measured, in aligned columns. Pure.
 */
import { spreadOf } from './statistics.ts';

/** How a number is written. */
export type Unit = 'seconds' | 'milliseconds' | 'KiB' | 'MiB' | 'times' | 'count' | 'cores' | 'percent';

/** What must hold. */
export interface Bound {
  readonly name: string;
  /** NaN when it could not be measured: then the bound is missed. */
  readonly value: number;
  readonly limit: number;
  readonly unit: Unit;
}

/** One line of what was measured: a value for each run. */
export interface Row {
  readonly name: string;
  readonly values: readonly number[];
  readonly unit: Unit;
}

export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

export interface Report {
  readonly bounds: readonly Bound[];
  readonly sections: readonly Section[];
  /** What the numbers mean and what they leave out, a line each. */
  readonly notes: readonly string[];
  /** Everything, for `--json`. */
  readonly data: unknown;
}

/** 200 MB (issue 5), in the MiB in which memory is written here. */
const MAX_RSS_MIB = 200e6 / 2 ** 20;

/** The bound that every scenario sets for the operator's resident memory. */
export function memoryBound(name: string, rssMiB: number): Bound {
  return { name, value: rssMiB, limit: MAX_RSS_MIB, unit: 'MiB' };
}

export function holds({ value, limit }: Bound): boolean {
  return value <= limit;
}

/** The lines of the report, without colour. */
export function renderReport({ bounds, sections, notes }: Report): string[] {
  const lines = alignColumns(
    bounds.map((bound) => [
      `${holds(bound) ? '✓' : '✗'} ${bound.name}`,
      formatValue(bound.value, bound.unit),
      `at most ${formatValue(bound.limit, bound.unit)}`,
    ]),
  );
  for (const { title, rows } of sections) {
    const hasSpread = rows.some(({ values }) => values.length > 1);
    const table = rows.map(({ name, values, unit }) => {
      const { median, least, most } = spreadOf(values);
      const all = values.length > 1 ? [median, least, most] : [median];
      return [`  ${name}`, ...all.map((value) => formatValue(value, unit))];
    });
    lines.push('', ...alignColumns([[title, ...(hasSpread ? ['median', 'least', 'most'] : [''])], ...table]));
  }
  if (notes.length > 0) lines.push('', ...notes);
  return lines;
}

/** `1.31 ×`, `2.94 s`, `235 MiB`, `1,000`; a dash for what is not known. */
export function formatValue(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return '–';
  switch (unit) {
    case 'seconds':
      return `${value.toFixed(2)} s`;
    case 'milliseconds':
      return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
    case 'KiB':
      return `${value.toFixed(1)} KiB`;
    case 'MiB':
      return `${value.toFixed(0)} MiB`;
    case 'times':
      return `${value.toFixed(2)} ×`;
    case 'count':
      return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
    case 'cores':
      return value.toFixed(2);
    case 'percent':
      return `${value.toFixed(1)} %`;
  }
}

/** The first column to the left, the others to the right, two spaces between; rows may be of different lengths. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   ')
      .trimEnd(),
  );
}
