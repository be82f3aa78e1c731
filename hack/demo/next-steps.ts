/**
 * What to try when the demo is up: commands that can be copied as they are. Pure. test/cluster/demo.test.ts runs each of them.
 */
import { PROBE_REQUESTED_AT } from '../../src/api/v1alpha1/group.ts';
import { RIGHT_TOKEN } from './servers/guarded.ts';
import { type Moves, relocate } from './servers/place.ts';
import type { Paint } from './style.ts';

export interface NextStepsOptions {
  readonly kubeconfig: string;
  /** The absolute path to use for kubectl, or undefined when `kubectl` on the PATH will do. */
  readonly kubectl: string | undefined;
  readonly metricsUrl: string;
  readonly operatorLog: string;
  readonly moves: Moves;
  readonly paint: Paint;
}

/** A shell's way to write a JSON patch. */
const patch = (value: object) => `--type=merge -p '${JSON.stringify(value)}'`;

export function renderNextSteps(options: NextStepsOptions): string[] {
  const { paint } = options;
  const goodUrl = relocate('http://127.0.20.1:8080/mcp', options.moves);
  const steps: readonly (readonly [string, string])[] = [
    ['what each server speaks, and what to do about those that fail', 'kubectl get mcpservers -o wide'],
    ['states as they change', 'kubectl get mcpservers -w'],
    ['correct the URL that led to a web page …', `kubectl patch mcpserver html-page ${patch({ spec: { url: goodUrl } })}`],
    ['… and wait for it, as a pipeline would', 'kubectl wait --for=condition=Ready mcpserver/html-page --timeout=30s'],
    ['give the wrong token the right value', `kubectl patch secret token-wrong ${patch({ stringData: { token: RIGHT_TOKEN } })}`],
    [
      '… and watch it heal: nobody has to touch the MCPServer',
      'kubectl wait --for=condition=Ready mcpserver/token-wrong --timeout=60s',
    ],
    [
      'have a server probed now, whatever the schedule',
      `kubectl annotate --overwrite mcpserver forbidden ${PROBE_REQUESTED_AT}="$(date)"`,
    ],
    ['stop probing a server; its status stays', `kubectl patch mcpserver tar-pit ${patch({ spec: { suspend: true } })}`],
    ['what the operator counts', `curl -s ${options.metricsUrl} | grep ^mcpserver_operator`],
    ['what the operator does', `tail -f ${options.operatorLog}`],
  ];
  return [
    `${paint('bold', 'Everything stays up until Ctrl-C.')} Try in another terminal:`,
    '',
    `  export KUBECONFIG=${options.kubeconfig}`,
    ...(options.kubectl === undefined ? [] : [`  alias kubectl=${options.kubectl}`]),
    ...steps.flatMap(([what, command]) => ['', paint('dim', `  # ${what}`), `  ${command}`]),
  ];
}
