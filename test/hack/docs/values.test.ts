import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readChartValues, renderValues } from '../../../hack/docs/values.ts';

const CHART = path.resolve(import.meta.dirname, '../../../charts/mcpserver-operator');
const read = (name: string) => readFileSync(path.join(CHART, name), 'utf8');
const VALUES = read('values.yaml');
const SCHEMA = read('values.schema.json');

const SMALL = `# About the file.

## First

# -- The a.
a: 1

# Both are of b.
b:
  # -- The c,
  # in two lines.
  c: [x]
  # -- The d.
  d: {e: f}

## Second

# -- The g.
g: ""
`;
const schema = (properties: object) => JSON.stringify({ type: 'object', properties });
const object = (properties: object) => ({ type: 'object', properties });
const SMALL_SCHEMA = schema({
  a: { type: 'integer', minimum: 1, maximum: 3 },
  b: object({ c: { type: 'array' }, d: { type: 'object' } }),
  g: { enum: ['', 'x'] },
});

test('values stand under their headings with what is said of them, their bounds and their defaults', () => {
  expect(renderValues(SMALL, SMALL_SCHEMA).split('\n').slice(8)).toEqual([
    '## First',
    '',
    'Both are of b.',
    '',
    '| Value | Default | What it does |',
    '| --- | --- | --- |',
    '| `a` | `1` | The a. 1 to 3. |',
    '| `b.c` | `["x"]` | The c, in two lines. |',
    '| `b.d` | `{"e":"f"}` | The d. |',
    '',
    '## Second',
    '',
    '| Value | Default | What it does |',
    '| --- | --- | --- |',
    '| `g` | `""` | The g. One of ``, `x`. |',
    '',
  ]);
});

test.each<[string, string, string, string]>([
  ['a value without a comment', SMALL.replace('# -- The d.', ''), SMALL_SCHEMA, 'b.d has no comment that begins with "# -- "'],
  ['a value under no heading', SMALL.replace('## First', ''), SMALL_SCHEMA, 'a stands under no heading'],
  ['a value without a schema', `${SMALL}# -- The h.\nh: 1\n`, SMALL_SCHEMA, 'h is in values.yaml and not in values.schema.json'],
  ['a schema without a value', 'a: {}\n', schema({}), 'a is in values.yaml and not in values.schema.json'],
  [
    'a value that is only in the schema',
    SMALL.replace(/ {2}# -- The d\.\n.*\n/, ''),
    SMALL_SCHEMA,
    'b.d is in values.schema.json and not in values.yaml',
  ],
])('%s is an error', (_what, values, text, words) => {
  expect(() => renderValues(values, text)).toThrow(words);
});

test('the chart: every value is there, in the places where people look', () => {
  const sections = readChartValues(VALUES, SCHEMA);
  expect(sections.length).toBeGreaterThan(8);
  expect(sections.filter(({ values }) => values.length === 0)).toEqual([]);
  const paths = sections.flatMap(({ values }) => values.map((each) => each.path));
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths).toEqual(expect.arrayContaining(['image.digest', 'watch.namespaces', 'metrics.dashboard.labels', 'resources']));
});
