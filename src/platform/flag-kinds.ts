/**
 * The kinds of flags: how the text of a flag or an environment variable becomes a value, and in which words a wrong one is refused.
 * Pure. Every kind is bounded: numbers by `min` and `max`, lists by `maxItems`, texts by 4,096 characters.
 */

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  /** What was expected, for people: `a whole number from 1 to 5`. */
  | { readonly ok: false; readonly expected: string };

export interface Flag<T> {
  /** What stands for the value in the help text; undefined for a switch, which needs none. */
  readonly placeholder: string | undefined;
  readonly fallback: T;
  /** The default as one would write it; empty when there is none. */
  readonly shownDefault: string;
  readonly help: string;
  /** One letter, without the dash. */
  readonly short?: string | undefined;
  /** May be given more than once; the values are added up. */
  readonly repeatable?: boolean | undefined;
  /** The only values, where they are few. */
  readonly choices?: readonly string[] | undefined;
  /** A wrong value is not repeated: somebody may have typed a secret there. */
  readonly hidden?: boolean | undefined;
  readonly parse: (text: string) => Parsed<T>;
}

interface Common {
  readonly help: string;
  readonly short?: string;
  readonly hidden?: boolean;
}

const MAX_TEXT = 4096;

/** A text, undefined when it is not given. `pattern` and `expected` go together. */
export function text(options: Common & { placeholder: string; pattern?: RegExp; expected?: string }): Flag<string | undefined> {
  const expected = options.expected ?? `1 to ${MAX_TEXT} characters`;
  return {
    ...options,
    fallback: undefined,
    shownDefault: '',
    parse: (value) => {
      const fits = value !== '' && value.length <= MAX_TEXT && (options.pattern?.test(value) ?? true);
      return fits ? { ok: true, value } : { ok: false, expected };
    },
  };
}

/** `--name`, `--name=true`, `--name=false`. */
export function toggle(options: Common & { fallback: boolean }): Flag<boolean> {
  return {
    ...options,
    placeholder: undefined,
    shownDefault: String(options.fallback),
    parse: (value) => {
      if (value === 'true' || value === 'false') return { ok: true, value: value === 'true' };
      return { ok: false, expected: 'true or false' };
    },
  };
}

/** A whole number within bounds, both included. */
export function integer(options: Common & { fallback: number; min: number; max: number }): Flag<number> {
  const { min, max } = options;
  return {
    ...options,
    placeholder: 'N',
    shownDefault: String(options.fallback),
    parse: (value) => {
      const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
      return number >= min && number <= max
        ? { ok: true, value: number }
        : { ok: false, expected: `a whole number from ${min} to ${max}` };
    },
  };
}

/** One of a few words. */
export function choice<const T extends string>(options: Common & { fallback: T; choices: readonly T[] }): Flag<T> {
  return {
    ...options,
    placeholder: options.choices.join('|'),
    shownDefault: options.fallback,
    parse: (value) => {
      const found = options.choices.find((word) => word === value);
      return found === undefined ? { ok: false, expected: `one of ${options.choices.join(', ')}` } : { ok: true, value: found };
    },
  };
}

/** Items separated by commas, spaces around them ignored. `isItem` judges one, `item` says what one is. */
export function list(
  options: Common & {
    placeholder: string;
    item: string;
    isItem: (text: string) => boolean;
    maxItems: number;
    repeatable?: boolean;
  },
): Flag<readonly string[]> {
  return {
    ...options,
    fallback: [],
    shownDefault: '',
    parse: (value) => {
      const items = value.trim() === '' ? [] : value.split(',').map((part) => part.trim());
      const twice = items.find((part, i) => items.indexOf(part) !== i);
      if (items.length > options.maxItems) return { ok: false, expected: `at most ${options.maxItems} items` };
      if (twice !== undefined) return { ok: false, expected: `each item once, and ${JSON.stringify(twice)} stands there twice` };
      if (!items.every(options.isItem)) return { ok: false, expected: `${options.item}, separated by commas` };
      return { ok: true, value: items };
    },
  };
}

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** `1h`, `30m`, `1h30m`, `10s`, `500ms`, as Go writes durations; the value is in ms. Bounds are written the same way. */
export function duration(options: Common & { fallback: string; min: string; max: string }): Flag<number> {
  const [fallbackMs = 0, minMs = 0, maxMs = 0] = [options.fallback, options.min, options.max].map(parseDurationMs);
  return {
    ...options,
    placeholder: 'DURATION',
    fallback: fallbackMs,
    shownDefault: options.fallback,
    parse: (value) => {
      const ms = parseDurationMs(value);
      return ms !== undefined && ms >= minMs && ms <= maxMs
        ? { ok: true, value: ms }
        : { ok: false, expected: `a duration such as ${options.fallback}, from ${options.min} to ${options.max}` };
    },
  };
}

/** Milliseconds, or undefined when it is no duration. Each unit at most once, the larger first. */
export function parseDurationMs(value: string): number | undefined {
  const match = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?(?:(\d{1,6})ms)?$/.exec(value);
  if (match === null || value === '') return undefined;
  const [, h = 0, m = 0, s = 0, ms = 0] = match;
  return Number(h) * UNITS_MS.h + Number(m) * UNITS_MS.m + Number(s) * UNITS_MS.s + Number(ms);
}
