import { describe, expect, test } from 'vitest';
import type { Expectation } from '../../../hack/demo/expectations.ts';
import { createScreen } from '../../../hack/demo/screen.ts';
import { createJudge } from '../../../hack/demo/verdicts.ts';
import { type WatchOptions, watchUntilSettled } from '../../../hack/demo/watch.ts';

const SLOW: Expectation = { name: 'slow', state: 'Available', reason: 'Available', ready: 'True', after: 'Transient' };
const HEADER = 'NAME   READY   STATE       REASON              TOOLS   AGE\n';
const starting = (age: string) => `${HEADER}slow   False   Transient   ServerUnavailable           ${age}\n`;
const available = `${HEADER}slow   True    Available   Available           1       9s\n`;

/** Watches a kubectl that answers with `answers` in order and repeats the last. */
function watch(answers: readonly (string | Error)[], options: Partial<WatchOptions> & { isTTY?: boolean } = {}) {
  let text = '';
  let looks = 0;
  const stream = { isTTY: options.isTTY ?? false, write: (piece: string) => (text += piece) };
  const watched = watchUntilSettled({
    readTable: async () => {
      const answer = answers[Math.min(looks++, answers.length - 1)] ?? '';
      if (answer instanceof Error) throw answer;
      return answer;
    },
    judge: createJudge([SLOW]),
    screen: createScreen(stream, { NO_COLOR: '1' }),
    signal: new AbortController().signal,
    trouble: () => undefined,
    intervalMs: 1,
    ...options,
  });
  return { watched, text: () => text, looks: () => looks };
}

describe('a watch', () => {
  test('ends when every verdict is right', async () => {
    const { watched, looks } = watch(['', starting('1s'), available]);
    expect((await watched).verdicts).toEqual({ settled: 1, total: 1, differences: [] });
    expect(looks()).toBe(3);
  });

  test('ends with the differences when time is over', async () => {
    const { verdicts } = await watch([starting('1s')], { timeoutMs: 20 }).watched;
    expect(verdicts.differences).toMatchObject([{ name: 'slow' }]);
  });

  test('ends when it is told to', async () => {
    const controller = new AbortController();
    const { watched } = watch([starting('1s')], { signal: controller.signal, intervalMs: 60_000 });
    setImmediate(() => controller.abort());
    expect((await watched).verdicts.settled).toBe(0);
  });

  test('rejects with what makes going on pointless', async () => {
    await expect(watch([''], { trouble: () => 'operator ended with code 1' }).watched).rejects.toThrow(
      'operator ended with code 1',
    );
  });

  test('outlives two failures of kubectl in a row, not three', async () => {
    const failure = new Error('the server is away');
    expect((await watch([failure, failure, starting('1s'), failure, failure, available]).watched).verdicts.settled).toBe(1);
    await expect(watch([failure, failure, failure, starting('1s'), available]).watched).rejects.toThrow('the server is away');
  });
});

test('where nothing can be redrawn, a line is printed only for what changed', async () => {
  const { watched, text } = watch([starting('1s'), starting('2s'), starting('3s'), available]);
  await watched;
  const lines = text().trimEnd().split('\n');
  expect(lines.map((line) => line.trim().split(/\s{2,}/)[3])).toEqual(['STATE', 'Transient', 'Available']);
});

test('on a terminal every look redraws the frame', async () => {
  const { watched, text } = watch([starting('1s'), starting('2s'), available], { isTTY: true });
  await watched;
  expect(text().split('\x1b[4A').length).toBe(3);
});
