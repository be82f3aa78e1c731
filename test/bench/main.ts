/**
 * `npm run bench`: measures the operator, prints a table and judges it. Nothing here runs in `npm test`: numbers are no test.
 *
 * Exit codes: 0 when every bound holds, 1 when one is missed or a step failed, 130 when it was interrupted.
 */
import { writeFile } from 'node:fs/promises';
import { watchForEnd, whenAborted } from '../../hack/controlplane/ending.ts';
import { formatElapsed, showProgress } from '../../hack/controlplane/progress.ts';
import { type BenchOptions, readArguments, usage } from './arguments.ts';
import { describeMachine, renderMachine } from './machine.ts';
import { holds, renderReport } from './report.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';

const INTERRUPTED = 130;

async function main(): Promise<number> {
  const read = readArguments(
    process.argv.slice(2),
    SCENARIOS.map(({ name }) => name),
  );
  switch (read.kind) {
    case 'help':
      process.stdout.write(usage(SCENARIOS));
      return 0;
    case 'invalid':
      process.stderr.write(`${read.message}\n`);
      return 1;
    case 'run': {
      const scenario = SCENARIOS.find(({ name }) => name === read.scenario);
      return scenario === undefined ? 1 : runUntilEnd(scenario, read.options);
    }
  }
}

/** Runs the scenario; Ctrl-C ends it in order, a second one at once (what was started ends with us either way). */
async function runUntilEnd(scenario: Scenario, options: BenchOptions): Promise<number> {
  const signal = watchForEnd(process, () => process.exit(INTERRUPTED));
  const atEnd = new AsyncDisposableStack();
  try {
    return await Promise.race([measure(scenario, options, atEnd), whenAborted(signal).then(() => INTERRUPTED)]);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`bench: ${message.replaceAll(/\s+/g, ' ')}\n`);
    return 1;
  } finally {
    await atEnd.disposeAsync();
  }
}

async function measure(scenario: Scenario, options: BenchOptions, atEnd: AsyncDisposableStack): Promise<number> {
  const machine = describeMachine();
  process.stdout.write(`${scenario.name} on ${renderMachine(machine)}\n\n`);
  const { say, hush } = openProgress();
  atEnd.defer(hush);
  const report = await scenario.run(options, { atEnd, say });
  hush();
  process.stdout.write(`${renderReport(report).join('\n')}\n`);
  const { bounds, data } = report;
  if (options.json !== undefined) {
    const { json, ...asked } = options;
    const all = { scenario: scenario.name, at: new Date().toISOString(), machine, options: asked, bounds, data };
    await writeFile(json, `${JSON.stringify(all, null, 2)}\n`);
  }
  return options.reportOnly || bounds.every(holds) ? 0 : 1;
}

/** One line that is redrawn on a terminal, else a line for each step; on standard error, so that the table can be piped. */
function openProgress() {
  let what = 'starting';
  const startMs = performance.now();
  const isTerminal = process.stderr.isTTY === true;
  const hush = isTerminal ? showProgress(process.stderr, (elapsedMs) => `${formatElapsed(elapsedMs)}  ${what}`) : () => undefined;
  const say = (text: string) => {
    what = text;
    if (!isTerminal) process.stderr.write(`${formatElapsed(performance.now() - startMs)}  ${text}\n`);
  };
  return { say, hush };
}

process.exit(await main());
