/**
 * The verbs: names, one line each, usage, flags and examples. Dispatch and help texts are made from this table.
 */
import { RUN_FLAGS } from '../config.ts';
import { choice } from '../platform/flag-kinds.ts';
import type { Flags } from '../platform/flags.ts';
import { PROBE_FLAGS } from './probe-flags.ts';

export const VERSION_FLAGS = {
  output: choice({ short: 'o', fallback: 'text', choices: ['text', 'json'], help: 'form of the answer' }),
} as const;

export interface VerbText {
  /** For the list of verbs. */
  readonly summary: string;
  readonly usage: readonly string[];
  readonly about: string;
  readonly flags: Flags;
  /** Whether each flag is a `MCPSERVER_OPERATOR_*` variable too. */
  readonly readsEnvironment: boolean;
  readonly examples: readonly string[];
}

export const VERBS = {
  run: {
    summary: 'watch MCPServers and keep their status true',
    usage: ['run [flags]'],
    about:
      'Watches MCPServers, probes each one as a real MCP client would, and writes what it found to status.\n' +
      'SIGTERM ends it: probes in flight get 25 s to finish; a second signal ends it at once.\n' +
      'Exit code: 0 ended by a signal, 1 fault.',
    flags: RUN_FLAGS,
    readsEnvironment: true,
    examples: [
      'mcpserver-operator run',
      'mcpserver-operator run --kubeconfig ~/.kube/config --namespaces team-a,team-b --log-format=pretty',
    ],
  },
  probe: {
    summary: 'probe one server, or the servers of a manifest, without a cluster',
    usage: ['probe URL [flags]', 'probe -f FILE [flags]'],
    about:
      'Makes the same probe as the operator and says what it found and what to do.\n' +
      'FILE (- is standard input) holds MCPServers, and the Secrets and ConfigMaps that they refer to.\n' +
      'Exit code: 0 ready, 2 transient, 3 permanent, 4 denied, 5 available but not ready, 1 bad input; of several the highest.',
    flags: PROBE_FLAGS,
    readsEnvironment: false,
    examples: [
      'mcpserver-operator probe https://mcp.example.com/mcp',
      'mcpserver-operator probe https://mcp.example.com/mcp --bearer-env MCP_TOKEN -o json',
      'mcpserver-operator probe -f server.yaml -f secrets.yaml',
    ],
  },
  version: {
    summary: 'print the version',
    usage: ['version [-o text|json]'],
    about: 'Prints the version of the operator, of Node, and of the API that it speaks.',
    flags: VERSION_FLAGS,
    readsEnvironment: false,
    examples: ['mcpserver-operator version -o json'],
  },
  help: {
    summary: 'tell about a verb',
    usage: ['help [verb]'],
    about: 'Prints the verbs, or the flags of one.',
    flags: {},
    readsEnvironment: false,
    examples: ['mcpserver-operator help run'],
  },
} as const satisfies Record<string, VerbText>;

export type Verb = keyof typeof VERBS;

/** Whether `word` is a verb; names that every object has are none. */
export function isVerb(word: string): word is Verb {
  return Object.hasOwn(VERBS, word);
}
