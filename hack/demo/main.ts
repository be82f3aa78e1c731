/**
 * `npm run demo`: the whole product on one machine, in one command.
 *
 * Exit codes: 0 when every verdict was the one it should be, 1 when not or when a step failed, 130 when it was interrupted before.
 */

import { watchForEnd, whenAborted } from '../controlplane/ending.ts';
import { readArguments, USAGE } from './arguments.ts';
import { runDemo } from './demo.ts';
import { createScreen } from './screen.ts';

const INTERRUPTED = 130;

async function main(): Promise<number> {
  const read = readArguments(process.argv.slice(2));
  switch (read.kind) {
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    case 'invalid':
      process.stderr.write(`${read.message}\n`);
      return 1;
    case 'run':
      return run(read.once);
  }
}

async function run(once: boolean): Promise<number> {
  const screen = createScreen(process.stdout);
  const signal = watchForEnd(process, () => process.exit(INTERRUPTED));
  const atEnd = new AsyncDisposableStack();
  const demo = runDemo({ once, screen, signal, atEnd });
  try {
    const isRight = await Promise.race([demo, whenAborted(signal).then(() => undefined)]);
    if (isRight === undefined) return INTERRUPTED;
    if (!once) await whenAborted(signal);
    return isRight ? 0 : 1;
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    screen.close();
    if (signal.aborted) process.stdout.write('\nending …\n');
    await atEnd.disposeAsync();
  }
}

// Whoever read our output has gone (`| head`): there is nobody to go on for.
process.stdout.on('error', () => process.exit(1));
process.exit(await main());
