import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { withSignals } from '../../src/cli/signals.ts';

function source() {
  const exits: number[] = [];
  const emitter = new EventEmitter();
  return Object.assign(emitter, { exits, exit: (code: number) => void exits.push(code) });
}

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
])('the first signal asks to end, a second %s ends at once with %i', async (name, code) => {
  const process = source();
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = withSignals(async (signal) => {
    process.emit('SIGTERM');
    expect(signal.aborted).toBe(true);
    expect(process.exits).toEqual([]);
    process.emit(name);
    await promise;
    return 'done';
  }, process);
  expect(process.exits).toEqual([code]);
  resolve();
  expect(await work).toBe('done');
});

test('no listener stays, however the work ends', async () => {
  const process = source();
  await withSignals(async () => 0, process);
  await expect(withSignals(() => Promise.reject(new Error('x')), process)).rejects.toThrow('x');
  expect(process.eventNames()).toEqual([]);
});
