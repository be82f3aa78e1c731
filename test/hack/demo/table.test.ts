import { expect, test } from 'vitest';
import { parseTable } from '../../../hack/demo/table.ts';

const TEXT = `NAME         READY     STATE       REASON              TOOLS   AGE
healthy      True      Available   Available           3       4s
closed       False     Transient   ConnectionRefused           4s
new                    Pending                                 0s
`;

test('each cell belongs to the column whose header it stands under', () => {
  const { rows } = parseTable(TEXT);
  expect(rows.map(({ row }) => row)).toEqual([
    { name: 'healthy', ready: 'True', state: 'Available', reason: 'Available', tools: '3' },
    { name: 'closed', ready: 'False', state: 'Transient', reason: 'ConnectionRefused', tools: '' },
    { name: 'new', ready: '', state: 'Pending', reason: '', tools: '' },
  ]);
});

test('rows keep the text that kubectl printed', () => {
  const table = parseTable(TEXT);
  expect([table.header, ...table.rows.map(({ text }) => text)].join('\n')).toBe(TEXT.trimEnd());
});

test('no output is a table without rows', () => {
  expect(parseTable('')).toMatchObject({ header: '', rows: [] });
});
