/**
 * `call`: one `tools/call` or `resources/read`, over candidates with fail-over, for people and scripts. The answer goes to standard output,
 * what happened on the way to standard error. It writes nothing to the cluster.
 */
import { systemClock } from '../../platform/clock.ts';
import { type ParsedCommandLine, parseFlags } from '../../platform/flags.ts';
import { systemRandom } from '../../platform/random.ts';
import { PRODUCT_NAME, PRODUCT_VERSION } from '../../platform/version.ts';
import type { CallMethod } from '../../probe/call.ts';
import { isObject, type JSONObject } from '../../probe/json-rpc.ts';
import { createProber } from '../../probe/prober.ts';
import { createSanitizer } from '../../probe/sanitize.ts';
import { verbHelp } from '../help.ts';
import { readInputFile } from '../input-file.ts';
import { withSignals } from '../signals.ts';
import { refuse, type Terminal } from '../terminal.ts';
import { type Ordered, orderCandidates } from './candidates.ts';
import { callInTurn, type FailedOver } from './fail-over.ts';
import { CALL_FLAGS, MAX_SERVERS } from './flags.ts';
import { isToolError, renderJSON, renderText } from './render.ts';
import { readServersOfCluster, readServersOfFiles, type Servers } from './servers.ts';

const FAILED = 5;
const INTERRUPTED = 130;

type CallLine = ParsedCommandLine<typeof CALL_FLAGS>;

interface Request {
  readonly method: CallMethod;
  readonly params: JSONObject;
}

/** Resolves with the exit code: 0 a server answered, 5 none did, 1 bad input, 130 when a signal ended it. */
export async function callVerb(args: readonly string[], terminal: Terminal): Promise<number> {
  const line = parseFlags(CALL_FLAGS, { args, maxArguments: MAX_SERVERS });
  if (line.help) {
    terminal.out(verbHelp('call'));
    return 0;
  }
  const faults = line.faults.length > 0 ? line.faults : contradictions(line);
  if (faults.length > 0) return refuse(terminal, 'call', faults);
  const request = await readRequest(line);
  if (typeof request === 'string') return refuse(terminal, 'call', [request]);
  return withSignals(async (signal) => {
    const { values, arguments: names } = line;
    const { filename, selector: labelSelector, namespace, kubeconfig } = values;
    const wanted = { names, labelSelector, namespace, kubeconfig, env: terminal.env };
    const read = filename.length > 0 ? await readServersOfFiles(filename, names) : await readServersOfCluster(wanted, signal);
    if (signal.aborted) return INTERRUPTED;
    if (read.kind === 'faulty') return refuse(terminal, 'call', read.faults);
    try {
      return await callServers(line, request, read.servers, terminal, signal);
    } finally {
      await read.servers.close();
    }
  });
}

function contradictions({ values, given, arguments: names }: CallLine): string[] {
  const faults: string[] = [];
  const { tool, resource, filename } = values;
  if ((tool === undefined) === (resource === undefined)) faults.push('exactly one of --tool NAME and --resource URI is needed');
  if (resource !== undefined && given.has('arguments')) faults.push('--arguments has no meaning with --resource');
  if (filename.length === 0 && !given.has('selector') && names.length === 0) {
    faults.push('which servers? name them, or pass -l LABELS or -f FILE');
  }
  const idle = filename.length === 0 ? [] : ['selector', 'namespace', 'kubeconfig'].filter((flag) => given.has(flag));
  return [...faults, ...idle.map((flag) => `--${flag} has no meaning with -f`)];
}

/** A text is a fault. Nothing of the arguments is repeated. */
async function readRequest({ values: { tool, resource, arguments: given } }: CallLine): Promise<Request | string> {
  if (resource !== undefined) return { method: 'resources/read', params: { uri: resource } };
  let text = given ?? '{}';
  if (text.startsWith('@')) {
    const input = await readInputFile(text.slice(1));
    if (input.kind === 'unreadable') return `--arguments: ${input.fault}`;
    text = input.contents;
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed)) return { method: 'tools/call', params: { name: tool, arguments: parsed } };
  } catch {
    // The fault below says what is expected; the parser's words would quote the text.
  }
  return '--arguments: expected a JSON object, such as {"query":"login"}, or @FILE';
}

async function callServers(
  { values, arguments: names }: CallLine,
  request: Request,
  { found, references, policy }: Servers,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const ordered = orderCandidates(found, names, systemClock.wallMs());
  const prober = createProber({
    clock: systemClock,
    random: systemRandom,
    references,
    policy: { ...policy, allowLoopback: values['allow-loopback'] },
    clientInfo: { name: PRODUCT_NAME, version: PRODUCT_VERSION },
  });
  const deps = { prober, id: () => systemRandom.id(), timeoutMs: values.timeout };
  const ended = await callInTurn(deps, ordered.candidates.slice(0, MAX_SERVERS), request, signal);
  if (ended.answer === undefined && signal.aborted) return INTERRUPTED;
  tellAttempts(ended, terminal);
  const { answer, attempts } = ended;
  const { method } = request;
  if (answer === undefined) {
    const message = attempts.length === 0 ? describeNone(ordered, found.length) : describeFailures(attempts.length);
    terminal.out(renderJSON({ message, method, attempts }, createSanitizer([])));
    return FAILED;
  }
  const server = attempts.at(-1)?.server;
  if (values.output === 'json') {
    terminal.out(renderJSON({ server, method, result: answer.result, attempts }, answer.sanitize));
  } else {
    terminal.out(renderText(answer));
  }
  if (isToolError(answer)) terminal.err(`mcpserver-operator call: the tool of ${server} reports an error\n`);
  return 0;
}

function tellAttempts({ attempts, reached }: FailedOver, terminal: Terminal): void {
  for (const { server, success, stage, error, category } of attempts) {
    if (success) continue;
    const effect = reached.includes(server) ? '; the call had left and may have had its effect' : '';
    terminal.err(
      `mcpserver-operator call: ${server} failed: ${error} (${category}${stage === '' ? '' : `, ${stage}`})${effect}\n`,
    );
  }
}

const describeFailures = (count: number) =>
  count === 1 ? 'the only server to ask did not answer' : `none of ${count} servers answered`;

function describeNone({ waiting, suspended }: Ordered, found: number): string {
  if (found === 0) return 'no MCPServer fits';
  const parts = [
    ...(waiting > 0 ? [`${waiting} failing and not yet due for a retry`] : []),
    ...(suspended > 0 ? [`${suspended} suspended`] : []),
  ];
  return `no MCPServer can be asked: ${parts.join(', ')}`;
}
