/**
 * Reads the table that `kubectl get mcpservers` prints: the demo judges exactly what a user sees.
 *
 * Cells are found by the offsets of the header's names, because a cell may be empty.
 */

export interface Row {
  readonly name: string;
  readonly ready: string;
  readonly state: string;
  readonly reason: string;
  readonly tools: string;
}

export interface Table {
  readonly header: string;
  /** The rows as they were printed, beside what they say. */
  readonly rows: readonly { readonly text: string; readonly row: Row }[];
  /** Where a column begins and ends; undefined when there is none of this name. */
  span(column: string): { readonly start: number; readonly end: number } | undefined;
}

/** Reads what kubectl printed. An empty text is a table without rows. */
export function parseTable(text: string): Table {
  const [header = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '');
  const starts = [...header.matchAll(/\S+/g)].map((match) => ({ name: match[0], start: match.index }));
  const span = (column: string) => {
    const at = starts.findIndex(({ name }) => name === column);
    const start = starts[at]?.start;
    return start === undefined ? undefined : { start, end: starts[at + 1]?.start ?? Number.MAX_SAFE_INTEGER };
  };
  const cell = (line: string, column: string) => {
    const where = span(column);
    return where === undefined ? '' : line.slice(where.start, where.end).trim();
  };
  const rows = lines.map((line) => ({
    text: line.trimEnd(),
    row: {
      name: cell(line, 'NAME'),
      ready: cell(line, 'READY'),
      state: cell(line, 'STATE'),
      reason: cell(line, 'REASON'),
      tools: cell(line, 'TOOLS'),
    },
  }));
  return { header: header.trimEnd(), rows, span };
}
