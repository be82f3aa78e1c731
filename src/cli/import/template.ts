/**
 * Fills in the variables of a registry document: `{name}` in a URL or a header. Pure. A value that the document fixes wins, then what the
 * user set, then the default of the document; a variable without any stays open and is told.
 */
import type { Variables } from './registry-document.ts';

/** Stands where a person must write something: no server takes it for a credential. */
export const PLACEHOLDER = 'REPLACE-ME';

/** What `--set` gave. Notes what was asked for, so that a name that nothing has can be told. */
export interface Settings {
  get(name: string): string | undefined;
  /** Names that were given and never asked for. */
  unused(): readonly string[];
}

/** Of a name that is given twice the last value counts. */
export function createSettings(given: readonly { readonly name: string; readonly value: string }[]): Settings {
  const values = new Map(given.map(({ name, value }) => [name, value]));
  const asked = new Set<string>();
  return {
    get(name) {
      asked.add(name);
      return values.get(name);
    },
    unused: () => [...values.keys()].filter((name) => !asked.has(name)),
  };
}

/** For what is a secret as a whole: the command line has no say in it. */
export const NO_SETTINGS: Settings = createSettings([]);

export interface Expanded {
  /** With {@link PLACEHOLDER} for what is open. */
  readonly text: string;
  /** Names of variables without a value, each once. */
  readonly open: readonly string[];
  /** Names of variables that are secrets, with a value or without. */
  readonly secrets: readonly string[];
}

/** Braces around anything else (JSON, say) are text. */
const VARIABLE = /\{([\w.-]{1,128})\}/g;

/** Fills in every variable of `template`, also those that the document does not declare. Values are not expanded again. */
export function expand(template: string, variables: Variables, settings: Settings): Expanded {
  const open = new Set<string>();
  const secrets = new Set<string>();
  const text = template.replace(VARIABLE, (_, name: string) => {
    const variable = variables.get(name);
    if (variable?.isSecret) secrets.add(name);
    // Nobody may pass a secret on the command line.
    const value = variable?.value ?? (variable?.isSecret ? undefined : settings.get(name)) ?? variable?.fallback;
    if (value === undefined) open.add(name);
    return value ?? PLACEHOLDER;
  });
  return { text, open: [...open], secrets: [...secrets] };
}
