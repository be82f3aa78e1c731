/**
 * The verbs: names, one line each, usage, flags and examples. Dispatch and help texts are made from this table.
 */
import { RUN_FLAGS } from '../config.ts';
import { choice } from '../platform/flag-kinds.ts';
import type { Flags } from '../platform/flags.ts';
import { CALL_FLAGS } from './call/flags.ts';
import { DOCTOR_FLAGS } from './doctor/flags.ts';
import { IMPORT_FLAGS } from './import/flags.ts';
import { PROBE_FLAGS } from './probe-flags.ts';
import { VALIDATE_FLAGS } from './validate-flags.ts';

export const VERSION_FLAGS = {
  output: choice({ short: 'o', fallback: 'text', choices: ['text', 'json'], help: 'form of the answer' }),
} as const;

/** Shells that `completion` knows. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export interface VerbText {
  /** For the list of verbs. */
  readonly summary: string;
  readonly usage: readonly string[];
  readonly about: string;
  readonly flags: Flags;
  /** Whether each flag is a `MCPSERVER_OPERATOR_*` variable too. */
  readonly readsEnvironment: boolean;
  readonly examples: readonly string[];
  /**
   * What may stand behind the verb beside flags, for completion: names of files, of verbs, or a few words. Empty: nothing, or what
   * nobody can guess.
   */
  readonly operands: 'files' | 'verbs' | readonly string[];
}

export const VERBS = {
  run: {
    summary: 'watch MCPServers and keep their status true',
    usage: ['run [flags]'],
    about:
      'Watches MCPServers, probes each one as a real MCP client would, and writes what it found to status.\n' +
      'SIGTERM ends it: probes in flight get 20 s to finish; a second signal ends it at once.\n' +
      'Exit code: 0 ended by a signal, 1 fault.',
    flags: RUN_FLAGS,
    readsEnvironment: true,
    examples: [
      'mcpserver-operator run',
      'mcpserver-operator run --kubeconfig ~/.kube/config --namespaces team-a,team-b --log-format=pretty',
    ],
    operands: [],
  },
  probe: {
    summary: 'probe one server, or the servers of a manifest, without a cluster',
    usage: ['probe URL [flags]', 'probe -f FILE [flags]'],
    about:
      'Makes the same probe as the operator and says what it found and what to do.\n' +
      'FILE (- is standard input) holds MCPServers, and the Secrets and ConfigMaps that they refer to; with --kubeconfig those\n' +
      'that it does not hold are read from a cluster, by name and with your own rights.\n' +
      '-o json is one object shaped like .status for one server; for several a list of {metadata: {namespace, name}, status}.\n' +
      'Exit code: 0 ready, 2 transient, 3 permanent, 4 denied, 5 available but not ready, 1 bad input; of several the highest.',
    flags: PROBE_FLAGS,
    readsEnvironment: false,
    examples: [
      'mcpserver-operator probe https://mcp.example.com/mcp',
      'mcpserver-operator probe https://mcp.example.com/mcp --bearer-env MCP_TOKEN -o json',
      'mcpserver-operator probe -f server.yaml -f secrets.yaml',
      'mcpserver-operator probe -f server.yaml --kubeconfig ~/.kube/config',
    ],
    operands: [],
  },
  validate: {
    summary: 'check manifests against the schema and its rules, without a cluster',
    usage: ['validate FILE… [flags]'],
    about:
      'Checks every MCPServer in the files as the API server would with unknown fields refused, and tells each fault as\n' +
      'file:line:column: field: what is allowed. Other kinds are passed over. FILE - is standard input.\n' +
      'Exit code: 0 all are valid, 1 a fault or bad input.',
    flags: VALIDATE_FLAGS,
    readsEnvironment: false,
    examples: [
      'mcpserver-operator validate servers.yaml',
      'mcpserver-operator validate -o json a.yaml b.yaml',
      'mcpserver-operator validate -',
    ],
    operands: 'files',
  },
  doctor: {
    summary: 'say what keeps the operator from working in a cluster, and what to do',
    usage: ['doctor [flags]'],
    about:
      'Looks at the API server, the CRD, the rights, the lease and the statuses, and changes nothing. Each failure says what to do and\n' +
      'where to read more. --pre is for before the installation: it asks for the rights of who installs.\n' +
      'Exit code: 0 nothing failed, 1 something did, or bad input.',
    flags: DOCTOR_FLAGS,
    readsEnvironment: false,
    examples: [
      'mcpserver-operator doctor --pre',
      'mcpserver-operator doctor --as system:serviceaccount:mcp:mcpserver-operator',
      'mcpserver-operator doctor --lease-namespace mcp -o json',
    ],
    operands: [],
  },
  import: {
    summary: 'make manifests of documents of the MCP registry',
    usage: ['import FILE… [flags]'],
    about:
      'Makes one MCPServer of each remote in a server.json, and a Secret to fill in where a header is a secret. FILE - is standard input.\n' +
      'Manifests go to standard output. A document with packages only describes a server to run: run it first.\n' +
      'Exit code: 0 every document was made into manifests, 1 a fault or bad input, and then nothing is printed.',
    flags: IMPORT_FLAGS,
    readsEnvironment: false,
    examples: [
      'mcpserver-operator import server.json',
      'mcpserver-operator import -n support --set tenant=acme server.json',
      'mcpserver-operator import -o json -',
    ],
    operands: 'files',
  },
  call: {
    summary: 'call a tool or read a resource of the first server that answers',
    usage: ['call [SERVER…] --tool NAME [flags]', 'call [SERVER…] --resource URI [flags]'],
    about:
      'Sends one tools/call or resources/read to MCPServers of the cluster, or of -f FILE, in this order: available ones, transient ones,\n' +
      'then the others, of each only those whose time for a retry has come; among equals in the order of SERVER…, then by name.\n' +
      'When one fails the next is asked; each gets the call at most once. An error that a tool itself reports is an answer.\n' +
      'Exit code: 0 a server answered, 5 none did or there is none (and what was tried is printed as JSON), 1 bad input.',
    flags: CALL_FLAGS,
    readsEnvironment: false,
    examples: [
      `mcpserver-operator call tickets --tool search --arguments '{"query":"login"}'`,
      'mcpserver-operator call -n support -l app=tickets --tool search --arguments @query.json -o json',
      'mcpserver-operator call -f server.yaml -f secrets.yaml --resource docs://handbook',
    ],
    operands: [],
  },
  completion: {
    summary: 'print a completion script for a shell',
    usage: ['completion bash|zsh|fish'],
    about:
      'Prints a script that completes verbs, flags and their values. It runs nothing while you type.\n' +
      'bash: write it into ~/.local/share/bash-completion/completions/mcpserver-operator.\n' +
      'zsh: write it into a folder of $fpath, as _mcpserver-operator.\n' +
      'fish: write it into ~/.config/fish/completions/mcpserver-operator.fish.',
    flags: {},
    readsEnvironment: false,
    examples: ['mcpserver-operator completion bash', 'mcpserver-operator completion zsh', 'mcpserver-operator completion fish'],
    operands: SHELLS,
  },
  version: {
    summary: 'print the version',
    usage: ['version [-o text|json]'],
    about: 'Prints the version of the operator, of Node, and of the API that it speaks.',
    flags: VERSION_FLAGS,
    readsEnvironment: false,
    examples: ['mcpserver-operator version -o json'],
    operands: [],
  },
  help: {
    summary: 'tell about a verb',
    usage: ['help [verb]'],
    about: 'Prints the verbs, or the flags of one.',
    flags: {},
    readsEnvironment: false,
    examples: ['mcpserver-operator help run'],
    operands: 'verbs',
  },
} as const satisfies Record<string, VerbText>;

export type Verb = keyof typeof VERBS;

/** Whether `word` is a verb; names that every object has are none. */
export function isVerb(word: string): word is Verb {
  return Object.hasOwn(VERBS, word);
}
