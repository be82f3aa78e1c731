/**
 * Compares what `kubectl get` shows with what it should show, and remembers what was seen on the way. Pure but for that memory.
 */
import type { Expectation } from './expectations.ts';
import type { Row } from './table.ts';

/** One object that has not the verdict that it should have. */
export interface Difference {
  readonly name: string;
  /** One line: what was expected and what is there. */
  readonly text: string;
}

export interface Verdicts {
  readonly settled: number;
  readonly total: number;
  readonly differences: readonly Difference[];
}

export interface Judge {
  /** Takes one look at the table. Objects that nobody expects are none of its business. */
  look(rows: readonly Row[]): Verdicts;
}

/** Remembers at most one entry per state and number of tools of each expected object: a handful. */
export function createJudge(expectations: readonly Expectation[]): Judge {
  const seen = new Map(expectations.map(({ name }) => [name, { states: new Set<string>(), tools: new Set<string>() }]));
  return {
    look(rows) {
      for (const { name, state, tools } of rows) {
        seen.get(name)?.states.add(state);
        if (tools !== '') seen.get(name)?.tools.add(tools);
      }
      const differences = expectations.flatMap((expected) => {
        const row = rows.find(({ name }) => name === expected.name);
        const past = seen.get(expected.name);
        const text = compare(expected, row, { states: past?.states ?? new Set(), tools: past?.tools ?? new Set() });
        return text === undefined ? [] : [{ name: expected.name, text }];
      });
      return { settled: expectations.length - differences.length, total: expectations.length, differences };
    },
  };
}

/** What is wrong, or undefined when nothing is. */
function compare(
  expected: Expectation,
  row: Row | undefined,
  past: { readonly states: ReadonlySet<string>; readonly tools: ReadonlySet<string> },
): string | undefined {
  const { name } = expected;
  if (row === undefined) return `${name}: should be ${words(expected)}, is not there`;
  if (row.state !== expected.state || row.reason !== expected.reason || row.ready !== expected.ready) {
    return `${name}: should be ${words(expected)}, is ${words(row)}`;
  }
  if (expected.after !== undefined && !past.states.has(expected.after)) return `${name}: was never seen ${expected.after}`;
  if (expected.toolsChange === true && past.tools.size < 2) return `${name}: its number of tools was never seen to change`;
  return undefined;
}

function words({ state, reason, ready }: { readonly state: string; readonly reason: string; readonly ready: string }): string {
  return `${state || 'without state'} (Ready ${ready || 'not set'}, ${reason || 'no reason'})`;
}
