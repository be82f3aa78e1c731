/**
 * The help texts, made from the tables of verbs and flags. Pure.
 */
import type { Flag } from '../platform/flag-kinds.ts';
import { envNameOf, type Flags } from '../platform/flags.ts';
import { VERBS, type Verb, type VerbText } from './verbs.ts';

/** `mcpserver-operator help`. */
export function programHelp(): string {
  const width = Math.max(...Object.keys(VERBS).map((verb) => verb.length));
  const verbs = Object.entries(VERBS).map(([verb, { summary }]) => `  ${verb.padEnd(width)}  ${summary}`);
  return [
    'mcpserver-operator tells which MCP servers really work, what each one offers, and when either changes.',
    '',
    'Usage: mcpserver-operator VERB [flags]',
    '',
    ...verbs,
    '',
    'mcpserver-operator VERB --help tells the flags of a verb.',
    '',
  ].join('\n');
}

/** `mcpserver-operator VERB --help`. */
export function verbHelp(verb: Verb): string {
  const { usage, about, flags, readsEnvironment, examples }: VerbText = VERBS[verb];
  const lines = usage.map((line, i) => `${i === 0 ? 'Usage: ' : '       '}mcpserver-operator ${line}`);
  lines.push('', about, '', 'Examples:', ...examples.map((example) => `  ${example}`));
  if (Object.keys(flags).length > 0) lines.push('', 'Flags:', ...flagLines(flags));
  if (readsEnvironment) lines.push('', `Each flag is an environment variable too: --log-level is ${envNameOf('log-level')}.`);
  return `${lines.join('\n')}\n`;
}

function flagLines(flags: Flags): string[] {
  const rows = Object.entries(flags).map(([name, flag]) => ({ left: synopsis(name, flag), right: meaning(flag) }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  return rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`);
}

function synopsis(name: string, { short, placeholder }: Flag<unknown>): string {
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${placeholder === undefined ? '' : ` ${placeholder}`}`;
}

function meaning({ help, shownDefault }: Flag<unknown>): string {
  return shownDefault === '' ? help : `${help} (${shownDefault})`;
}
