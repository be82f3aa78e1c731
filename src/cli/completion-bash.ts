/**
 * The completion script for bash, 3.2 and newer, with or without the package bash-completion. Pure. Words behind `=` are completed too:
 * bash hands `--output=js` over as three words.
 */
import { type CompletedFlag, type CompletedVerb, wordOf } from './completion-table.ts';

/** The whole script. */
export function bashScript(verbs: readonly CompletedVerb[]): string {
  const names = verbs.map(({ name }) => name).join(' ');
  return `# bash completion of mcpserver-operator, made by: mcpserver-operator completion bash
_mcpserver_operator() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" verb="\${COMP_WORDS[1]}" words='' files='' file
  COMPREPLY=()
  if [ "$COMP_CWORD" -le 1 ]; then
    COMPREPLY=($(compgen -W '${names} --help --version' -- "$cur"))
    return
  fi
  if [ "$cur" = '=' ]; then
    cur=''
  elif [ "$prev" = '=' ] && [ "$COMP_CWORD" -ge 3 ]; then
    prev="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  case "$verb:$prev" in
${verbs.flatMap(({ name, flags }) => flags.flatMap((flag) => valueCase(name, flag))).join('\n')}
    *)
      case "$verb" in
${verbs.map(verbCase).join('\n')}
      esac
      case "$cur" in -*) files='' ;; esac
      ;;
  esac
  if [ -n "$files" ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$cur")
  fi
  COMPREPLY+=($(compgen -W "$words" -- "$cur"))
}
complete -F _mcpserver_operator mcpserver-operator
`;
}

/** What follows a flag that takes a value. */
function valueCase(verb: string, { name, short, value }: CompletedFlag): string[] {
  if (value === 'none') return [];
  const patterns = [`${verb}:--${name}`, ...(short === undefined ? [] : [`${verb}:-${short}`])].join('|');
  if (value === 'file') return [`    ${patterns}) files=1 ;;`];
  return [`    ${patterns}) words='${value === 'text' ? '' : value.join(' ')}' ;;`];
}

function verbCase({ name, flags, operands }: CompletedVerb): string {
  const shorts = flags.flatMap(({ short }) => (short === undefined ? [] : [`-${short}`]));
  const words = [...flags.map(wordOf), ...shorts, ...(operands === 'files' ? [] : operands)].join(' ');
  return `        ${name}) words='${words}'${operands === 'files' ? ' files=1' : ''} ;;`;
}
