/**
 * What a verb may touch of the process: two streams, the environment, colour. Verbs get it as an argument, so tests can read what
 * they say. Results go to `out`, faults and progress to `err`.
 */

export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Colour on `out`: a terminal, and NO_COLOR is not set (no-color.org). */
  readonly color: boolean;
  /** The environment itself: `run` sets UV_THREADPOOL_SIZE in it. */
  readonly env: Record<string, string | undefined>;
}

/** The process' own. */
export function processTerminal(): Terminal {
  const noColor = (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb';
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    color: process.stdout.isTTY === true && !noColor,
    env: process.env,
  };
}

/** Says each fault on a line of its own, and behind an unknown flag where the known ones are. Returns the exit code for bad input, 1. */
export function refuse(terminal: Terminal, verb: string, faults: readonly string[]): 1 {
  const name = verb === '' ? 'mcpserver-operator' : `mcpserver-operator ${verb}`;
  for (const fault of faults) {
    // Whoever guessed a flag wants the list; where a nearer word was found that is the answer.
    const where = fault.startsWith('unknown flag') && !fault.includes(';') ? `; see ${name} --help` : '';
    terminal.err(`${name}: ${fault}${where}\n`);
  }
  return 1;
}
