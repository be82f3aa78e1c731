import { describe, expect, test } from 'vitest';
import { type DocumentRead, readDocuments } from '../../src/cli/yaml-documents.ts';

function only(contents: string): Extract<DocumentRead, { kind: 'document' }> {
  const [document, ...more] = readDocuments(contents);
  if (document?.kind !== 'document' || more.length > 0) throw new Error(JSON.stringify(document));
  return document;
}
const placeOf = (contents: string, path: (string | number)[], at: 'key' | 'value' = 'value') => {
  const { line, column } = only(contents).find(path, at);
  return `${line}:${column}`;
};

describe('values are those that kubectl would send', () => {
  test.each([
    ['yes', true],
    ['off', false],
    ['010', 8],
    ['0x10', 16],
    ['1_000', 1000],
    ['1:30', '1:30'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['"yes"', 'yes'],
    ['1e3', 1000],
    ['5.0', 5],
  ])('%s', (text, value) => {
    expect(only(`a: ${text}`).value).toEqual({ a: value });
  });

  test('merge keys and aliases', () => {
    expect(only('k: &x {a: 1}\nl: {<<: *x, b: 2}\nm: *x').value).toEqual({ k: { a: 1 }, l: { a: 1, b: 2 }, m: { a: 1 } });
  });

  test('empty documents are none', () => {
    expect(readDocuments('---\n# nothing\n---\n')).toEqual([]);
    expect(readDocuments('')).toEqual([]);
  });
});

describe('places', () => {
  const TEXT = 'a:\n  b: [x, {c: y}]\n  d:\n    e: 1\n';
  test('a scalar is where it stands, a mapping or list where its name does', () => {
    expect(placeOf(TEXT, ['a', 'd', 'e'])).toBe('4:8');
    expect(placeOf(TEXT, ['a', 'd', 'e'], 'key')).toBe('4:5');
    expect(placeOf(TEXT, ['a', 'd'])).toBe('3:3');
    expect(placeOf(TEXT, ['a', 'b', 0])).toBe('2:7');
    expect(placeOf(TEXT, ['a', 'b', 1, 'c'])).toBe('2:14');
  });
  test('what is missing is at the nearest field above it', () => {
    expect(placeOf(TEXT, ['a', 'd', 'x', 'y'])).toBe('3:3');
    expect(placeOf(TEXT, ['a', 'b', 7])).toBe('2:3');
    expect(placeOf(TEXT, ['x'])).toBe('1:1');
  });
  test('behind an alias and a merge key it is where the text stands', () => {
    const text = 'base: &base\n  url: x\nspec:\n  <<: *base\ncopy: *base\n';
    expect(placeOf(text, ['spec', 'url'])).toBe('2:8');
    expect(placeOf(text, ['copy', 'url'])).toBe('2:8');
  });
  test('columns are counted as editors count, also behind other scripts and in JSON', () => {
    expect(placeOf('{ä: {b: 1}}', ['ä', 'b'])).toBe('1:9');
    expect(placeOf('{\n\t"a": {"b": 1}}', ['a', 'b'])).toBe('2:13');
  });
});

describe('broken files are told with a place and no word of theirs', () => {
  test.each([
    ['a: [CANARY', /^not valid YAML \([a-z ]+\)$/],
    ['a: 1\na: CANARY', 'not valid YAML (duplicate key)'],
    ['a: *CANARY', 'too many aliases'],
    ['['.repeat(300_000), /^(nested too deeply|not valid YAML \(resource exhaustion\))$/],
    [`${'- '.repeat(100_000)}x`, /^(nested too deeply|not valid YAML \(resource exhaustion\))$/],
    [
      `a0: &a0 [x,x,x]\n${[1, 2, 3, 4, 5, 6]
        .map(
          (i) =>
            `a${i}: &a${i} [${Array(30)
              .fill(`*a${i - 1}`)
              .join(',')}]`,
        )
        .join('\n')}`,
      'too many aliases',
    ],
  ])('%#', (contents, why) => {
    const [document] = readDocuments(contents);
    expect(document).toMatchObject({ kind: 'broken', why: typeof why === 'string' ? why : expect.stringMatching(why) });
    expect(JSON.stringify(document)).not.toContain('CANARY');
  });

  test('and the documents before them are read', () => {
    expect(readDocuments('a: 1\n---\nb: [').map(({ kind }) => kind)).toEqual(['document', 'broken']);
  });
});
