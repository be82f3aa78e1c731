/**
 * `run`: configuration in, operator on, signals to an AbortSignal. Thin on purpose: the wiring is in `operator.ts`.
 */
import { type OperatorConfig, parseOperatorConfig } from '../config.ts';
import type { OperatorIO } from '../operator.ts';
import { verbHelp } from './help.ts';
import { withSignals } from './signals.ts';
import { refuse, type Terminal } from './terminal.ts';
import { sizeThreadPool } from './thread-pool.ts';

/** Resolves with the exit code: 0 after `signal`, 1 on a fault that was told. */
export type RunOperator = (config: OperatorConfig, io: OperatorIO) => Promise<number>;

/** Resolves with the exit code of the operator, or 1 for a configuration that is wrong. */
export async function runVerb(
  args: readonly string[],
  terminal: Terminal,
  runOperator: RunOperator = loadAndRun,
): Promise<number> {
  const result = parseOperatorConfig(args, terminal.env);
  switch (result.kind) {
    case 'help':
      terminal.out(verbHelp('run'));
      return 0;
    case 'invalid':
      return refuse(terminal, 'run', result.faults);
    case 'valid':
      sizeThreadPool(terminal.env, result.config.maxConcurrentProbes);
      return withSignals((signal) => runOperator(result.config, { signal, fault: (line) => refuse(terminal, 'run', [line]) }));
  }
}

async function loadAndRun(config: OperatorConfig, io: OperatorIO): Promise<number> {
  const { runOperator } = await import('../operator.ts');
  return runOperator(config, io);
}
