import { describe, expect, it } from 'vitest';
import { failureDelayMs, judgeProgress, refreshDelayMs, refreshPhaseMs } from '../../src/reconcile/progress.ts';
import { fixedRandom } from '../platform/fake-clock.ts';
import { emptyStatus, FAILED, specOf, verdictOf } from './samples.ts';

const spec = specOf();
const failing = (overlay: Record<string, unknown>) => ({
  ...emptyStatus(),
  failure: {
    class: 'Transient' as const,
    reason: 'ConnectionRefused',
    message: 'm',
    since: '2026-01-01T00:00:00Z',
    consecutive: 4,
    attempts: 1,
    ...overlay,
  },
});

describe('judgeProgress', () => {
  it('B6: a change of class starts the count anew', () => {
    const facts = { spec, previous: failing({}), reset: false, failingForMs: 1000 };
    expect(judgeProgress(facts, verdictOf(FAILED.refused))).toMatchObject({ class: 'Transient', consecutive: 5 });
    expect(judgeProgress(facts, verdictOf(FAILED.denied))).toMatchObject({ class: 'Denied', consecutive: 1, continues: true });
    expect(judgeProgress(facts, verdictOf(FAILED.badRequest))).toMatchObject({ class: 'Permanent', consecutive: 1 });
  });

  it('what an edit made of a server was never Ready, so no failure is forgiven', () => {
    const lastTransitionTime = '2026-01-01T00:00:00Z';
    const isReady = { type: 'Ready' as const, status: 'True' as const, reason: 'Available', message: '', lastTransitionTime };
    const previous = { ...emptyStatus(), conditions: [isReady] };
    const keeps = (reset: boolean) =>
      judgeProgress({ spec, previous, reset, failingForMs: 0 }, verdictOf(FAILED.refused)).keepsReady;
    expect([keeps(false), keeps(true)]).toEqual([true, false]);
  });

  it('A7: transient for longer than progressDeadlineSeconds is permanent, at the very second', () => {
    const at = (failingForMs: number) =>
      judgeProgress({ spec, previous: failing({}), reset: false, failingForMs }, verdictOf(FAILED.refused));
    expect(at(599_999).class).toBe('Transient');
    expect(at(600_000)).toMatchObject({ class: 'Permanent', progressing: false });
  });

  it('progressDeadlineSeconds 0 never ends', () => {
    const never = specOf({ probe: { progressDeadlineSeconds: 0 } });
    const progress = judgeProgress(
      { spec: never, previous: failing({}), reset: false, failingForMs: 1e12 },
      verdictOf(FAILED.refused),
    );
    expect(progress).toMatchObject({ class: 'Transient', progressing: true });
  });

  it('an edit of target or settings inherits nothing', () => {
    const progress = judgeProgress({ spec, previous: failing({}), reset: true, failingForMs: 1e9 }, verdictOf(FAILED.refused));
    expect(progress).toMatchObject({ class: 'Transient', consecutive: 1, continues: false, overdue: false });
  });

  it('Ready survives fewer transient failures than failureThreshold, and no denial', () => {
    const ready = {
      ...emptyStatus(),
      conditions: [
        { type: 'Ready', status: 'True' as const, reason: 'Available', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
      ],
    };
    const count = (consecutive: number) => ({ ...failing({ consecutive }), conditions: ready.conditions });
    const keeps = (previous: typeof ready, outcome = FAILED.refused) =>
      judgeProgress({ spec, previous, reset: false, failingForMs: 0 }, verdictOf(outcome)).keepsReady;
    expect(keeps(ready)).toBe(true);
    expect(keeps(count(1))).toBe(true);
    expect(keeps(count(2))).toBe(false);
    expect(keeps(ready, FAILED.denied)).toBe(false);
    expect(keeps(ready, FAILED.notFound)).toBe(false);
  });
});

describe('failureDelayMs', () => {
  const delay = (overlay: Record<string, unknown>, outcome = FAILED.refused, consecutive = 1) => {
    const verdict = verdictOf(outcome);
    const previous = failing({ consecutive: consecutive - 1, class: verdict.class });
    const progress = judgeProgress({ spec: specOf(overlay), previous, reset: false, failingForMs: 0 }, verdict);
    return failureDelayMs(specOf(overlay), progress, verdict, fixedRandom(0)) / 1000;
  };

  it('B1: with 30 s and 1,800 s failures 1…8 wait 30, 60, 120, 240, 480, 960, 1800, 1800 s', () => {
    const retry = { retry: { initialBackoffSeconds: 30, maxBackoffSeconds: 1800 } };
    expect([1, 2, 3, 4, 5, 6, 7, 8, 100].map((n) => delay(retry, FAILED.refused, n))).toEqual([
      30, 60, 120, 240, 480, 960, 1800, 1800, 1800,
    ]);
  });

  it('a denied server is only re-checked, whatever the count', () => {
    expect(delay({}, FAILED.denied, 1)).toBe(540);
    expect(delay({}, FAILED.denied, 50)).toBe(540);
  });

  it('Retry-After is a floor under the backoff', () => {
    const outcome = { ...FAILED.unavailable };
    const verdict = { ...verdictOf(outcome), retryAfterMs: 60_000 };
    const progress = judgeProgress({ spec, previous: emptyStatus(), reset: false, failingForMs: 0 }, verdict);
    expect(failureDelayMs(spec, progress, verdict, fixedRandom(0))).toBe(60_000);
    expect(failureDelayMs(spec, progress, { ...verdict, retryAfterMs: 1000 }, fixedRandom(0))).toBe(5000);
  });
});

describe('refresh', () => {
  it('the period has 10 % jitter either way', () => {
    expect(refreshDelayMs(spec, fixedRandom(0))).toBe(270_000);
    expect(refreshDelayMs(spec, fixedRandom(0.5))).toBe(300_000);
  });

  it('healthy servers are spread evenly: no second of the period holds more than three times the mean of 10,000', () => {
    const perSecond = new Array<number>(300).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const uid = `${(i * 2654435761) >>> 0}-5a1e-4c1b-9d6f-${String(i).padStart(12, '0')}`;
      const second = Math.floor(refreshPhaseMs(spec, uid) / 1000);
      perSecond[second] = (perSecond[second] ?? 0) + 1;
    }
    expect(Math.max(...perSecond)).toBeLessThanOrEqual(3 * (10_000 / 300));
    expect(Math.min(...perSecond)).toBeGreaterThan(0);
  });

  it('a restart finds the same place', () => {
    expect(refreshPhaseMs(spec, 'uid-1')).toBe(refreshPhaseMs(spec, 'uid-1'));
    expect(refreshPhaseMs(spec, 'uid-1')).not.toBe(refreshPhaseMs(spec, 'uid-2'));
  });
});
