/**
 * Reads a command line, and the environment behind it, by a table of flags: the same table makes the help text.
 *
 * It promises to name every fault at once, each in one line that says where it is and what was expected, and to accept nothing that
 * it does not know. A flag wins over its environment variable, which wins over the default. It never prints and never exits, and
 * the value that follows an unknown flag is not repeated: it might be a secret.
 */
import { parseArgs } from 'node:util';
import type { Flag } from './flag-kinds.ts';
import { suggestion } from './suggest.ts';

export type Flags = Readonly<Record<string, Flag<unknown>>>;

export type Values<F extends Flags> = { readonly [Name in keyof F]: F[Name] extends Flag<infer T> ? T : never };

export interface CommandLine {
  readonly args: readonly string[];
  /** How many words without a dash are wanted at most. */
  readonly maxArguments: number;
  /** Undefined: this command reads no environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface ParsedCommandLine<F extends Flags> {
  readonly values: Values<F>;
  readonly given: ReadonlySet<string>;
  readonly arguments: readonly string[];
  /** `-h` or `--help` was there. */
  readonly help: boolean;
  /** Empty when all is well. */
  readonly faults: readonly string[];
}

/** What environment variables of the operator begin with. */
export const ENV_PREFIX = 'MCPSERVER_OPERATOR_';

/** `--lease-namespace` is `MCPSERVER_OPERATOR_LEASE_NAMESPACE`. */
export function envNameOf(flag: string): string {
  return ENV_PREFIX + flag.toUpperCase().replaceAll('-', '_');
}

/**
 * What Kubernetes sets in every Pod of a namespace that has a Service called mcpserver-operator…: not meant for us.
 * `X_SERVICE_HOST`, `X_SERVICE_PORT`, `X_SERVICE_PORT_NAME`, `X_PORT`, `X_PORT_8080_TCP`, `X_PORT_8080_TCP_ADDR`.
 */
const SERVICE_LINK = /(?:^|_)(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_.*)?)?)$/;

/** Reads `line` by the table `flags`. Never throws: what is wrong is in `faults`. */
export function parseFlags<F extends Flags>(flags: F, line: CommandLine): ParsedCommandLine<F> {
  const faults: string[] = [];
  const texts = new Map<string, string[]>();
  const words: string[] = [];
  const help = readArguments(flags, line.args, { texts, words, faults });
  if (words.length > line.maxArguments) {
    faults.push(...words.slice(line.maxArguments).map((word) => `unexpected argument ${quote(word)}`));
  }
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const given = texts.get(name)?.map((value) => ({ where: `--${name}`, value }));
    const inherited = line.env?.[envNameOf(name)];
    // An empty variable is what a template leaves when it has nothing to say.
    const sources = given ?? (inherited ? [{ where: envNameOf(name), value: inherited }] : []);
    values[name] = readValue(flag, sources, faults);
  }
  if (line.env !== undefined) faults.push(...unknownVariables(flags, line.env));
  // Filled above by the same table that the type is made from.
  return {
    values: values as Values<F>,
    given: new Set(texts.keys()),
    arguments: words.slice(0, line.maxArguments),
    help,
    faults,
  };
}

interface Found {
  readonly texts: Map<string, string[]>;
  readonly words: string[];
  readonly faults: string[];
}

/** Sorts the tokens into flags, words and faults. Returns whether help was asked for. */
function readArguments(flags: Flags, args: readonly string[], { texts, words, faults }: Found): boolean {
  const { tokens } = parseArgs({
    args: [...args],
    options: optionsOf(flags),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  let help = false;
  let secretAt = -1;
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (token.index !== secretAt) words.push(token.value);
    }
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (token.name === 'help') {
      help = true;
    } else if (flag === undefined) {
      const names = Object.keys(flags).filter((name) => name.length > 1);
      faults.push(`unknown flag ${token.rawName.slice(0, 64)}${suggestion(token.name, names, '--')}`);
      secretAt = token.inlineValue ? -1 : token.index + 1;
    } else if (texts.has(token.name) && flag.repeatable !== true) {
      faults.push(`--${token.name} is given twice`);
    } else if (isMissing(flag, token)) {
      faults.push(`--${token.name} needs a value: --${token.name} ${flag.placeholder}`);
    } else {
      texts.set(token.name, [...(texts.get(token.name) ?? []), token.value ?? 'true']);
    }
  }
  return help;
}

/** `--kubeconfig --leader-elect`: a flag was forgotten its value, and does not swallow the next one. */
function isMissing(flag: Flag<unknown>, token: { value: string | undefined; inlineValue: boolean | undefined }): boolean {
  if (flag.placeholder === undefined) return false;
  return token.value === undefined || (!token.inlineValue && token.value.startsWith('--'));
}

function optionsOf(flags: Flags) {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string; multiple: true }> = {
    help: { type: 'boolean', short: 'h', multiple: true },
  };
  for (const [name, { placeholder, short }] of Object.entries(flags)) {
    options[name] = {
      type: placeholder === undefined ? 'boolean' : 'string',
      multiple: true,
      ...(short !== undefined && { short }),
    };
  }
  return options;
}

function readValue(flag: Flag<unknown>, sources: readonly { where: string; value: string }[], faults: string[]): unknown {
  const values: unknown[] = [];
  for (const { where, value } of sources) {
    const parsed = flag.parse(value);
    if (parsed.ok) values.push(parsed.value);
    else faults.push(`${where}${flag.hidden === true ? '' : ` ${quote(value)}`}: expected ${parsed.expected}`);
  }
  if (values.length === 0) return flag.fallback;
  return flag.repeatable === true ? values.flat() : values[0];
}

function unknownVariables(flags: Flags, env: Readonly<Record<string, string | undefined>>): string[] {
  const known = Object.keys(flags).map(envNameOf);
  return Object.keys(env)
    .filter((name) => name.startsWith(ENV_PREFIX) && !known.includes(name))
    .filter((name) => !SERVICE_LINK.test(name.slice(ENV_PREFIX.length)))
    .map((name) => `unknown environment variable ${name.slice(0, 128)}${suggestion(name, known)}`);
}

/** In quotes, escaped, and cut to what fits a line; of a URL no user info and no query. */
function quote(text: string): string {
  const value = text.replace(/:\/\/[^/?#]*@/, '://').replace(/(:\/\/[^?#]*)[?#].*$/s, '$1');
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 63)}…` : value);
}
