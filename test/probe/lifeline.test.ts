import { describe, expect, it } from 'vitest';
import { createLifeline } from '../../src/probe/lifeline.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

describe('a lifeline', () => {
  it('tells a deadline from an abort', async () => {
    const clock = createFakeClock();
    const late = createLifeline(clock, 100);
    const controller = new AbortController();
    const aborted = createLifeline(clock, 100, controller.signal);
    controller.abort();
    await clock.advance(100);
    expect([late.stopped(), aborted.stopped()]).toEqual(['deadline', 'aborted']);
    expect(createLifeline(clock, 100, AbortSignal.abort()).stopped()).toBe('aborted');
  });

  it('cancels what is under way, and not what has been released', async () => {
    const clock = createFakeClock();
    const lifeline = createLifeline(clock, 100);
    const cancelled: string[] = [];
    const release = lifeline.hold(() => cancelled.push('first'));
    release();
    lifeline.hold((why) => cancelled.push(why));
    release();
    await clock.advance(100);
    expect(cancelled).toEqual(['deadline']);
  });

  it('cancels all that is under way, also when one of them is released by it', async () => {
    const clock = createFakeClock();
    const lifeline = createLifeline(clock, 100);
    const cancelled: string[] = [];
    const release = lifeline.hold(() => {
      cancelled.push('stream');
      release();
    });
    lifeline.hold(() => cancelled.push('request'));
    await clock.advance(100);
    expect(cancelled).toEqual(['stream', 'request']);
  });

  it('races work, and leaves it alone when stopped', async () => {
    const clock = createFakeClock();
    const lifeline = createLifeline(clock, 100);
    expect(await lifeline.race(Promise.resolve(7))).toEqual({ kind: 'done', value: 7 });
    await expect(lifeline.race(Promise.reject(new Error('x')))).rejects.toThrow('x');
    const never = lifeline.race(new Promise(() => {}));
    await clock.advance(100);
    expect(await never).toEqual({ kind: 'stopped', why: 'deadline' });
    expect(await lifeline.race(Promise.reject(new Error('late')))).toEqual({ kind: 'stopped', why: 'deadline' });
  });

  it('waits, and leaves neither timer nor listener behind', async () => {
    const clock = createFakeClock();
    const lifeline = createLifeline(clock, 1000);
    const waited = lifeline.wait(10);
    await clock.advance(10);
    expect(await waited).toBe(undefined);
    expect(clock.armed()).toBe(1);
    lifeline.close();
    expect(clock.armed()).toBe(0);
  });
});
