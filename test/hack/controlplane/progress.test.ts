import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { formatElapsed, formatEstimate, showProgress } from '../../../hack/controlplane/progress.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('elsewhere than on a terminal there is a line every 15 seconds', () => {
  const written: string[] = [];
  const stop = showProgress({ write: (text) => written.push(text) }, (elapsedMs) => `at ${elapsedMs}`);
  vi.advanceTimersByTime(31_000);
  stop();
  vi.advanceTimersByTime(60_000);
  expect(written).toEqual(['at 0\n', 'at 15000\n', 'at 30000\n']);
});

test('on a terminal one line is redrawn in place, cut to its width, and removed at the end', () => {
  const written: string[] = [];
  const stream = { isTTY: true, columns: 6, write: (text: string) => written.push(text) };
  const stop = showProgress(stream, (elapsedMs) => `${elapsedMs} and more`);
  vi.advanceTimersByTime(1000);
  stop();
  expect(written).toEqual(['\r\x1b[2K0 and', '\r\x1b[2K500 a', '\r\x1b[2K1000 ', '\r\x1b[2K']);
});

test('durations read as people say them', () => {
  expect([0, 48_900, 60_000, 185_000].map(formatElapsed)).toEqual(['0s', '48s', '1m00s', '3m05s']);
  expect(formatEstimate(70_000, 240_000)).toBe('1m10s of about 4m00s');
  expect(formatEstimate(250_000, 240_000)).toBe('4m10s, longer than the 4m00s expected');
});
