/**
 * Documents of a YAML or JSON file as kubectl reads them (YAML 1.1: `on` is true, `010` is 8, merge keys, a time is text), each with
 * its value and the place of every field in it. A fault has a place and our own words: what stands in a file may be a secret.
 *
 * Whatever the file holds, nothing is thrown: broken syntax, too many aliases and nesting that is too deep are values.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseAllDocuments,
} from 'yaml';
import type { FieldPath } from '../api/v1alpha1/field-faults.ts';

/** Both count from 1; a column is a UTF-16 unit, as editors count. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export type DocumentRead =
  | {
      readonly kind: 'document';
      readonly value: unknown;
      /** Where it begins. */
      readonly start: Place;
      /** Where a field or what stands in it is; of what is missing, the nearest field above it. A mapping or list is shown by its name. */
      readonly find: (path: FieldPath, at: 'key' | 'value') => Place;
    }
  | { readonly kind: 'broken'; readonly start: Place; readonly why: string };

/** A document of 16 MiB can not be blown up by more. */
const MAX_ALIASES = 100;
/** What JSON can say, with the booleans, octal numbers and merge keys of YAML 1.1; times and sets stay what they look like. */
const TAGS = /:(?:null|bool|int|float|merge|map|seq|str)$/;

/** Reads every document that is not empty. */
export function readDocuments(contents: string): DocumentRead[] {
  const lines = new LineCounter();
  try {
    const documents = parseAllDocuments(contents, {
      version: '1.1',
      customTags: (tags) => tags.filter((tag) => typeof tag !== 'string' && TAGS.test(tag.tag) && tag.format !== 'TIME'),
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
    });
    return (Array.isArray(documents) ? documents : []).flatMap((document) => readDocument(document, lines));
  } catch {
    // The parser recurses: a file of brackets exhausts the stack.
    return [{ kind: 'broken', start: { line: 1, column: 1 }, why: 'nested too deeply' }];
  }
}

function readDocument(document: Document.Parsed, lines: LineCounter): DocumentRead[] {
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const [error] = document.errors;
  if (error !== undefined) {
    // The parser's code in words: its message quotes the file.
    const why = `not valid YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`;
    return [{ kind: 'broken', start: placeOf(error.pos[0]), why }];
  }
  const startOffset = document.contents?.range?.[0] ?? 0;
  const start = placeOf(startOffset);
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    if (value === null) return [];
    const find = (path: FieldPath, at: 'key' | 'value') => placeOf(findOffset(document, path, at) ?? startOffset);
    return [{ kind: 'document', value, start, find }];
  } catch (cause) {
    return [{ kind: 'broken', start, why: cause instanceof RangeError ? 'nested too deeply' : 'too many aliases' }];
  }
}

/** One step for each item of `path`; what is missing ends the walk at what was found before it. */
function findOffset(document: Document.Parsed, path: FieldPath, at: 'key' | 'value'): number | undefined {
  let node: unknown = document.contents;
  let offset = offsetOf(node);
  for (const [depth, step] of path.entries()) {
    const target = isAlias(node) ? resolve(node, document) : node;
    if (typeof step === 'number') {
      if (!isSeq(target) || target.items[step] === undefined) return offset;
      node = target.items[step];
      offset = offsetOf(node) ?? offset;
    } else {
      const pair = findPair(target, step, document);
      if (pair === undefined) return offset;
      node = pair.value;
      const keyOffset = offsetOf(pair.key) ?? offset;
      const isShownByName = isCollection(node) || (at === 'key' && depth === path.length - 1);
      offset = isShownByName ? keyOffset : (offsetOf(node) ?? keyOffset);
    }
  }
  return offset;
}

/** The pair of a key, also one that is merged in (`<<`). */
function findPair(node: unknown, key: string, document: Document.Parsed): Pair | undefined {
  if (!isMap(node)) return undefined;
  const own = node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
  if (own !== undefined) return own;
  for (const pair of node.items) {
    if (!isScalar(pair.key) || pair.key.source !== '<<') continue;
    const sources = isSeq(pair.value) ? pair.value.items : [pair.value];
    for (const source of sources) {
      const merged = isAlias(source) ? resolve(source, document) : source;
      const found = isMap(merged)
        ? merged.items.find(({ key: name }) => isScalar(name) && String(name.value) === key)
        : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const resolve = (alias: Alias, document: Document.Parsed): unknown => alias.resolve(document);

function offsetOf(node: unknown): number | undefined {
  return isScalar(node) || isCollection(node) || isAlias(node) ? node.range?.[0] : undefined;
}
