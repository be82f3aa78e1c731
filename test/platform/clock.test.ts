import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createDeadline, DeadlineExceeded, formatTime, parseTime, sleep, systemClock } from '../../src/platform/clock.ts';
import { createFakeClock } from './fake-clock.ts';

describe('sleep', () => {
  it('ends at its time, and leaves neither timer nor listener', async () => {
    const clock = createFakeClock();
    const { signal } = new AbortController();
    let done = false;
    const sleeping = sleep(clock, 100, signal).then(() => {
      done = true;
    });
    await clock.advance(99);
    expect(done).toBe(false);
    await clock.advance(1);
    await sleeping;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('rejects with the reason of the signal, before or during', async () => {
    const clock = createFakeClock();
    const controller = new AbortController();
    const sleeping = sleep(clock, 100, controller.signal);
    controller.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(sleep(clock, 100, controller.signal)).rejects.toThrow('enough');
    expect(clock.armed()).toBe(0);
  });
});

describe('createDeadline', () => {
  it('aborts by itself and says so', async () => {
    const clock = createFakeClock();
    const deadline = createDeadline(clock, 50);
    await clock.advance(50);
    expect(deadline.expired()).toBe(true);
    expect(deadline.signal.reason).toBeInstanceOf(DeadlineExceeded);
  });

  it('follows its parent, with the reason of the parent, and that is no expiry', () => {
    const clock = createFakeClock();
    const parent = new AbortController();
    const deadline = createDeadline(clock, 50, parent.signal);
    parent.abort(new Error('shut down'));
    expect([deadline.signal.aborted, deadline.expired(), clock.armed()]).toEqual([true, false, 0]);
    expect(createDeadline(clock, 50, parent.signal).signal.aborted).toBe(true);
  });

  it('leaves nothing behind when it is cleared', () => {
    const clock = createFakeClock();
    const parent = new AbortController();
    createDeadline(clock, 50, parent.signal).clear();
    expect([clock.armed(), getEventListeners(parent.signal, 'abort').length]).toEqual([0, 0]);
  });
});

describe('times', () => {
  it('are RFC 3339 in UTC with whole seconds', () => {
    expect(formatTime(Date.parse('2026-11-22T05:00:00.999Z'))).toBe('2026-11-22T05:00:00Z');
    expect(parseTime('2026-11-22T06:00:00+01:00')).toBe(Date.parse('2026-11-22T05:00:00Z'));
    expect(parseTime('soon')).toBeUndefined();
    expect(parseTime(undefined)).toBeUndefined();
  });
});

describe('systemClock', () => {
  it('never calls back synchronously, and a cancelled timer not at all', async () => {
    const calls: string[] = [];
    systemClock.setTimer(-5, () => calls.push('late'));
    systemClock.setTimer(0, () => calls.push('cancelled')).cancel();
    calls.push('sync');
    await sleep(systemClock, 10);
    expect(calls).toEqual(['sync', 'late']);
  });

  it('a delay beyond the range of a timer waits instead of firing at once', async () => {
    let fired = false;
    const timer = systemClock.setTimer(2 ** 40, () => {
      fired = true;
    });
    await sleep(systemClock, 10);
    timer.cancel();
    expect(fired).toBe(false);
  });
});
