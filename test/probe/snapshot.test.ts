import { createHash } from 'node:crypto';
import v8 from 'node:v8';
import vm from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/probe/limits.ts';
import { createSanitizer } from '../../src/probe/sanitize.ts';
import type { ListKind, RawSnapshot } from '../../src/probe/snapshot.ts';
import { assembleSnapshot, createListDigester, createSnapshot } from '../../src/probe/snapshot.ts';

const sanitize = createSanitizer([]);
const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tool = (name: unknown, more: object = {}) => ({ name, description: 'Tells the weather', inputSchema: SCHEMA, ...more });

function listOf(kind: ListKind, ...pages: (readonly unknown[])[]) {
  const digester = createListDigester(kind, sanitize);
  for (const page of pages) expect(digester.add(page)).toBe(true);
  return digester.finish();
}

function snapshotOf(raw: RawSnapshot) {
  const snapshot = createSnapshot(raw, sanitize);
  if (snapshot === undefined) throw new Error('too many items');
  return snapshot;
}

const digestOf = (kind: ListKind, item: unknown) => listOf(kind, [item]).items[0]?.digest;
const reversed = (value: object) => Object.fromEntries(Object.entries(value).reverse());

describe('an item', () => {
  it('is digested as SHA-256 over the RFC 8785 form of its definition', () => {
    const canonical =
      '{"description":"Tells the weather","inputSchema":{"properties":{"city":{"type":"string"}},"required":["city"],"type":"object"},"name":"a"}';
    expect(digestOf('tools', tool('a'))).toBe(createHash('sha256').update(canonical).digest('hex'));
  });

  it('keeps its digest when keys are ordered otherwise or a field is not part of the definition', () => {
    const digest = digestOf('tools', tool('a'));
    expect(digestOf('tools', reversed(tool('a', { inputSchema: reversed(SCHEMA) })))).toBe(digest);
    expect(digestOf('tools', tool('a', { _meta: { trace: 1 }, icons: [{ src: 'x' }], execution: {}, uri: 'x' }))).toBe(digest);
  });

  const changes: [ListKind, object, object[]][] = [
    [
      'tools',
      tool('a'),
      [
        { name: 'b' },
        { title: 'A' },
        { description: 'Tells the weather.' },
        { description: null },
        { outputSchema: {} },
        { annotations: {} },
        { inputSchema: { ...SCHEMA, required: [] } },
        { inputSchema: { ...SCHEMA, properties: { city: { type: 'string', description: 'send it' } } } },
        { annotations: { readOnlyHint: true } },
        { annotations: { lastModified: '2026' } },
      ],
    ],
    [
      'resources',
      { uri: 'file:///a', name: 'a' },
      [
        { uri: 'file:///b' },
        { name: 'b' },
        { title: 'A' },
        { description: '' },
        { mimeType: 'text/plain' },
        { annotations: { priority: 1 } },
      ],
    ],
    [
      'resourceTemplates',
      { uriTemplate: 'file:///{a}', name: 'a' },
      [
        { uriTemplate: 'file:///{b}' },
        { name: 'b' },
        { title: 'A' },
        { description: '' },
        { mimeType: 'text/plain' },
        { annotations: {} },
      ],
    ],
    [
      'prompts',
      { name: 'a', arguments: [{ name: 'x' }] },
      [{ name: 'b' }, { title: 'A' }, { description: '' }, { arguments: [] }, { arguments: [{ name: 'x', required: true }] }],
    ],
  ];

  for (const [kind, item, variants] of changes) {
    it(`of ${kind} gets another digest by any change of its definition`, () => {
      const digests = [item, ...variants.map((variant) => ({ ...item, ...variant }))].map((each) => digestOf(kind, each));
      expect(digests).not.toContain(undefined);
      expect(new Set(digests).size).toBe(digests.length);
    });
  }

  it('of resources keeps its digest when only its content changed', () => {
    const resource = { uri: 'file:///a', name: 'a', annotations: { priority: 1 } };
    const edited = { ...resource, size: 7, annotations: { priority: 1, lastModified: '2026-01-01T00:00:00Z' } };
    expect(digestOf('resources', edited)).toBe(digestOf('resources', resource));
  });

  const malformed: [ListKind, unknown][] = [
    ...[null, 1, 'a', [], {}, { name: 'a' }, tool(undefined), tool(''), tool(7), tool(['a'])].map((item): [ListKind, unknown] => [
      'tools',
      item,
    ]),
    ['tools', tool('a', { inputSchema: 'object' })],
    ['tools', tool('a', { inputSchema: [] })],
    ['tools', tool('a', { inputSchema: null })],
    ['tools', tool('a', { title: 7 })],
    ['tools', tool('a', { annotations: [] })],
    ['tools', tool('lone \ud800')],
    ['tools', tool('a', { description: '\udc00' })],
    ['tools', JSON.parse('{"name":"a","inputSchema":{"maximum":1e999}}')],
    ['tools', JSON.parse('{"__proto__":{"name":"a","inputSchema":{}}}')],
    ['resources', { name: 'a' }],
    ['resources', { uri: 'file:///a' }],
    ['resources', { uri: '', name: 'a' }],
    ['resourceTemplates', { uri: 'file:///a', name: 'a' }],
    ['prompts', { name: 'a', arguments: {} }],
  ];

  for (const [kind, item] of malformed) {
    it(`of ${kind} is counted as malformed and left out: ${JSON.stringify(item)}`, () => {
      const list = listOf(kind, [item]);
      expect(list).toMatchObject({ items: [], invalid: 1, digest: listOf(kind, []).digest });
    });
  }

  it('may have a null where a field is optional', () => {
    expect(listOf('tools', [tool('a', { title: null, annotations: null, outputSchema: null })]).invalid).toBe(0);
  });

  it('with a key named __proto__ or toJSON in its schema is digested with it', () => {
    const digests = ['{}', '{"__proto__":{"a":1}}', '{"__proto__":{"a":2}}', '{"toJSON":"x"}'].map((text) =>
      digestOf('tools', tool('a', { inputSchema: JSON.parse(text) })),
    );
    expect(new Set(digests).size).toBe(4);
  });

  it('is shown sanitized, while its digest tells apart what looks the same', () => {
    const list = listOf('tools', [tool('a\u200bb'), tool('ab'), tool('x'.repeat(600)), tool(`${'x'.repeat(600)}y`)]);
    expect(list.items.map(({ name }) => name)).toEqual(['ab', 'ab', 'x'.repeat(512), 'x'.repeat(512)]);
    expect(new Set(list.items.map(({ digest }) => digest)).size).toBe(4);
    expect(list.digest).not.toBe(listOf('tools', [tool('ab'), tool('ab')]).digest);
  });

  it('has a digest that does not depend on the credentials of the probe', () => {
    const secret = 'canary-canary';
    const redacting = createListDigester('tools', createSanitizer([secret]));
    redacting.add([tool(secret)]);
    const list = redacting.finish();
    expect(list.items[0]?.name).toBe('[redacted]');
    expect(list.digest).toBe(listOf('tools', [tool(secret)]).digest);
  });
});

describe('a list', () => {
  const items = ['c', 'a', 'b', 'a'].map((name, index) => tool(name, { title: String(index) }));

  it('has one digest for any order of items and any cut into pages', () => {
    const digest = listOf('tools', items).digest;
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    fc.assert(
      fc.property(fc.shuffledSubarray(items, { minLength: 4 }), fc.nat(4), (shuffled, cut) => {
        const list = listOf('tools', shuffled.slice(0, cut), shuffled.slice(cut));
        expect(list).toEqual(listOf('tools', items));
      }),
    );
  });

  it('is sorted by name, then digest, by code unit', () => {
    const { items: sorted } = listOf('tools', [...items, tool('B'), tool('ä')]);
    expect(sorted.map(({ name }) => name)).toEqual(['B', 'a', 'a', 'b', 'c', 'ä']);
    expect((sorted[1]?.digest ?? '') < (sorted[2]?.digest ?? '')).toBe(true);
  });

  it('changes its digest with an item more, an item less and a duplicate more', () => {
    const digests = [[], ['a'], ['a', 'a'], ['a', 'b'], ['b']].map(
      (names) =>
        listOf(
          'tools',
          names.map((name) => tool(name)),
        ).digest,
    );
    expect(new Set(digests).size).toBe(5);
  });

  it('takes exactly 10,000 items, malformed ones included, and keeps nothing of the page that is too much', () => {
    const digester = createListDigester('prompts', sanitize);
    const page = Array.from({ length: LIMITS.items - 1 }, (_, index) => ({ name: `p${index}` }));
    expect(digester.add(page)).toBe(true);
    expect(digester.add([null, null])).toBe(false);
    expect(digester.add([null])).toBe(true);
    expect(digester.add([{ name: 'one' }])).toBe(false);
    expect(digester.finish()).toMatchObject({ invalid: 1, items: { length: LIMITS.items - 1 } });
  });

  it('holds clamped names only, not the pages that they came from', () => {
    v8.setFlagsFromString('--expose-gc');
    const collect: () => void = vm.runInNewContext('gc');
    const digester = createListDigester('prompts', sanitize);
    collect();
    const beforeBytes = process.memoryUsage().heapUsed;
    // 64 names of 1 MiB, made by the parser as an answer's are.
    for (let page = 0; page < 64; page++) digester.add(JSON.parse(`[{"name":"${page}${'x'.repeat(1 << 20)}"}]`));
    collect();
    const heldBytes = process.memoryUsage().heapUsed - beforeBytes;
    expect(digester.finish().items).toHaveLength(64);
    expect(heldBytes).toBeLessThan(8 << 20);
  });
});

describe('a snapshot', () => {
  const prompts = [{ name: 'p' }];

  it('has one digest over all lists, and an absent list is not an empty one', () => {
    const digests = [
      { features: [] },
      { features: [], tools: [] },
      { features: [], prompts: [] },
      { features: [], tools: [], prompts: [] },
      { features: [], tools: [tool('a')], prompts },
      { features: [], tools: [tool('b')], prompts },
    ].map((raw) => snapshotOf(raw).digest);
    expect(new Set(digests).size).toBe(6);
    for (const digest of digests) expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('has a digest of the lists alone: features do not count', () => {
    const raw = { tools: [tool('a')] };
    expect(snapshotOf({ features: ['tools'], ...raw }).digest).toBe(
      snapshotOf({ features: ['tools', 'logging'], ...raw }).digest,
    );
  });

  it('shows features sorted, sanitized and bounded', () => {
    const features = ['tools', 'log\u200bging', 'tools', 'z'.repeat(200)];
    expect(snapshotOf({ features }).features).toEqual(['logging', 'tools', 'z'.repeat(128)]);
    expect(snapshotOf({ features: Array.from({ length: 200 }, (_, index) => `f${index}`) }).features).toHaveLength(64);
  });

  it('is the same whether its lists come at once or page by page', () => {
    const tools = [tool('a'), tool('b'), null];
    const paged = listOf('tools', tools.slice(2), tools.slice(0, 1), tools.slice(1, 2));
    expect(assembleSnapshot({ features: ['tools'], tools: paged })).toEqual(snapshotOf({ features: ['tools'], tools }));
  });

  it('is refused when a list has more than 10,000 items', () => {
    expect(createSnapshot({ features: [], tools: Array(LIMITS.items + 1).fill(null) }, sanitize)).toBeUndefined();
  });

  it('takes any JSON for an item and accounts for each', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.jsonValue(), fc.record({ name: fc.string(), inputSchema: fc.dictionary(fc.string(), fc.jsonValue()) })),
        ),
        (tools) => {
          const list = snapshotOf({ features: [], tools }).tools;
          return list !== undefined && list.items.length + list.invalid === tools.length;
        },
      ),
    );
  });
});
