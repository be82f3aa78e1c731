/**
 * The command line of the demo. Pure: it reads what it is given and decides; `main.ts` prints and exits.
 */
import { parseArgs } from 'node:util';

export type Arguments =
  | { readonly kind: 'run'; readonly once: boolean }
  | { readonly kind: 'help' }
  /** One line that says what is wrong. */
  | { readonly kind: 'invalid'; readonly message: string };

export const USAGE = `Usage: npm run demo [-- --once]

Starts a real Kubernetes API server, sample MCP servers good and bad, and the operator under its own chart's RBAC,
all on loopback; applies hack/samples and shows the verdicts as they come. Then it stays up until Ctrl-C.

Options:
  --once      end when every object has its verdict: exit code 0 if each is the one it should be, else 1
  -h, --help  print this

Environment:
  NO_COLOR    no colours
  (npm run controlplane -- --help tells those of the control plane)
`;

/** Reads `argv` without the program's name. */
export function readArguments(argv: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { once: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    return values.help === true ? { kind: 'help' } : { kind: 'run', once: values.once === true };
  } catch (error) {
    const [sentence] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    return { kind: 'invalid', message: `demo: ${sentence} (see npm run demo -- --help)` };
  }
}
