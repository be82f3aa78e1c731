/**
 * docs/reference/values.md: every value of the chart with its default, its bounds and what it does, from the comments of values.yaml and from
 * values.schema.json. A value that is only in one of the two, or that has no comment, is an error: nobody finds what is not in the table. Pure.
 */

import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';
import * as z from 'zod';
import { cell, code, GENERATED, page, table } from './markdown.ts';

const INTRODUCTION = `Set with \`--set\` or a values file. A value that is not here, or out of its bounds, is refused by \`helm\`, and so are values that contradict each
other. [values.yaml](../../charts/mcpserver-operator/values.yaml) is the same as a file to begin with; the files of
[ci](../../charts/mcpserver-operator/ci) show some in use, and each is tested.`;

/** As much of the schema as is read here. */
interface Schema {
  readonly type?: string | readonly string[] | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
}
const Schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    enum: z.array(z.unknown()).optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    properties: z.record(z.string(), Schema).optional(),
  }),
);

/** One value. */
export interface ChartValue {
  /** `image.digest` */
  readonly path: string;
  readonly byDefault: unknown;
  readonly schema: Schema;
  readonly text: string;
}

/** What stands under one heading. */
export interface Section {
  /** Of a comment that begins with `##`. */
  readonly title: string;
  /** Comments before groups of values: what is true of all of them. */
  readonly notes: readonly string[];
  readonly values: readonly ChartValue[];
}

/** The values of the chart in their order. `values` and `schema` are the texts of values.yaml and values.schema.json. */
export function readChartValues(values: string, schema: string): Section[] {
  const root = parseDocument(values).contents;
  if (!isMap(root)) throw new Error('values.yaml is no mapping');
  const sections: { title: string; notes: string[]; values: ChartValue[] }[] = [];
  const visit = (map: YAMLMap, { properties = {} }: Schema, prefix: string): void => {
    const names = new Set(Object.keys(properties));
    if (prefix === '') names.delete('global');
    for (const [index, pair] of map.items.entries()) {
      const key = keyOf(pair);
      const path = `${prefix}${key}`;
      const node = properties[key];
      if (node === undefined) throw new Error(`${path} is in values.yaml and not in values.schema.json`);
      names.delete(key);
      const comment = commentOf(map, pair, index);
      const title = /^# (.+)$/m.exec(comment)?.[1];
      if (title !== undefined) sections.push({ title, notes: [], values: [] });
      const section = sections.at(-1);
      if (section === undefined) throw new Error(`${path} stands under no heading, a comment that begins with "## "`);
      const { value } = pair;
      if (node.properties !== undefined && isMap(value)) {
        const note = comment.replace(/^#.*$/gm, '').replace(/^ /gm, '').trim();
        if (index > 0 && note !== '') section.notes.push(note);
        visit(value, node, `${path}.`);
        continue;
      }
      const text = /^ -- ([\s\S]+)$/m.exec(comment)?.[1];
      if (text === undefined) throw new Error(`${path} has no comment that begins with "# -- "`);
      section.values.push({ path, byDefault: plainOf(value), schema: node, text });
    }
    for (const name of names) throw new Error(`${prefix}${name} is in values.schema.json and not in values.yaml`);
  };
  visit(root, Schema.parse(JSON.parse(schema)), '');
  return sections;
}

/** The whole page, from the texts of values.yaml and values.schema.json. */
export function renderValues(values: string, schema: string): string {
  return page([
    GENERATED,
    '# Values of the chart',
    INTRODUCTION,
    ...readChartValues(values, schema).flatMap((section) => [
      `## ${section.title}`,
      ...section.notes,
      table(
        ['Value', 'Default', 'What it does'],
        section.values.map(({ path, byDefault, text, schema: node }) => [
          code(path),
          code(JSON.stringify(byDefault)),
          cell(`${text} ${boundsOf(node)}`),
        ]),
      ),
    ]),
  ]);
}

function boundsOf({ enum: choices, minimum, maximum, type }: Schema): string {
  if (choices !== undefined) return `One of ${choices.map((choice) => `\`${String(choice)}\``).join(', ')}.`;
  return type === 'integer' && minimum !== undefined && maximum !== undefined ? `${minimum} to ${maximum}.` : '';
}

/** What stands before the first pair of a nested mapping belongs to the mapping, for this parser. */
function commentOf(map: YAMLMap, { key }: Pair, index: number): string {
  const own = isScalar(key) ? (key.commentBefore ?? '') : '';
  return index === 0 ? `${map.commentBefore ?? ''}\n${own}` : own;
}

function keyOf({ key }: Pair): string {
  if (!isScalar(key)) throw new Error('a key of values.yaml is no text');
  return String(key.value);
}

function plainOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function'
    ? value.toJSON()
    : value;
}
