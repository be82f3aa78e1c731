import { expect, test } from 'vitest';
import { renderAPI } from '../../../hack/docs/api.ts';
import { anchorOfHeading } from '../../../hack/docs/markdown.ts';
import { makeSchema } from '../../../src/api/v1alpha1/crd.ts';
import type { StructuralSchema } from '../../../src/api/v1alpha1/structural-schema.ts';

const text = renderAPI();

/** Every field and its path, objects within lists too. */
function fieldsBelow(node: StructuralSchema): [string, StructuralSchema][] {
  return Object.entries(node.properties ?? {}).flatMap(([name, field]) => [
    [name, field] as [string, StructuralSchema],
    ...fieldsBelow(field),
    ...fieldsBelow(field.items ?? {}),
  ]);
}

const { spec = {}, status = {} } = makeSchema().properties ?? {};
const fields = [...fieldsBelow(spec), ...fieldsBelow(status)];

test('every field of the schema has a row with its description', () => {
  expect(fields.length).toBeGreaterThan(100);
  for (const [name, { description }] of fields) {
    const row = text
      .split('\n')
      .find((line) => new RegExp(`^\\| \`(?:\\w+\\.)*${name}\` \\|`).test(line) && line.includes(description ?? ''));
    expect(row, `${name}: ${description}`).toBeDefined();
  }
});

test('every rule that the API server checks can be read', () => {
  const messages = fields
    .flatMap(([, field]) => [field, field.items ?? {}])
    .flatMap((node) => node['x-kubernetes-validations'] ?? []);
  expect(messages.length).toBeGreaterThan(15);
  for (const { message } of [...messages, ...(spec['x-kubernetes-validations'] ?? [])]) expect(text).toContain(`- ${message}\n`);
});

test('type, default, bounds and choices stand beside the field', () => {
  expect(text).toContain(
    '| `timeoutSeconds` | integer | `10` | Longest time for one HTTP request, from connect to the last byte. 1 to 300. |',
  );
  expect(text).toMatch(/\| `transport` \| string \| `"Auto"` \|.* One of `Auto`, `StreamableHTTP`, `SSE`\. \|/);
  expect(text).toMatch(/\| `port` \| integer or string \| \*\*required\*\* \|/);
  expect(text).toContain('| `bearer.secretKeyRef.key` | string | **required** |');
});

test('every link leads to a heading, and no heading stands there twice', () => {
  const anchors = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchorOfHeading(heading));
  expect(new Set(anchors).size).toBe(anchors.length);
  for (const [, anchor] of text.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor);
});
