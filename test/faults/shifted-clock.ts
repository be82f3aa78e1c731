/**
 * Preloaded into an operator (`NODE_OPTIONS=--import`): its wall clock is off by TEST_CLOCK_SHIFT_MS, or by what the file named in
 * TEST_CLOCK_FILE says at each look, as after a clock that was set. The monotonic clock and timers are untouched, as on a real machine.
 */
import { readFileSync } from 'node:fs';

const RealDate = Date;
const file = process.env['TEST_CLOCK_FILE'];
const fixedMs = Number(process.env['TEST_CLOCK_SHIFT_MS'] ?? 0);

function shiftMs(): number {
  if (file === undefined) return fixedMs;
  try {
    return Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    return 0;
  }
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [RealDate.now() + shiftMs()] : given, newTarget),
  apply: () => new RealDate(RealDate.now() + shiftMs()).toString(),
  get: (target, property, receiver) =>
    property === 'now' ? () => RealDate.now() + shiftMs() : Reflect.get(target, property, receiver),
});
