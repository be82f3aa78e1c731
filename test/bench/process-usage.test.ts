import { expect, test } from 'vitest';
import { parseMachineCPU, parseProcessUsage } from './process-usage.ts';

test('a process whose name holds spaces and parentheses is read right', () => {
  const stat = '42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 11 0 12345 1000000 5000';
  const status = 'Name:\ta\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\nRssAnon:\t   51200 kB\n';
  expect(parseProcessUsage(stat, status)).toEqual({ cpuMs: 3_000, rssMiB: 100, anonymousMiB: 50, peakRSSMiB: 200 });
});

test('waiting and stolen time are not use', () => {
  expect(parseMachineCPU('cpu  100 10 50 9999 888 5 5 777 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n')).toBe(1_700);
});
