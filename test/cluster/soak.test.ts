/**
 * A soak of seconds: that it runs, measures all that it promises and ends in order. Whether anything grows is not asked of so short a time.
 * It restarts its API server, so it has one of its own.
 */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { DEFAULTS } from '../bench/arguments.ts';
import { runSoak } from '../bench/soak/soak.ts';

const SoakResult = z.object({ objects: z.int(), actions: z.object({ restart: z.int() }) });

test('a soak changes its fleet, tells a slope for each measure, and ends with every object Available', {
  timeout: 90_000,
}, async () => {
  const atEnd = new AsyncDisposableStack();
  try {
    const report = await runSoak({ ...DEFAULTS, n: 10, minutes: 0.1 }, { atEnd, say: () => undefined });
    expect(report.bounds.map(({ value }) => Number.isFinite(value))).toEqual(report.bounds.map(() => true));
    expect(report.bounds).toHaveLength(6);
    expect(report.data).toMatchObject({ samples: { length: 10 }, seconds: 6 });
    const { actions, objects } = SoakResult.parse(report.data);
    expect(actions.restart).toBeGreaterThanOrEqual(1);
    expect(objects).toBeGreaterThanOrEqual(9);
  } finally {
    await atEnd.disposeAsync();
  }
});
