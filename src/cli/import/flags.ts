/**
 * The flags of `import`. `--set` fills in what a document leaves open, such as the tenant in a URL; secrets never come that way, because
 * every process of the machine can read a command line.
 */
import { DNS_LABEL_PATTERN } from '../../api/v1alpha1/text.ts';
import { choice, type Flag, text } from '../../platform/flag-kinds.ts';

/** One `NAME=VALUE`. */
export interface Setting {
  readonly name: string;
  readonly value: string;
}

/** Not of the kind `list`: a value may hold commas. Nothing of it is repeated in a fault. */
const settings: Flag<readonly Setting[]> = {
  placeholder: 'NAME=VALUE',
  fallback: [],
  shownDefault: '',
  help: 'value of a variable of a URL, or of a header, that is no secret; may be repeated',
  repeatable: true,
  hidden: true,
  parse: (given) => {
    const { name, value } = /^(?<name>[^=]{1,128})=(?<value>.{1,2048})$/.exec(given)?.groups ?? {};
    if (name === undefined || value === undefined) return { ok: false, expected: 'NAME=VALUE' };
    return { ok: true, value: [{ name, value }] };
  },
};

export const IMPORT_FLAGS = {
  namespace: text({
    short: 'n',
    placeholder: 'NAMESPACE',
    help: 'namespace to write into the manifests; else they name none',
    pattern: new RegExp(`^(?=.{1,63}$)${DNS_LABEL_PATTERN.slice(1)}`),
    expected: 'the name of a namespace',
  }),
  set: settings,
  output: choice({ short: 'o', fallback: 'yaml', choices: ['yaml', 'json'], help: 'form of the manifests' }),
} as const;

/** A shell passes more; nobody imports as many by hand. */
export const MAX_FILES = 1_000;
