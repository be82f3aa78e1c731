/**
 * Reads PromQL and says which labels its result has: enough of the language for alerts and dashboards, and an error for everything else.
 * Every metric must be known, and so must every label that is matched, grouped by or joined on, where it is used.
 *
 * It promises to read the whole expression. That Prometheus reads it likewise is what promtool proves.
 */

import { type Token, tokenize } from './promql-tokens.ts';
import type { SeriesByName } from './registry.ts';

/** Labels that Prometheus adds to each series of a target that a ServiceMonitor names. */
const TARGET_LABELS = ['namespace', 'job', 'instance', 'pod', 'service', 'container', 'endpoint'];

/** Binary operators by how tightly they bind. All but `^`, which is not supported, bind to the left. */
const PRECEDENCE = new Map<string, number>([
  ['or', 1],
  ...['and', 'unless'].map((word) => [word, 2] as const),
  ...['==', '!=', '<=', '<', '>=', '>'].map((word) => [word, 3] as const),
  ...['+', '-'].map((word) => [word, 4] as const),
  ...['*', '/', '%'].map((word) => [word, 5] as const),
]);
const AGGREGATIONS = new Set(['sum', 'min', 'max', 'avg', 'count', 'topk', 'bottomk']);
const FUNCTIONS = new Set(['rate', 'increase', 'time', 'absent', 'histogram_quantile', 'vector', 'clamp_min', 'min_over_time']);

/** The labels of a result; undefined for a number. */
type Labels = ReadonlySet<string> | undefined;

/** Returns the labels that the result of `expression` may have. Throws one sentence on what is wrong with it. */
export function resolvePromQL(expression: string, registry: SeriesByName): ReadonlySet<string> {
  const reader = new Reader(tokenize(expression), registry);
  const labels = reader.expression(1);
  reader.end();
  return labels ?? new Set();
}

/** A class, because it guards a position. */
class Reader {
  readonly #tokens: readonly Token[];
  readonly #registry: SeriesByName;
  #at = 0;

  constructor(tokens: readonly Token[], registry: SeriesByName) {
    this.#tokens = tokens;
    this.#registry = registry;
  }

  /** Reads operators that bind at least as tightly as `least`. */
  expression(least: number): Labels {
    let left = this.#operand();
    for (;;) {
      const operator = this.#peek();
      const binds = PRECEDENCE.get(operator ?? '');
      if (operator === undefined || binds === undefined || binds < least) return left;
      this.#at += 1;
      this.#take('bool');
      const join = this.#join();
      const right = this.expression(binds + 1);
      left = combine(operator, left, right, join);
    }
  }

  end(): void {
    const rest = this.#peek();
    if (rest !== undefined) throw new Error(`unexpected ${rest}`);
  }

  #operand(): Labels {
    if (this.#take('-')) return this.#operand();
    if (this.#take('(')) {
      const labels = this.expression(1);
      this.#expect(')');
      return labels;
    }
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token?.kind === 'number') return undefined;
    if (token?.kind !== 'word') throw new Error(`unexpected ${token?.text ?? 'end'}`);
    if (AGGREGATIONS.has(token.text)) return this.#aggregation(token.text);
    if (this.#peek() === '(') return this.#call(token.text);
    return this.#selector(token.text);
  }

  #aggregation(name: string): Labels {
    const before = this.#grouping();
    const operand = this.#arguments().at(-1);
    if (operand === undefined) throw new Error('an aggregation of a number');
    const grouping = before ?? this.#grouping();
    for (const label of grouping ?? []) {
      if (!operand.has(label)) throw new Error(`grouped by ${label}, which is no label there`);
    }
    // These choose series; the others make new ones.
    return name === 'topk' || name === 'bottomk' ? operand : new Set(grouping);
  }

  #grouping(): string[] | undefined {
    return this.#take('by') ? this.#labelList() : undefined;
  }

  #call(name: string): Labels {
    if (!FUNCTIONS.has(name)) throw new Error(`unknown function ${name}`);
    const labels = this.#arguments().find((each) => each !== undefined);
    if (name === 'time') return undefined;
    if (name === 'absent' || name === 'vector') return new Set();
    if (name !== 'histogram_quantile') return labels;
    if (labels?.has('le') !== true) throw new Error('histogram_quantile without the label le');
    return new Set([...labels].filter((label) => label !== 'le'));
  }

  #arguments(): Labels[] {
    this.#expect('(');
    const found: Labels[] = [];
    while (!this.#take(')')) {
      if (found.length > 0) this.#expect(',');
      found.push(this.expression(1));
    }
    return found;
  }

  #selector(name: string): Labels {
    const series = this.#registry.get(name);
    if (series === undefined) throw new Error(`unknown metric ${name}`);
    const labels = new Set([...series.keys(), ...TARGET_LABELS]);
    if (this.#take('{')) this.#matchers(name, labels);
    if (this.#take('[')) {
      this.#duration();
      this.#expect(']');
    }
    if (this.#take('offset')) this.#duration();
    return labels;
  }

  #matchers(name: string, labels: ReadonlySet<string>): void {
    for (let count = 0; !this.#take('}'); count += 1) {
      if (count > 0) this.#expect(',');
      const label = this.#word();
      if (!labels.has(label)) throw new Error(`${name} has no label ${label}`);
      const operator = this.#tokens[this.#at++]?.text;
      const value = this.#tokens[this.#at++];
      if (value?.kind !== 'string') throw new Error(`${name}: ${label} is matched with no string`);
      const known = this.#registry.get(name)?.get(label);
      // Only words of ours are matched literally; names of objects come by variable, which is a pattern.
      if (operator === '=' && known?.has(value.text) !== true)
        throw new Error(`${name} is never seen with ${label}="${value.text}"`);
      if (operator !== '=' && operator !== '!=' && operator !== '=~' && operator !== '!~')
        throw new Error(`unexpected ${operator}`);
    }
  }

  #join(): Join {
    const on = this.#take('on') ? this.#labelList() : undefined;
    if (!this.#take('group_left')) return { on, brought: [] };
    return { on, brought: this.#peek() === '(' ? this.#labelList() : [] };
  }

  #labelList(): string[] {
    this.#expect('(');
    const labels: string[] = [];
    while (!this.#take(')')) {
      if (labels.length > 0) this.#expect(',');
      labels.push(this.#word());
    }
    return labels;
  }

  #duration(): void {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token?.kind !== 'duration') throw new Error(`expected a duration, not ${token?.text ?? 'end'}`);
  }

  #word(): string {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token?.kind !== 'word') throw new Error(`expected a label, not ${token?.text ?? 'end'}`);
    return token.text;
  }

  /** The next word or sign, whatever its kind but a string. */
  #peek(): string | undefined {
    const token = this.#tokens[this.#at];
    return token?.kind === 'string' ? undefined : token?.text;
  }

  #take(text: string): boolean {
    const found = this.#peek() === text;
    if (found) this.#at += 1;
    return found;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new Error(`expected ${text}, not ${this.#tokens[this.#at]?.text ?? 'end'}`);
  }
}

interface Join {
  readonly on: readonly string[] | undefined;
  /** By `group_left`, from the right side. */
  readonly brought: readonly string[];
}

function combine(operator: string, left: Labels, right: Labels, { on, brought }: Join): Labels {
  for (const label of on ?? []) {
    if (left?.has(label) !== true || right?.has(label) !== true) throw new Error(`${operator} on ${label}, which one side lacks`);
  }
  for (const label of brought) {
    if (right?.has(label) !== true) throw new Error(`group_left(${label}), which the right side lacks`);
  }
  if (left === undefined) return right;
  if (operator === 'or' && right !== undefined) return new Set([...left, ...right]);
  return new Set([...left, ...brought]);
}
