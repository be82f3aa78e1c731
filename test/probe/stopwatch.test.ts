import { expect, it } from 'vitest';
import { createStopwatch } from '../../src/probe/stopwatch.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

it('a stage ends when the next begins, and times of one stage add up', async () => {
  const clock = createFakeClock();
  const stopwatch = createStopwatch(clock);
  stopwatch.enter('connect');
  await clock.advance(5);
  stopwatch.enter('http');
  stopwatch.enter('http');
  await clock.advance(7);
  stopwatch.stop();
  await clock.advance(100);
  stopwatch.enter('http');
  await clock.advance(1);
  stopwatch.stop();
  expect(stopwatch.readMs()).toEqual({ connect: 5, http: 8 });
});
