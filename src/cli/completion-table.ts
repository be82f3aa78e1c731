/**
 * What can be completed, read out of the table of verbs and flags once for all shells. Pure. Every word in it is ours: lower-case letters,
 * digits, dashes and `=`; texts for people are one line.
 */
import { VERBS, type VerbText } from './verbs.ts';

export interface CompletedFlag {
  /** Without dashes. */
  readonly name: string;
  readonly short: string | undefined;
  /** A switch takes none. */
  readonly value: 'none' | 'file' | 'text' | readonly string[];
  /** A switch that is on by default is written `--name=false`. */
  readonly isOnByDefault: boolean;
  readonly isRepeatable: boolean;
  readonly help: string;
}

export interface CompletedVerb {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  readonly operands: 'files' | readonly string[];
}

const HELP: CompletedFlag = {
  name: 'help',
  short: 'h',
  value: 'none',
  isOnByDefault: false,
  isRepeatable: false,
  help: 'tell about this verb',
};

/** Every verb with its flags, in the order of the help text. */
export function describeVerbs(): CompletedVerb[] {
  const names = Object.keys(VERBS);
  return Object.entries(VERBS).map(([name, text]: [string, VerbText]) => ({
    name,
    summary: text.summary,
    flags: [...flagsOf(text), HELP],
    operands: text.operands === 'verbs' ? names : text.operands,
  }));
}

/** The word to offer for a flag. */
export function wordOf({ name, value, isOnByDefault }: CompletedFlag): string {
  return value === 'none' && isOnByDefault ? `--${name}=false` : `--${name}`;
}

function flagsOf({ flags }: VerbText): CompletedFlag[] {
  return Object.entries(flags).map(([name, flag]) => ({
    name,
    short: flag.short,
    value: flag.placeholder === undefined ? 'none' : (flag.choices ?? (flag.placeholder === 'FILE' ? 'file' : 'text')),
    isOnByDefault: flag.placeholder === undefined && flag.fallback === true,
    isRepeatable: flag.repeatable === true,
    help: flag.help,
  }));
}
