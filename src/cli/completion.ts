/**
 * `completion`: prints the script for a shell. The scripts are made from the table of verbs and flags, so that they know what the program
 * knows, and start no process while somebody types.
 */
import { parseFlags } from '../platform/flags.ts';
import { suggestion } from '../platform/suggest.ts';
import { bashScript } from './completion-bash.ts';
import { fishScript } from './completion-fish.ts';
import { type CompletedVerb, describeVerbs } from './completion-table.ts';
import { zshScript } from './completion-zsh.ts';
import { verbHelp } from './help.ts';
import { refuse, type Terminal } from './terminal.ts';
import { SHELLS, VERBS } from './verbs.ts';

const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], (verbs: readonly CompletedVerb[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Returns the exit code. */
export function completionVerb(args: readonly string[], terminal: Terminal): number {
  const {
    help,
    faults,
    arguments: [word],
  } = parseFlags(VERBS.completion.flags, { args, maxArguments: 1 });
  if (help) {
    terminal.out(verbHelp('completion'));
    return 0;
  }
  if (faults.length > 0) return refuse(terminal, 'completion', faults);
  const shell = SHELLS.find((known) => known === word);
  if (shell === undefined) {
    const known = SHELLS.join(', ');
    if (word === undefined) return refuse(terminal, 'completion', [`a shell is needed: one of ${known}`]);
    return refuse(terminal, 'completion', [
      `unknown shell ${JSON.stringify(word.slice(0, 64))}: expected one of ${known}${suggestion(word, SHELLS)}`,
    ]);
  }
  terminal.out(SCRIPTS[shell](describeVerbs()));
  return 0;
}
