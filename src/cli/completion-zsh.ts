/**
 * The completion script for zsh, in the words of its own `_arguments`. Pure. It can be found in `$fpath` as `_mcpserver-operator`, or be
 * sourced.
 */
import type { CompletedFlag, CompletedVerb } from './completion-table.ts';

/** The whole script. */
export function zshScript(verbs: readonly CompletedVerb[]): string {
  return `#compdef mcpserver-operator
# zsh completion of mcpserver-operator, made by: mcpserver-operator completion zsh
_mcpserver_operator() {
  local curcontext="$curcontext" state line
  local -a verbs
  verbs=(
${verbs.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join('\n')}
  )
  _arguments -C '1:verb:->verb' '*::argument:->argument' && return
  case $state in
    verb) _describe -t verbs verb verbs ;;
    argument)
      case $line[1] in
${verbs.map(verbCase).join('\n')}
      esac
      ;;
  esac
}
if [ "$funcstack[1]" = _mcpserver-operator ]; then
  _mcpserver_operator "$@"
else
  compdef _mcpserver_operator mcpserver-operator
fi
`;
}

function verbCase({ name, flags, operands }: CompletedVerb): string {
  const rest = operands === 'files' ? [`'*:file:_files'`] : operands.length === 0 ? [] : [`'1:word:(${operands.join(' ')})'`];
  return [
    `        ${name})`,
    `          _arguments -S ${[...flags.map(flagSpec), ...rest].join(' \\\n            ')}`,
    '          ;;',
  ].join('\n');
}

/** \`'(-o --output)'{-o,--output=}'[form of the answer]:value:(table json)'\`. */
function flagSpec({ name, short, value, isOnByDefault, isRepeatable, help }: CompletedFlag): string {
  const long = value === 'none' ? (isOnByDefault ? `--${name}=-` : `--${name}`) : `--${name}=`;
  const names = short === undefined ? `${long}` : `{-${short}${value === 'none' ? '' : '+'},${long}}`;
  const exclusion = isRepeatable ? `'*'` : short === undefined ? '' : `'(-${short} --${name})'`;
  const text = `[${help.replace(/[[\]\\]/g, '\\$&')}]`;
  return `${exclusion}${names}${quote(text + actionOf(value, isOnByDefault))}`;
}

function actionOf(value: CompletedFlag['value'], isOnByDefault: boolean): string {
  if (value === 'none') return isOnByDefault ? ':value:(false)' : '';
  if (value === 'file') return ':file:_files';
  return value === 'text' ? ':value:' : `:value:(${value.join(' ')})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
