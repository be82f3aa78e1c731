import { expect, test } from 'vitest';
import { DEFAULTS } from './arguments.ts';
import { runProbe } from './probe.ts';
import { renderReport } from './report.ts';

const OPTIONS = { ...DEFAULTS, n: 5, runs: 1, reportOnly: true };

test('the scenario measures all that it promises, with the bare loop sending what ours sends', { timeout: 60_000 }, async () => {
  const atEnd = new AsyncDisposableStack();
  try {
    const report = await runProbe(OPTIONS, { atEnd, say: () => undefined });
    expect(report.bounds.map(({ value }) => Number.isFinite(value))).toEqual(report.bounds.map(() => true));
    expect(report.bounds).toHaveLength(8);
    expect(report.data).toMatchObject({
      traffic: {
        'ours modern': { requests: 2, connections: 1 },
        'bare modern': { requests: 2, connections: 1 },
        'ours legacy': { requests: 4, connections: 1 },
        'bare legacy': { requests: 4, connections: 1 },
      },
    });
    expect(renderReport(report).join('\n')).not.toContain('–');
  } finally {
    await atEnd.disposeAsync();
  }
});
