/**
 * The command line of the bench. Pure: it reads what it is given and decides; `main.ts` prints and exits.
 */
import { parseArgs } from 'node:util';

/** What a run is asked for. Scenarios take what concerns them. */
export interface BenchOptions {
  /** Healthy servers and objects. */
  readonly n: number;
  /** How often what is timed is repeated. */
  readonly runs: number;
  /** How long the settled operator is watched for writes. */
  readonly idleSeconds: number;
  /** Failing servers, beside as many healthy ones; 0: none are looked at. */
  readonly failing: number;
  /** How long their retries are counted. */
  readonly windowSeconds: number;
  /** Edits that are timed, in each of two parts. */
  readonly edits: number;
  /** How long all servers are down. */
  readonly downSeconds: number;
  /** Time between two probes of a server at rest. */
  readonly periodSeconds: number;
  /** How long the churn of a soak lasts. */
  readonly minutes: number;
  /** What decides the churn. */
  readonly seed: number;
  /** A file for all that was measured. */
  readonly json: string | undefined;
  /** Missed bounds are told and are no failure. */
  readonly reportOnly: boolean;
  /** A build of the operator; undefined: this checkout's. */
  readonly bundle: string | undefined;
  /** A directory for CPU profiles of the operator, which slow it down. */
  readonly profile: string | undefined;
}

/** What a run without options is asked for. */
export const DEFAULTS: BenchOptions = Object.freeze({
  n: 1_000,
  runs: 3,
  idleSeconds: 20,
  failing: 200,
  windowSeconds: 60,
  edits: 200,
  downSeconds: 180,
  periodSeconds: 10,
  minutes: 10,
  seed: 1,
  json: undefined,
  reportOnly: false,
  bundle: undefined,
  profile: undefined,
});

export type Arguments =
  | { readonly kind: 'run'; readonly scenario: string; readonly options: BenchOptions }
  | { readonly kind: 'help' }
  /** One line that says what is wrong. */
  | { readonly kind: 'invalid'; readonly message: string };

/** `scenarios`: name and what it tells, of each. */
export function usage(scenarios: readonly { readonly name: string; readonly summary: string }[]): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  return `Usage: npm run bench -- SCENARIO [options]

Measures the operator on a real API server against mock MCP servers on loopback, as ratios to what the machine could do at best.

Scenarios:
${scenarios.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

Options:
  --n N             healthy servers and objects (1000)
  --runs N          how often the timed part is repeated (3)
  --idle SECONDS    how long the settled operator is watched for writes (20)
  --failing N       failing servers, beside as many healthy ones; 0 leaves them out (200)
  --window SECONDS  how long their retries are counted (60)
  --edits N         latency: edits that are timed while idle, and as many under a backlog (200)
  --down SECONDS    outage: how long all servers are down, each of two times (180)
  --period SECONDS  rest: time between two probes of a server (10)
  --minutes N       soak: how long the fleet changes (10)
  --seed N          soak: what decides how it changes (1)
  --json FILE       write all that was measured to FILE
  --report-only     exit 0 even when a bound is missed
  --bundle FILE     measure this build instead of this checkout's
  --profile DIR     write CPU profiles of the operator to DIR (slows it down)
  -h, --help        print this

Exit codes: 0 all bounds hold, 1 one is missed or a step failed, 130 interrupted.
`;
}

type WholeNumber = 'n' | 'runs' | 'idle' | 'failing' | 'window' | 'edits' | 'down' | 'period' | 'minutes' | 'seed';

/** Reads `argv` without the program's name. Without a scenario it is a question for help. */
export function readArguments(argv: readonly string[], scenarios: readonly string[]): Arguments {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    return invalid(sentence);
  }
  const { values, positionals } = parsed;
  const [scenario, ...rest] = positionals;
  if (values.help === true || (scenario === undefined && Object.keys(values).length === 0)) return { kind: 'help' };
  if (scenario === undefined) return invalid(`which scenario? There is ${scenarios.join(', ')}`);
  if (rest.length > 0) return invalid(`one scenario at a time, not also '${rest[0]}'`);
  if (!scenarios.includes(scenario)) return invalid(`no scenario '${scenario}'; there is ${scenarios.join(', ')}`);
  const faults: string[] = [];
  const whole = (name: WholeNumber, fallback: number, min: number, max: number): number => {
    const text = values[name];
    if (text === undefined) return fallback;
    const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) faults.push(`--${name} wants a whole number from ${min} to ${max}, not '${text}'`);
    return value;
  };
  const options: BenchOptions = {
    n: whole('n', DEFAULTS.n, 1, 20_000),
    runs: whole('runs', DEFAULTS.runs, 1, 20),
    idleSeconds: whole('idle', DEFAULTS.idleSeconds, 0, 3_600),
    failing: whole('failing', DEFAULTS.failing, 0, 5_000),
    windowSeconds: whole('window', DEFAULTS.windowSeconds, 5, 3_600),
    edits: whole('edits', DEFAULTS.edits, 1, 5_000),
    downSeconds: whole('down', DEFAULTS.downSeconds, 5, 3_600),
    periodSeconds: whole('period', DEFAULTS.periodSeconds, 10, 300),
    minutes: whole('minutes', DEFAULTS.minutes, 1, 1_440),
    seed: whole('seed', DEFAULTS.seed, 0, 999_999),
    json: values.json,
    reportOnly: values['report-only'] === true,
    bundle: values.bundle,
    profile: values.profile,
  };
  const [fault] = faults;
  return fault === undefined ? { kind: 'run', scenario, options } : invalid(fault);
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      n: { type: 'string' },
      runs: { type: 'string' },
      idle: { type: 'string' },
      failing: { type: 'string' },
      window: { type: 'string' },
      edits: { type: 'string' },
      down: { type: 'string' },
      period: { type: 'string' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'string' },
      'report-only': { type: 'boolean' },
      bundle: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function invalid(what: string): Arguments {
  return { kind: 'invalid', message: `bench: ${what} (see npm run bench -- --help)` };
}
