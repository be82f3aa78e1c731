import { describe, expect, test } from 'vitest';
import { EXPECTATIONS } from '../../../hack/demo/expectations.ts';
import {
  changedRows,
  redraw,
  renderChange,
  renderChangeHeader,
  renderFrame,
  renderResult,
  renderTable,
} from '../../../hack/demo/frame.ts';
import { coloured, plain } from '../../../hack/demo/style.ts';
import { parseTable } from '../../../hack/demo/table.ts';

const TEXT = `NAME             READY   STATE       REASON              TOOLS   AGE
Available-name   True    Available   Available           3       4s
closed           False   Transient   ConnectionRefused           4s
new                      Pending                                 0s`;
const TABLE = parseTable(TEXT);
const VERDICTS = { settled: 1, total: 2, differences: [{ name: 'closed', text: 'closed: should be …' }] };

describe('a frame', () => {
  test('is the table and one line on what is to come', () => {
    const lines = renderFrame(TABLE, VERDICTS, 14_200, { paint: plain, width: 120, height: 40 });
    expect(lines).toEqual([...TEXT.split('\n'), '', '1 of 2 settled after 14 s, waiting for closed']);
  });

  test('says nothing of waiting when all have settled', () => {
    const lines = renderFrame(TABLE, { settled: 2, total: 2, differences: [] }, 3_000, { paint: plain, width: 120, height: 40 });
    expect(lines.at(-1)).toBe('2 of 2 settled after 3.0 s');
  });

  test('has no line that fills the terminal', () => {
    const lines = renderFrame(TABLE, VERDICTS, 14_200, { paint: plain, width: 30, height: 40 });
    expect(Math.max(...lines.map((line) => line.length))).toBe(29);
    expect(lines[1]).toBe('Available-name   True    Ava…');
  });

  test('is never higher than the terminal', () => {
    const lines = renderFrame(TABLE, VERDICTS, 14_200, { paint: plain, width: 120, height: 6 });
    expect(lines).toHaveLength(5);
    expect(lines[2]).toBe('… and 2 more: the terminal is too low for them');
  });

  test('colours the state alone, not the same word elsewhere', () => {
    const [, line] = renderFrame(TABLE, VERDICTS, 0, { paint: coloured, width: 120, height: 40 });
    expect(line).toBe('Available-name   True    \x1b[32mAvailable\x1b[0m   Available           3       4s');
  });

  test('colours what is left of a state that was cut', () => {
    const [, line] = renderFrame(TABLE, VERDICTS, 0, { paint: coloured, width: 30, height: 40 });
    expect(line).toBe('Available-name   True    \x1b[32mAva…\x1b[0m');
  });

  test('without rows is still a frame', () => {
    expect(renderFrame(parseTable(''), VERDICTS, 0, { paint: plain, width: 80, height: 24 })).toHaveLength(3);
  });
});

test('a table without colour is the text that kubectl printed', () => {
  expect(renderTable(TABLE, plain).join('\n')).toBe(TEXT);
});

test('the first frame moves nothing, the next begins where it began and clears what is left', () => {
  expect(redraw(0, ['a', 'b'])).toBe('a\x1b[K\nb\x1b[K\n\x1b[J');
  expect(redraw(2, ['c'])).toBe('\x1b[2A\rc\x1b[K\n\x1b[J');
});

describe('where nothing can be redrawn', () => {
  const rows = TABLE.rows.map(({ row }) => row);
  const [first, second] = rows;

  test('a row is printed when it says something else, and when it is new', () => {
    if (first === undefined || second === undefined) throw new Error('the table has rows');
    expect(changedRows([], rows)).toEqual(rows);
    expect(changedRows(rows, rows)).toEqual([]);
    expect(changedRows([first], [{ ...first, tools: '4' }, second])).toEqual([{ ...first, tools: '4' }, second]);
  });

  test('its columns stand under the header', () => {
    const header = renderChangeHeader(plain);
    const lines = rows.map((row) => renderChange(row, 3_200, plain));
    expect(lines.map((line) => line.indexOf('Pending'))).toContain(header.indexOf('STATE'));
    expect(lines[1]).toBe('   3.2 s  closed           False    Transient  ConnectionRefused');
    expect(lines[0]?.at(header.indexOf('TOOLS'))).toBe('3');
  });

  test('every sample keeps the columns, and no line is too wide for a terminal of 80', () => {
    const header = renderChangeHeader(plain);
    for (const { name, ready, state, reason } of EXPECTATIONS) {
      const line = renderChange({ name, ready, state, reason, tools: '7' }, 3_200, plain);
      expect(line.indexOf(' 7') + 1, line).toBe(header.indexOf('TOOLS'));
      expect(line.length).toBeLessThan(80);
    }
    expect(header.length).toBeLessThan(80);
  });
});

test('the result says that all is right, or names each object that is not', () => {
  expect(renderResult({ settled: 2, total: 2, differences: [] }, 27_000, plain)).toEqual([
    '✓ all 2 have the verdict that they should have (27 s)',
  ]);
  expect(renderResult(VERDICTS, 90_000, plain)).toEqual([
    '✗ 1 of 2 have not the verdict that they should have (90 s)',
    '  closed: should be …',
  ]);
});
