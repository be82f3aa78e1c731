/**
 * The completion script for fish: one `complete` line for each verb, flag and word. Pure.
 */
import { type CompletedFlag, type CompletedVerb, wordOf } from './completion-table.ts';

/** The whole script. */
export function fishScript(verbs: readonly CompletedVerb[]): string {
  return [
    '# fish completion of mcpserver-operator, made by: mcpserver-operator completion fish',
    'complete -c mcpserver-operator -f',
    ...verbs.map(
      ({ name, summary }) => `complete -c mcpserver-operator -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ),
    ...verbs.flatMap(verbLines),
    '',
  ].join('\n');
}

function verbLines({ name, flags, operands }: CompletedVerb): string[] {
  const start = `complete -c mcpserver-operator -n '__fish_seen_subcommand_from ${name}'`;
  const words = operands === 'files' ? [`${start} -F`] : operands.map((word) => `${start} -a ${word}`);
  return [...flags.map((flag) => `${start} ${flagLine(flag)}`), ...words];
}

function flagLine(flag: CompletedFlag): string {
  const { name, short, value, isOnByDefault, help } = flag;
  if (isOnByDefault) return `-a ${wordOf(flag)} -d ${quote(help)}`;
  const names = short === undefined ? `-l ${name}` : `-s ${short} -l ${name}`;
  return `${names} ${argumentOf(value)}-d ${quote(help)}`;
}

function argumentOf(value: CompletedFlag['value']): string {
  if (value === 'none') return '';
  if (value === 'file') return '-r -F ';
  return value === 'text' ? '-x ' : `-x -a ${quote(value.join(' '))} `;
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
