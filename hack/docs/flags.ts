/**
 * docs/reference/flags.md: every verb of the program with its flags, variables, values and defaults, from the tables that parse them. Pure.
 */

import { VERBS, type VerbText } from '../../src/cli/verbs.ts';
import type { Flag } from '../../src/platform/flag-kinds.ts';
import { envNameOf } from '../../src/platform/flags.ts';
import { cell, code, GENERATED, link, page, table } from './markdown.ts';

const INTRODUCTION = `One program, \`mcpserver-operator VERB [flags]\`. \`--help\` behind a verb tells the same in a terminal. A flag may be written \`--name value\` or
\`--name=value\`; a switch is \`--name\` or \`--name=false\`. A flag wins over its environment variable, and that over the default; an empty variable is
as good as none. What is unknown, doubled, out of bounds or contradictory is refused at the start, every fault at once, one line each.`;

/** A text that no kind of flag takes for a value, but for one that takes any text. */
const NO_VALUE = '\u0000';

/** The whole page. */
export function renderFlags(): string {
  const verbs: readonly [string, VerbText][] = Object.entries(VERBS);
  return page([
    GENERATED,
    '# Commands and flags',
    INTRODUCTION,
    table(
      ['Verb', 'What it does'],
      verbs.map(([verb, { summary }]) => [link(`\`${verb}\``, verb), cell(summary)]),
    ),
    ...verbs.flatMap(([verb, text]) => sectionOf(verb, text)),
  ]);
}

function sectionOf(verb: string, { usage, about, flags, readsEnvironment, examples }: VerbText): string[] {
  const heads = readsEnvironment
    ? ['Flag', 'Variable', 'Values', 'Default', 'What it does']
    : ['Flag', 'Values', 'Default', 'What it does'];
  const rows = Object.entries(flags).map(([name, flag]) => [
    code(flag.short === undefined ? `--${name}` : `-${flag.short}, --${name}`),
    ...(readsEnvironment ? [code(envNameOf(name))] : []),
    cell(valuesOf(flag)),
    code(flag.shownDefault),
    cell(flag.help),
  ]);
  return [
    `## ${verb}`,
    fence(usage.map((line) => `mcpserver-operator ${line}`)),
    about,
    ...(rows.length === 0 ? [] : [table(heads, rows)]),
    'Examples:',
    fence(examples),
  ];
}

/** What a flag expects, in the words in which it refuses all else. */
function valuesOf(flag: Flag<unknown>): string {
  const parsed = flag.parse(NO_VALUE);
  const expected = parsed.ok ? '' : parsed.expected;
  return flag.repeatable === true ? `${expected === '' ? (flag.placeholder ?? '') : expected}; may be repeated` : expected;
}

/** Not marked as a shell's: usage lines hold place-holders, and examples need servers. */
function fence(lines: readonly string[]): string {
  return ['```text', ...lines, '```'].join('\n');
}
